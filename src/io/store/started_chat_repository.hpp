// Chats that programs started with a client token, so that a repeated call gets the first one's answer, also after a restart.
#pragma once

#include <string>
#include <string_view>

#include "io/store/database.hpp"

namespace upcall::store::started_chats {

// The vendor's: a token is good for seven days.
inline constexpr Duration kLife = Duration::s(7 * 86'400);

struct Entry {
  std::string contact_id;
  ByteVector answer_sealed;  // store::Sealer, purpose "started_chats/<id>"; empty: the chat may not have begun
};
// `id`: a hash over access key and token. The entry that is there, or a new one with `contact_id`. Removes what is too old.
Result<Entry> begin(Database& db, std::string_view id, std::string_view contact_id, WallTime now);
Result<void> set_answer(Database& db, std::string_view id, Bytes answer_sealed);
// A chat that was refused began not at all.
Result<void> forget(Database& db, std::string_view id);

}  // namespace upcall::store::started_chats
