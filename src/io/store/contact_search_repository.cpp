#include "io/store/contact_search_repository.hpp"

#include <algorithm>

#include "contact/snapshot.hpp"
#include "io/store/centre_repository.hpp"
#include "io/store/identity_repository.hpp"

namespace upcall::store {
namespace {

void ignore(std::int64_t) {}

#define UPCALL_FOUND_COLUMNS                                                                                          \
  "s.number, s.contact_id, s.started_ms, s.ended_ms, s.agent_id, s.group_path, s.queue_id, s.customer, s.outcome, "   \
  "s.end_reason, s.segments, s.video, s.recorded"

FoundContact read_found(Row& r) {
  return {r.i64(0), r.text(1), r.wall(2), r.wall(3), r.text(4), r.text(5), r.text(6), r.text(7), r.text(8), r.text(9), static_cast<int>(r.i64(10)), r.boolean(11), r.boolean(12)};
}

// What the index holds of a contact besides its texts, which are those of the chat up to last_seq.
struct Indexed {
  std::int64_t number = 0;
  std::string terms, name;
  std::int64_t last_seq = 0;
  std::string group_path;
};

Result<std::optional<Indexed>> indexed(Database& db, std::string_view id) {
  return db.one("select number, terms, name, last_seq, group_path from contact_search where contact_id=?1",
                [](Row& r) { return Indexed{r.i64(0), r.text(1), r.text(2), r.i64(3), r.text(4)}; }, id);
}

// The same for as long as the chat's items are there: nothing is added to a chat that is over, and no text of it changes.
Result<void> add_texts(Database& db, std::string_view id, std::int64_t last_seq, contact::SearchDocument& out) {
  auto read = db.all("select role, content from chat_items where contact_id=?1 and seq<=?2 and type='MESSAGE' and content is not null order by seq",
                     [&](Row& r) {
                       contact::add_search_text(out, contact::role_from(r.text(0)), r.text(1));
                       return 0;
                     },
                     id, last_seq);
  if (!read) return tl::unexpected(read.error());
  return {};
}

Result<void> take_out(Database& db, std::string_view id, const Indexed& row) {
  contact::SearchDocument d{row.terms, row.name, {}, {}, {}};
  if (auto done = add_texts(db, id, row.last_seq, d); !done) return done;
  auto gone = db.run("insert into contact_index(contact_index, rowid, terms, name, customer, agent, other) values('delete', ?1, ?2, ?3, ?4, ?5, ?6)", row.number,
                     d.terms, d.name, d.customer, d.agent, d.other);
  if (!gone) return tl::unexpected(gone.error());
  return db.run("delete from contact_search where number=?1", row.number).map(ignore);
}

// The next free number of its millisecond.
Result<std::int64_t> new_number(Database& db, WallTime started) {
  const std::int64_t first = contact::first_number(started);
  return db.one("select max(number) from contact_search where number>=?1 and number<?2", [](Row& r) { return r.optional_i64(0); }, first, first + contact::kNumbersPerMs)
      .map([&](const auto& last) { return last && *last ? **last + 1 : first; });
}

void add_once(std::vector<std::string>& list, const std::string& id) {
  if (!id.empty() && std::find(list.begin(), list.end(), id) == list.end()) list.push_back(id);
}

// Those of contacts from before there were segments are the chat's.
Result<std::vector<std::string>> agents_of(Database& db, std::string_view id, const std::vector<ContactSegmentRow>& segments) {
  std::vector<std::string> out;
  for (const ContactSegmentRow& s : segments) add_once(out, s.agent_id);
  if (!out.empty()) return out;
  return db.all("select user_id from participants where contact_id=?1 and role='AGENT' and user_id<>'' order by rowid", [](Row& r) { return r.text(0); }, id);
}

std::string last_agent(const std::vector<ContactSegmentRow>& segments, const std::vector<std::string>& agents) {
  for (auto s = segments.rbegin(); s != segments.rend(); ++s) {
    if (!s->agent_id.empty()) return s->agent_id;
  }
  return agents.empty() ? std::string() : agents.back();
}

Result<identity::RecordingTag> group_now(Database& db, const std::string& agent_id) {
  auto row = db.one("select g.id, g.path from users u join hierarchy_groups g on g.id=u.hierarchy_group_id where u.id=?1",
                    [](Row& r) { return identity::RecordingTag{r.text(0), r.text(1)}; }, agent_id);
  if (!row) return tl::unexpected(row.error());
  return row->value_or(identity::RecordingTag{});
}

identity::RecordingTag tag_from(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return {slash == std::string::npos ? path : path.substr(slash + 1), path};
}

Result<bool> exists(Database& db, std::string_view sql, std::string_view id) {
  return db.one(sql, [](Row&) { return true; }, id).map([](const auto& row) { return row.has_value(); });
}

struct Range {
  std::int64_t from = 0, until = INT64_MAX;      // numbers, [from, until)
  std::int64_t ended_from = INT64_MIN, ended_until = INT64_MAX;
};

Result<Range> range_of(Database& db, const contact::SearchFilter& f, const contact_search::Page& page) {
  Range r;
  if (f.started_from) r.from = contact::first_number(*f.started_from);
  if (f.started_until) r.until = contact::first_number(*f.started_until);
  if (f.ended_from) r.ended_from = f.ended_from->unix_ms();
  if (f.ended_until) {
    r.ended_until = f.ended_until->unix_ms();
    r.until = std::min(r.until, contact::first_number(*f.ended_until));  // none has ended before it began
  }
  if (page.past) page.ascending ? r.from = std::max(r.from, *page.past + 1) : r.until = std::min(r.until, *page.past);
  if (r.ended_until <= r.ended_from) r.until = 0;  // nothing ends there: not to be looked for among all
  if (!f.contact_id.empty()) {
    auto row = indexed(db, f.contact_id);
    if (!row) return tl::unexpected(row.error());
    r.from = std::max(r.from, *row ? (*row)->number : INT64_MAX);
    r.until = std::min(r.until, *row ? (*row)->number + 1 : 0);
  }
  return r;
}

// An end that is not said is now: a range has two ends then, and the index knows its days.
contact::SearchFilter closed(const contact::SearchFilter& f, WallTime now) {
  contact::SearchFilter out = f;
  if (out.ended_from && !out.ended_until) out.ended_until = now + Duration::s(1);
  return out;
}

}  // namespace

Result<std::vector<std::string>> contact_search::pending(Database& db, int limit) {
  return db.all("select contact_id from contact_search_pending limit ?1", [](Row& r) { return r.text(0); }, limit);
}

Result<void> contact_search::give_up(Database& db, std::string_view id) {
  return db.run("delete from contact_search_pending where contact_id=?1", id).map(ignore);
}

Result<void> contact_search::index(Database& db, std::string_view id) {
  if (auto done = give_up(db, id); !done) return done;
  auto before = indexed(db, id);
  if (!before) return tl::unexpected(before.error());
  if (*before) {
    if (auto done = take_out(db, id, **before); !done) return done;
  }
  auto erased = exists(db, "select 1 from erasures where contact_id=?1", id);
  if (!erased) return tl::unexpected(erased.error());
  auto row = centre::find_contact(db, id);
  if (!row) return tl::unexpected(row.error());
  if (*erased || !*row || (*row)->state != contact::to_string(contact::ContactState::ended)) return {};
  auto segments = centre::segments(db, id);
  if (!segments) return tl::unexpected(segments.error());
  auto agents = agents_of(db, id, *segments);
  if (!agents) return tl::unexpected(agents.error());
  auto attributes = centre::attributes(db, id);
  if (!attributes) return tl::unexpected(attributes.error());
  auto name = db.one("select display_name from participants where contact_id=?1 and role='CUSTOMER'", [](Row& r) { return r.text(0); }, id);
  if (!name) return tl::unexpected(name.error());
  auto last_seq = db.one("select coalesce(max(seq), 0) from chat_items where contact_id=?1", [](Row& r) { return r.i64(0); }, id);
  if (!last_seq) return tl::unexpected(last_seq.error());
  // The meeting's row goes before the contact's.
  auto video = exists(db, "select 1 from meetings where contact_id=?1 union all select 1 from contact_search where contact_id=?1 and video=1", id);
  if (!video) return tl::unexpected(video.error());
  auto recorded = exists(db, "select 1 from recordings where contact_id=?1 and deleting_ms is null", id);
  if (!recorded) return tl::unexpected(recorded.error());

  contact::SearchFacts facts;
  facts.started = (*row)->started;
  facts.ended = (*row)->ended.value_or((*row)->started);
  facts.agent_ids = *agents;
  for (const ContactSegmentRow& s : *segments) add_once(facts.queue_ids, s.queue_id);
  const std::string agent = last_agent(*segments, *agents);
  if (*before) {
    facts.group_path = (*before)->group_path;  // whose it was does not change with the agent's next group
  } else if (!agent.empty()) {
    auto tag = group_now(db, agent);
    if (!tag) return tl::unexpected(tag.error());
    facts.group_path = tag->path;
  }
  if (const auto outcome = attributes->find("outcome"); outcome != attributes->end()) facts.outcome = outcome->second;
  facts.video = *video;
  facts.recorded = *recorded;
  facts.attributes.assign(attributes->begin(), attributes->end());

  contact::SearchDocument d;
  d.terms = contact::search_terms(facts);
  const std::string display = name->value_or("");
  d.name = display;
  if (const auto said = attributes->find("customerName"); said != attributes->end() && said->second != display) d.name += "\n" + said->second;
  if (auto done = add_texts(db, id, last_seq->value_or(0), d); !done) return done;
  auto number = *before ? Result<std::int64_t>((*before)->number) : new_number(db, facts.started);
  if (!number) return tl::unexpected(number.error());
  std::string end_reason = segments->empty() ? "" : segments->back().end_reason;
  if (end_reason.empty()) {
    // One that has come to no queue: only its machine knows.
    const auto c = contact::from_snapshot((*row)->snapshot, {}, [](std::string_view) { return nullptr; });
    if (c) end_reason = c->end_reason;
  }
  auto added = db.run(
      "insert into contact_search(number, contact_id, started_ms, ended_ms, agent_id, group_path, queue_id, customer, outcome, end_reason, segments, video, recorded, "
      "terms, name, last_seq) values(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
      *number, id, facts.started, facts.ended, agent, facts.group_path, segments->empty() ? std::string() : segments->back().queue_id, display, facts.outcome, end_reason,
      static_cast<int>(segments->size()), facts.video, facts.recorded, d.terms, d.name, last_seq->value_or(0));
  if (!added) return tl::unexpected(added.error());
  return db.run("insert into contact_index(rowid, terms, name, customer, agent, other) values(?1, ?2, ?3, ?4, ?5, ?6)", *number, d.terms, d.name, d.customer, d.agent, d.other)
      .map(ignore);
}

Result<void> contact_search::remove(Database& db, std::string_view id) {
  if (auto done = give_up(db, id); !done) return done;
  auto row = indexed(db, id);
  if (!row) return tl::unexpected(row.error());
  return *row ? take_out(db, id, **row) : Result<void>();
}

Result<bool> contact_search::forget_removed(Database& db, bool first) {
  // Pages of work; negative puts all parts into one merge first (FTS5, "merge"). A step that changed nothing was the last.
  constexpr int kPages = 100;
  auto before = db.one("select total_changes()", [](Row& r) { return r.i64(0); });
  if (!before) return tl::unexpected(before.error());
  auto merged = db.run("insert into contact_index(contact_index, rank) values('merge', ?1)", first ? -kPages : kPages);
  if (!merged) return tl::unexpected(merged.error());
  auto after = db.one("select total_changes()", [](Row& r) { return r.i64(0); });
  if (!after) return tl::unexpected(after.error());
  return after->value_or(0) - before->value_or(0) < 2;
}

Result<std::vector<FoundContact>> contact_search::search(Database& db, const contact::SearchFilter& filter, const contact::SearchScope& scope, const Page& page, WallTime now) {
  const contact::SearchFilter f = closed(filter, now);
  auto expression = contact::search_expression(f, scope);
  if (!expression) return tl::unexpected(expression.error());
  auto range = range_of(db, f, page);
  if (!range) return tl::unexpected(range.error());
  // The index is walked in its own order; rows are looked up for what it has found.
  constexpr std::string_view kDown = "select " UPCALL_FOUND_COLUMNS " from contact_index cross join contact_search s on s.number=contact_index.rowid where contact_index match ?1 "
                                     "and contact_index.rowid>=?2 and contact_index.rowid<?3 and s.ended_ms>=?4 and s.ended_ms<?5 order by contact_index.rowid desc limit ?6";
  constexpr std::string_view kUp = "select " UPCALL_FOUND_COLUMNS " from contact_index cross join contact_search s on s.number=contact_index.rowid where contact_index match ?1 "
                                   "and contact_index.rowid>=?2 and contact_index.rowid<?3 and s.ended_ms>=?4 and s.ended_ms<?5 order by contact_index.rowid limit ?6";
  return db.all(page.ascending ? kUp : kDown, read_found, *expression, range->from, range->until, range->ended_from, range->ended_until, page.limit);
}

Result<std::int64_t> contact_search::count(Database& db, const contact::SearchFilter& filter, const contact::SearchScope& scope, std::int64_t most, WallTime now) {
  const contact::SearchFilter f = closed(filter, now);
  auto expression = contact::search_expression(f, scope);
  if (!expression) return tl::unexpected(expression.error());
  auto range = range_of(db, f, {});
  if (!range) return tl::unexpected(range.error());
  const bool by_end = filter.ended_from || filter.ended_until;
  constexpr std::string_view kIndexAlone = "select count(*) from (select 1 from contact_index where contact_index match ?1 and rowid>=?2 and rowid<?3 and ?4<>?5 limit ?6)";
  constexpr std::string_view kByEnd = "select count(*) from (select 1 from contact_index cross join contact_search s on s.number=contact_index.rowid where contact_index match ?1 "
                                      "and contact_index.rowid>=?2 and contact_index.rowid<?3 and s.ended_ms>=?4 and s.ended_ms<?5 limit ?6)";
  return db.one(by_end ? kByEnd : kIndexAlone, [](Row& r) { return r.i64(0); }, *expression, range->from, range->until, range->ended_from, range->ended_until, most)
      .map([](const auto& n) { return n.value_or(0); });
}

Result<std::optional<FoundContact>> contact_search::find(Database& db, std::string_view id) {
  return db.one("select " UPCALL_FOUND_COLUMNS " from contact_search s where s.contact_id=?1", read_found, id);
}

Result<identity::RecordingTag> contact_search::tag_of(Database& db, std::string_view id) {
  auto row = indexed(db, id);
  if (!row) return tl::unexpected(row.error());
  if (*row) return tag_from((*row)->group_path);
  auto segments = centre::segments(db, id);
  if (!segments) return tl::unexpected(segments.error());
  auto agents = agents_of(db, id, *segments);
  if (!agents) return tl::unexpected(agents.error());
  const std::string agent = last_agent(*segments, *agents);
  return agent.empty() ? Result<identity::RecordingTag>(identity::RecordingTag{}) : group_now(db, agent);
}

Result<std::vector<ContactSegmentRow>> centre::segments(Database& db, std::string_view id) {
  return db.all("select queue_id, queue_agent_id, agent_id, enqueued_ms, connected_ms, ended_ms, end_reason from contact_segments where contact_id=?1 order by number",
                [](Row& r) { return ContactSegmentRow{r.text(0), r.text(1), r.text(2), r.wall(3), r.optional_wall(4), r.optional_wall(5), r.text(6)}; }, id);
}

Result<void> centre::add_agent_event(Database& db, const contact::AgentStep& step, WallTime at) {
  return db.run("insert into contact_agent_events(contact_id, at_ms, agent_id, kind) select id, ?2, ?3, ?4 from contacts where id=?1", step.contact_id, at, step.agent_id, contact::to_string(step.kind))
      .map(ignore);
}

Result<std::vector<AgentEventRow>> centre::agent_events(Database& db, std::string_view id) {
  return db.all("select at_ms, agent_id, kind from contact_agent_events where contact_id=?1 order by id", [](Row& r) { return AgentEventRow{r.wall(0), r.text(1), r.text(2)}; }, id);
}

}  // namespace upcall::store
