// Bytes as a film, in portions: whatever the boxes say, samples lie within what was fed, and each fragment is told once.
// link: upcall_compose
#include <algorithm>
#include <cstdlib>

#include "compose/film_reader.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace upcall;
  compose::FilmReader reader;
  unsigned sum = 0;
  const std::size_t portion = size == 0 ? 1 : 1 + data[size - 1] * 7u;
  for (std::size_t at = 0; at < size; at += portion) {
    reader.feed(Bytes(data + at, std::min(portion, size - at)));
    for (auto event = reader.next(); event != compose::FilmReader::Event::more; event = reader.next()) {
      if (event == compose::FilmReader::Event::broken) return 0;
      if (event == compose::FilmReader::Event::header && !reader.video()) std::abort();
      if (event != compose::FilmReader::Event::fragment) continue;
      for (const auto* samples : {&reader.piece().video, &reader.piece().audio}) {
        for (const auto& s : *samples) {
          for (const std::uint8_t b : s.data) sum += b;
        }
      }
    }
  }
  return sum == 1 && reader.bytes() > size ? 1 : 0;
}
