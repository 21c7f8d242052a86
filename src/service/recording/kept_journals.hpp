// Journals that stay when their film is stored, so that other films can be made of them (parameter recordingJournalKeepDays):
// the segments in their folder of the spool, and beside them a file that says until when. Blocking file work; one thread.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "base/time.hpp"

namespace upcall::service::kept_journals {

// All else in the folder goes. Durable when it returns.
Result<void> keep(const std::string& folder, WallTime until);
// Until when; nothing: it is not kept.
std::optional<WallTime> kept_until(const std::string& folder);
// Removes those whose time is over and those whose recording is not `there` any more. How many.
int drop_over(const std::string& spool, WallTime now, const std::function<bool(const std::string& recording_id)>& there);
// Of all kept ones the one that would go first. False: there is none.
bool drop_first(const std::string& spool);
// The same journal under another recording's folder, by hard links: nothing is copied, and what was destroyed in it is
// destroyed in both (ADR 12). not_found: it is not kept.
Result<void> link(const std::string& folder, const std::string& to);

}  // namespace upcall::service::kept_journals
