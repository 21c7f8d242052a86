// GetTranscript of the participant interface: where a page begins, which way it goes, in which order it is shown.
#include <algorithm>

#include "api/centre/item_json.hpp"
#include "api/centre/participant_parts.hpp"
#include "base/wall_text.hpp"
#include "json/json.hpp"

namespace upcall::api {

namespace bj = boost::json;

using namespace participant;

namespace {

constexpr int kTranscriptDefault = 10;
constexpr int kTranscriptMax = 100;
constexpr std::size_t kNextTokenMax = 1000;
constexpr std::size_t kIdMax = 256;

constexpr Field kTranscriptFields[] = {{"ContactId", Kind::text},     {"MaxResults", Kind::integer}, {"NextToken", Kind::text},
                                       {"ScanDirection", Kind::text}, {"SortOrder", Kind::text},     {"StartPosition", Kind::object}};
constexpr Field kStartPositionFields[] = {{"Id", Kind::text}, {"AbsoluteTime", Kind::text}, {"MostRecent", Kind::integer}};

struct TranscriptQuery {
  int limit = kTranscriptDefault;
  bool backward = true;
  bool ascending = false;
  std::uint64_t after = 0, before = INT64_MAX;  // seq in (after, before)
};

// NextToken: direction and the last seq given, "b17" or "f17". Harmless to guess: it is read with the same token.
Result<void> read_next(std::string_view next, TranscriptQuery& q) {
  const auto wrong = fail(ErrorCode::invalid_argument, "NextToken is not valid");
  if (next.size() < 2 || next.size() > kNextTokenMax || (next.front() != 'b' && next.front() != 'f')) return wrong;
  std::uint64_t seq = 0;
  for (const char c : next.substr(1)) {
    if (c < '0' || c > '9' || seq > INT64_MAX / 16) return wrong;
    seq = seq * 10 + static_cast<std::uint64_t>(c - '0');
  }
  q.backward = next.front() == 'b';
  (q.backward ? q.before : q.after) = seq;
  return {};
}

// The item that a page begins with is part of it.
Result<void> start_at(CentreApi& api, const bj::object& start, const std::string& contact_id, TranscriptQuery& q) {
  const std::string id = json::text_or(start, "Id"), time = json::text_or(start, "AbsoluteTime");
  const auto recent = json::integer_at(start, "MostRecent");
  if (static_cast<int>(!id.empty()) + static_cast<int>(!time.empty()) + static_cast<int>(recent.has_value()) > 1) {
    return fail(ErrorCode::invalid_argument, "StartPosition is one of Id, AbsoluteTime and MostRecent");
  }
  if (id.size() > kIdMax) return fail(ErrorCode::invalid_argument, "StartPosition.Id is at most 256 characters");
  if (recent && (*recent < 0 || *recent > kTranscriptMax)) return fail(ErrorCode::invalid_argument, "StartPosition.MostRecent is 0 to 100");
  const auto at = time.empty() ? WallTime() : parse_iso8601(time).value_or(WallTime::from_unix_ms(-1));
  if (at.unix_ms() < 0) return fail(ErrorCode::invalid_argument, "StartPosition.AbsoluteTime is an ISO 8601 time in UTC");
  if (id.empty() && time.empty() && recent.value_or(0) == 0) return {};  // from the end, whichever way
  auto seq = api.store.read([&](store::Database& db) {
    if (!id.empty()) return store::centre::item_seq(db, contact_id, id);
    return time.empty() ? store::centre::item_seq_recent(db, contact_id, *recent) : store::centre::item_seq_at(db, contact_id, at, !q.backward);
  });
  if (!seq) return tl::unexpected(seq.error());
  if (!*seq) {
    if (!id.empty()) return fail(ErrorCode::invalid_argument, "StartPosition.Id is not in this chat");
    // Nothing on that side of the moment.
    (q.backward ? q.before : q.after) = q.backward ? 0 : INT64_MAX;
    return {};
  }
  (q.backward ? q.before : q.after) = q.backward ? **seq + 1 : **seq - 1;
  return {};
}

Result<TranscriptQuery> read_query(CentreApi& api, const bj::object& body, const std::string& contact_id) {
  TranscriptQuery q;
  if (const auto max = json::integer_at(body, "MaxResults")) {
    if (*max < 0 || *max > kTranscriptMax) return fail(ErrorCode::invalid_argument, "MaxResults is 0 to 100");
    if (*max > 0) q.limit = static_cast<int>(*max);
  }
  const auto order = json::text_at(body, "SortOrder");
  if (order && *order != "ASCENDING" && *order != "DESCENDING") return fail(ErrorCode::invalid_argument, "SortOrder is ASCENDING or DESCENDING");
  q.ascending = order == "ASCENDING";
  const bj::object* start = json::object_at(body, "StartPosition");
  if (start != nullptr) {
    if (auto right = check_types(*start, kStartPositionFields); !right) return tl::unexpected(right.error());
  }
  // An empty StartPosition, as clients send it, means the end.
  const bool placed = start != nullptr && (!json::text_or(*start, "Id").empty() || !json::text_or(*start, "AbsoluteTime").empty() ||
                                           json::integer_at(*start, "MostRecent").value_or(0) > 0);
  q.backward = !placed;
  if (const auto direction = json::text_at(body, "ScanDirection")) {
    if (*direction != "BACKWARD" && *direction != "FORWARD") return fail(ErrorCode::invalid_argument, "ScanDirection is FORWARD or BACKWARD");
    q.backward = *direction == "BACKWARD";
  }
  Result<void> read;
  if (const auto next = json::text_at(body, "NextToken"); next && !next->empty()) {
    read = read_next(*next, q);
  } else if (start != nullptr) {
    read = start_at(api, *start, contact_id, q);
  }
  if (!read) return tl::unexpected(read.error());
  return q;
}

}  // namespace

wire::HttpResponse get_transcript(CentreApi& api, const wire::HttpRequest& r) {
  auto who = connected(api, r);
  if (!who) return aws_error(r, who.error());
  auto body = read_body(r, kTranscriptFields);
  if (!body) return aws_error(r, body.error());
  if (const auto contact_id = json::text_at(*body, "ContactId"); contact_id && !contact_id->empty() && *contact_id != who->contact_id) return denied(r);
  auto query = read_query(api, *body, who->contact_id);
  if (!query) return aws_error(r, query.error());
  // One more than asked for tells whether there is more.
  auto items = api.store.read([&](store::Database& db) -> Result<std::vector<contact::ChatItem>> {
    auto list = store::centre::items(db, who->contact_id, query->after, query->before, query->limit + 1, query->backward);
    if (!list) return list;
    if (auto added = store::centre::add_receipts(db, who->contact_id, *list); !added) return tl::unexpected(added.error());
    return list;
  });
  if (!items) return aws_error(r, items.error());
  bj::object out{{"InitialContactId", who->contact_id}};
  if (items->size() > static_cast<std::size_t>(query->limit)) {
    items->pop_back();
    out["NextToken"] = (query->backward ? "b" : "f") + std::to_string(items->back().seq);
  }
  std::sort(items->begin(), items->end(), [&](const auto& a, const auto& b) { return query->ascending ? a.seq < b.seq : a.seq > b.seq; });
  bj::array list;
  for (const contact::ChatItem& item : *items) list.push_back(item_json(item, false));
  out["Transcript"] = std::move(list);
  return aws_ok(r, out);
}

}  // namespace upcall::api
