// Where a film goes while it is made. One thread. A failed Result ends the making.
#pragma once

#include "base/result.hpp"
#include "wire/film_message.hpp"

namespace upcall::film {

class FilmSink {
 public:
  virtual ~FilmSink() = default;
  // Once, before the first fragment; not when a film is gone on with.
  virtual Result<void> header(const wire::FilmHeader& header) = 0;
  // In order. The views are valid during the call.
  virtual Result<void> fragment(const wire::FilmFragment& fragment) = 0;
};

}  // namespace upcall::film
