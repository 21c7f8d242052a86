// A composer's words about its film, one after another into the film's index: u8 kind, u16 size, body. What was taken must
// be sound: places without gaps, a playlist, an index that fills its place, a way to go on that can be read again.
// link: upcall_wire upcall_compose
#include <cstdlib>

#include "compose/hls_playlist.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace upcall;
  compose::FilmIndex index;
  Reader in(Bytes(data, size));
  while (in.remaining() > 0) {
    const std::uint8_t kind = in.u8();
    const Bytes body = in.bytes(std::min<std::size_t>(in.u16(), in.remaining()));
    const std::uint64_t before = index.bytes();
    if (kind % 3 == 0) {
      if (const auto header = wire::parse_film_header(body)) (void)index.begin(*header);
    } else if (kind % 3 == 1) {
      const auto fragment = wire::parse_film_fragment(body);
      if (fragment && index.add(*fragment) && index.bytes() != before + fragment->boxes.size()) std::abort();
    } else if (const auto resume = wire::parse_film_resume(body)) {
      if (*wire::parse_film_resume(wire::encode(*resume)) != *resume) std::abort();
    }
  }
  if (index.fragments().empty()) return 0;
  if (index.index().size() != compose::kIndexReserve) std::abort();
  if (index.fragments().back().offset + index.fragments().back().size != index.bytes()) std::abort();
  if (compose::hls_playlist(index, "film.mp4", true).empty()) std::abort();
  const auto again = wire::parse_film_resume(wire::encode(index.resume()));
  if (again && *again != index.resume()) std::abort();
  return 0;
}
