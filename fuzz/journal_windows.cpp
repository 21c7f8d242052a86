// A journal's key file and blocks of version 2: hostile places, and a real journal of which any window is forgotten or
// replaced (first byte selects).
// link: upcall_journal
#include <algorithm>
#include <cstdlib>
#include <map>

#include "journal/reader.hpp"
#include "journal/writer.hpp"

namespace {

using namespace upcall;

const ByteVector& key() {
  static const ByteVector out(journal::kKeySize, 1);
  return out;
}

struct Memory final : journal::JournalSink, journal::WindowPlaces {
  bool open_segment(std::uint32_t) override { return true; }
  bool write(Bytes b) override { bytes.insert(bytes.end(), b.begin(), b.end()); return true; }
  void close_segment() override {}
  bool write_window(std::uint32_t window, const journal::WindowPlace& place) override {
    places[window].assign(place.begin(), place.end());
    return true;
  }
  std::size_t read(std::uint32_t place, MutBytes out) override {
    const auto at = places.find(place);
    if (at == places.end()) return 0;
    const std::size_t size = std::min(out.size(), at->second.size());
    std::copy_n(at->second.begin(), size, out.begin());
    return size;
  }
  ByteVector bytes;
  std::map<std::uint32_t, ByteVector> places;
};

// Whatever the places hold, what comes out was sealed, in order.
void read(Memory& memory, bool whole) {
  journal::JournalReader reader(key(), false, &memory);
  reader.begin_segment();
  reader.append(memory.bytes);
  std::uint64_t at_us = 0;
  for (;;) {
    const auto status = reader.next();
    if (status == journal::ReadStatus::record) {
      const auto* report = std::get_if<wire::TapSenderReport>(&reader.record());
      if (whole && (report == nullptr || report->at_us < at_us)) std::abort();
      if (report) at_us = report->at_us;
    } else if (status == journal::ReadStatus::forgotten) {
      if (reader.forgotten().from_us > reader.forgotten().until_us) std::abort();
    } else {
      break;
    }
  }
}

Memory real_journal() {
  Memory out;
  SeededRandom random(3);
  journal::WindowSecrets secrets(key());
  const auto head = secrets.head({});
  out.places[0].assign(head.begin(), head.end());
  journal::JournalWriter writer(key(), {}, 1, {.windows = &random});
  std::uint8_t raw[64];
  for (std::uint64_t at = 0; at < 6'000'000; at += 500'000) {
    Writer w(raw);
    wire::encode(wire::TapRecord(wire::TapSenderReport{at, 1, 2, 3}), w);
    writer.add(w.written());
    writer.seal(at + 500'000, out);
  }
  writer.close(6'000'000, true, out);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const Bytes rest(data + 1, size - 1);
  static const Memory journal = real_journal();
  Memory memory = journal;
  if (data[0] % 3 == 0) {
    // Places as they come.
    journal::WindowSecrets secrets(key());
    (void)secrets.parse_head(rest);
    ByteVector opened(journal::kKeySize);
    for (std::uint32_t n = 1; n <= 8; ++n) (void)secrets.open(n, rest, opened);
    for (std::uint32_t n = 0; n * journal::kWindowPlaceSize < rest.size(); ++n) {
      const Bytes place = rest.subspan(n * journal::kWindowPlaceSize);
      memory.places[n].assign(place.begin(), place.end());
    }
    std::uint64_t begin_us = 0;
    (void)journal::windows_since(1'000'000, 8, [&](std::uint32_t n, MutBytes out) { return memory.read(n, out); }, begin_us);
    read(memory, true);
  } else if (data[0] % 3 == 1) {
    // Windows forgotten (even) or damaged (odd), byte by byte.
    journal::WindowSecrets secrets(key());
    for (const std::uint8_t what : rest.first(std::min<std::size_t>(rest.size(), 64))) {
      const std::uint32_t window = 1 + what / 2 % 8;
      auto& place = memory.places[window];
      if (what % 2 == 0) {
        const auto mark = secrets.forgotten(window, window * 1'000'000);
        place.assign(mark.begin(), mark.end());
      } else if (!place.empty()) {
        place[what % place.size()] ^= what;
      }
    }
    read(memory, true);
  } else {
    // The segment's bytes from a place on.
    const std::size_t at = std::size_t{data[1]} * 8 % memory.bytes.size();
    std::copy_n(rest.begin(), std::min(rest.size(), memory.bytes.size() - at), memory.bytes.begin() + static_cast<std::ptrdiff_t>(at));
    read(memory, false);
  }
  return 0;
}
