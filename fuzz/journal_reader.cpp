// Journal reader: hostile segment bytes, and hostile records inside authentic seals (first byte selects).
// link: upcall_journal
#include <algorithm>

#include "journal/reader.hpp"
#include "journal/writer.hpp"

namespace {

using namespace upcall;

struct Sink final : journal::JournalSink {
  bool open_segment(std::uint32_t) override { return true; }
  bool write(Bytes b) override { bytes.insert(bytes.end(), b.begin(), b.end()); return true; }
  void close_segment() override {}
  ByteVector bytes;
};

void read(Bytes bytes, std::size_t step) {
  static const ByteVector key(journal::kKeySize, 1);
  journal::JournalReader reader(key);
  reader.begin_segment();
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    reader.append(bytes.subspan(at, std::min(step, bytes.size() - at)));
    while (reader.next() == journal::ReadStatus::record) {}
  }
  reader.begin_segment();
  reader.append(bytes);
  while (reader.next() == journal::ReadStatus::record) {}
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const Bytes rest(data + 1, size - 1);
  if (data[0] % 2 == 0) {
    read(rest, std::size_t{data[0]} + 1);
    return 0;
  }
  // Records of at most 255 bytes: u8 size, bytes.
  static const ByteVector key(journal::kKeySize, 1);
  Sink sink;
  journal::JournalWriter writer(key, {}, 1);
  Reader in(rest);
  while (in.remaining() > 0) {
    const std::size_t length = std::min<std::size_t>(in.u8(), in.remaining());
    writer.add(in.bytes(length));
  }
  writer.close(1000, true, sink);
  read(sink.bytes, 64);
  return 0;
}
