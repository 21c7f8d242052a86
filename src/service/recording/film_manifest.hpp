// What is said of a film for good, beside it in the store: who was in it and when, what is missing and why, where each
// fragment lies and what its bytes hash to, how healthy it is and what made it. Signed, so that it can be shown later that
// neither has been changed.
//
// The object is {"manifest":{…},"signature":JWS}: the compact JWS's payload is the manifest as canonical JSON (RFC 8785:
// sorted members, no blanks), so that the signature stands for what is written in clear beside it. Pure but for reading
// the film.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"
#include "crypto/signature.hpp"
#include "io/film_spool/film_spool.hpp"
#include "io/objects/object_store.hpp"
#include "service/recording/film_check.hpp"
#include "service/recording/film_settings.hpp"

namespace upcall::service {

using SignRecord = std::function<std::string(std::string_view json)>;

// What the film itself does not know.
struct ManifestAbout {
  std::string recording_id, external_meeting_id;
  WallTime started;                  // of time 0 of the film
  FilmSettings settings;
  objects::ObjectInfo object;        // the stored film
  int composers = 0, restarts = 0;   // of the run that completed it
};

// `film`: complete. Reads all of it. Errors: corrupt, unavailable.
Result<std::string> film_manifest(const ManifestAbout& about, const film_spool::FilmSpool& film, const SignRecord& sign);

// The same manifest with what the check of the film has found, signed anew: health.check = {"checkedAt", "avOffsetMs" by
// timestamps and "heardOffsetMs" (absent: not known), "findings": [{"kind", "severity", "atMs", "amount", "unit"}]}.
// `object`: a stored manifest; its signature is the caller's to have checked. Errors: corrupt.
Result<std::string> checked_manifest(std::string_view object, const FilmHealth& health, WallTime checked_at, const SignRecord& sign);

// Whole. `is_there`: in place of one, in the store that has it. Errors: the store's.
Result<void> put_manifest(objects::ObjectStore& store, const std::string& key, std::string_view text, WallTime now, bool is_there);

// The manifest in clear, canonical, when it is the one that was signed with this key; corrupt: it is not.
Result<std::string> verified_manifest(std::string_view object, const crypto::Es256PublicKey& key);

}  // namespace upcall::service
