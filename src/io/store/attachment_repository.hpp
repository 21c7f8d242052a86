// Rows of chat attachments: started (an address to upload to was given out), uploaded, scanning, approved or rejected.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "io/store/database.hpp"

namespace upcall::store {

struct AttachmentRow {
  std::string id, contact_id, participant_id;
  std::string name, content_type;
  std::int64_t size_bytes = 0;
  std::string state;
  std::string object_key;
  std::string client_token;  // empty: none
  WallTime created;
};

namespace attachments {

// What browsers and offices make; nothing that a browser would run. Taken where an installation names no types of its own.
inline constexpr std::string_view kUsualTypes =
    "image/jpeg,image/png,image/gif,image/webp,image/heic,application/pdf,text/plain,text/csv,audio/mpeg,audio/wav,video/mp4,video/quicktime,"
    "application/msword,application/vnd.openxmlformats-officedocument.wordprocessingml.document,application/vnd.ms-excel,"
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet,application/vnd.ms-powerpoint,"
    "application/vnd.openxmlformats-officedocument.presentationml.presentation";

Result<void> insert(Database& db, const AttachmentRow& row);
Result<std::optional<AttachmentRow>> find(Database& db, std::string_view id);
// The one that this participant began with this token.
Result<std::optional<AttachmentRow>> find_token(Database& db, std::string_view participant_id, std::string_view client_token);
Result<std::vector<AttachmentRow>> of_contact(Database& db, std::string_view contact_id);
Result<std::vector<AttachmentRow>> in_state(Database& db, std::string_view state, WallTime created_before);
// True when it was in `from` and is in `to` now: of several callers one wins.
Result<bool> move(Database& db, std::string_view id, std::string_view from, std::string_view to);
// What was put last, as long as nobody has completed it: then the file is what it is. The answer is the key it had
// before; nothing: it is complete already, or not there.
Result<std::optional<std::string>> set_object(Database& db, std::string_view id, std::string_view object_key);
Result<void> remove(Database& db, std::string_view id);

}  // namespace attachments
}  // namespace upcall::store
