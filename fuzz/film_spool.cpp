// Film spool reader: hostile file bytes, in pieces of a size that the second byte names; with an odd first byte hostile
// plain texts inside authentic seals, by two writers.
// link: upcall_io_film_spool
#include <algorithm>
#include <cstdlib>

#include "compose/film_index.hpp"
#include "io/film_spool/spool_format.hpp"

namespace {

using namespace upcall;

const ByteVector& key() {
  static const ByteVector out(film_spool::kKeySize, 1);
  return out;
}

std::size_t read(Bytes bytes, std::size_t step) {
  film_spool::SpoolScanner scanner(key(), "recording");
  compose::FilmIndex index;
  std::size_t records = 0;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    scanner.append(bytes.subspan(at, std::min(step, bytes.size() - at)));
    while (scanner.next() == film_spool::ScanStatus::record) {
      ++records;
      if (scanner.position().offset > bytes.size()) std::abort();
      if (const auto header = wire::parse_film_header(scanner.plain())) (void)index.begin(*header);
      if (const auto fragment = wire::parse_film_fragment(scanner.plain())) (void)index.add(*fragment);
    }
  }
  return records;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const Bytes rest(data + 2, size - 2);
  const std::size_t step = std::size_t{data[1]} + 1;
  if (data[0] % 2 == 0) {
    read(rest, step);
    return 0;
  }
  // Records: u8 kind, u8 size, bytes. Kind 0: another writer.
  film_spool::SpoolSealer sealer(key(), "recording", {}, film_spool::Salt{});
  ByteVector file = sealer.begin();
  std::size_t records = 1;
  bool ended = false;
  Reader in(rest);
  while (in.remaining() > 0) {
    const std::uint8_t kind = in.u8() % 4;
    const Bytes text = in.bytes(std::min<std::size_t>(in.u8(), in.remaining()));
    ByteVector record;
    if (kind == 0) {
      film_spool::Salt salt{};
      salt[0] = static_cast<std::uint8_t>(records);
      sealer = film_spool::SpoolSealer(key(), "recording", sealer.position(), salt);
      record = sealer.begin();
    } else {
      record = sealer.seal(static_cast<film_spool::RecordKind>(kind + 1), text);
    }
    file.insert(file.end(), record.begin(), record.end());
    // Behind the end only writers count, and nothing after the first other record.
    if (ended && kind != 0) break;
    ended = ended || kind == 3;
    ++records;
  }
  if (read(file, step) != records) std::abort();
  return 0;
}
