// Why a call to an S3 store failed, as a class that decides what happens next: try again, learn the time, begin anew, or
// tell people what is wrong with their configuration. No I/O.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.hpp"
#include "s3/request.hpp"

namespace upcall::s3 {

enum class Failure : std::uint8_t {
  // Of the moment: tried again, with pauses by class.
  connection,        // none, reset, or cut in the middle
  time_out,          // no answer in time, or the store says the body came too slowly
  slow_down,         // 503 SlowDown, 429
  server,            // 5xx, InternalError, also in a 200
  bad_answer,        // not what the protocol promises; an ETag that is not that of what was sent
  clock_skew,        // our clock and the store's differ: learnt from its answer, tried again at once
  // Of the configuration: a person has to act, trying again blindly would lock an account at worst.
  certificate,       // TLS: not trusted, or for another name
  credentials,       // unknown key, wrong secret
  expired,           // the credentials have ended
  denied,            // the key may not do this
  no_bucket,
  wrong_region,
  encryption,        // the key manager refuses, or the store has none
  full,              // a quota
  // Of the object or upload.
  no_object,
  no_upload,         // or parts of it are gone: all parts must be sent again
  changed,           // the object is not the one that was opened (412)
  refused,           // anything else that is our fault
};

// The label in metrics.
std::string_view to_string(Failure failure);

// `code` is that of the <Error>, empty when the answer had none (HEAD). Of statuses below 300 only with a code.
Failure classify(Operation operation, int status, std::string_view code);

bool is_transient(Failure failure);
// The installation is set up wrongly, as opposed to an outage.
bool is_configuration(Failure failure);

// A sentence for people that says what to do, without names, keys or addresses. Codes: unavailable (outage and
// configuration: the upload may be tried again later), gone (no_upload: begin a new one), exhausted, not_found, corrupt
// (bad_answer, changed), invalid_argument.
Error to_error(Failure failure);

}  // namespace upcall::s3
