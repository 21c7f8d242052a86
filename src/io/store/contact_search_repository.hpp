// Finished contacts as they are searched and shown: rows and full-text index, what waits to be indexed, the agents' side of
// a contact's time line. SQLite's FTS5 (docs/adr/0017-contact-search.md); writes on the writer's connection.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "contact/commands.hpp"
#include "contact/search.hpp"
#include "identity/access.hpp"
#include "io/store/database.hpp"

namespace upcall::store {

struct FoundContact {
  std::int64_t number = 0;
  std::string contact_id;
  WallTime started, ended;
  std::string agent_id, group_path;  // the last agent's, and its group when it was indexed first; empty: none
  std::string queue_id, customer, outcome, end_reason;
  int segments = 0;
  bool video = false, recorded = false;
};

struct ContactSegmentRow {
  std::string queue_id, queue_agent_id, agent_id;
  WallTime enqueued;
  std::optional<WallTime> connected, ended;
  std::string end_reason;
};

struct AgentEventRow {
  WallTime at;
  std::string agent_id, kind;
};

namespace contact_search {

// Ids that wait; the triggers of migration 10 put them there.
Result<std::vector<std::string>> pending(Database& db, int limit);
// Puts a finished contact into the index, or brings it up to date. One that is not finished or was erased is left out.
Result<void> index(Database& db, std::string_view contact_id);
// For a contact that cannot be indexed.
Result<void> give_up(Database& db, std::string_view contact_id);
// Takes it out. Its words are in the index's files until forget_removed() has come to its end.
Result<void> remove(Database& db, std::string_view contact_id);
// One step of rewriting the index without what was removed: some hundred kilobytes. True: nothing is left to do. `first` begins.
Result<bool> forget_removed(Database& db, bool first);

// Newest first, or oldest first. `past`: the last number of the page before.
struct Page {
  int limit = 25;
  bool ascending = false;
  std::optional<std::int64_t> past;
};
// Errors: invalid_argument as contact::search_expression().
Result<std::vector<FoundContact>> search(Database& db, const contact::SearchFilter& filter, const contact::SearchScope& scope, const Page& page, WallTime now);
// How many there are, at most `most`.
Result<std::int64_t> count(Database& db, const contact::SearchFilter& filter, const contact::SearchScope& scope, std::int64_t most, WallTime now);
Result<std::optional<FoundContact>> find(Database& db, std::string_view contact_id);

// The group of its last agent: as indexed, else as it is now. Empty: nobody has had it, or an agent without a group.
Result<identity::RecordingTag> tag_of(Database& db, std::string_view contact_id);

}  // namespace contact_search

namespace centre {
Result<std::vector<ContactSegmentRow>> segments(Database& db, std::string_view contact_id);
Result<void> add_agent_event(Database& db, const contact::AgentStep& step, WallTime at);
Result<std::vector<AgentEventRow>> agent_events(Database& db, std::string_view contact_id);
}  // namespace centre

}  // namespace upcall::store
