// SearchContacts: the vendor's conditions on the index of contacts that are over.
#include <algorithm>
#include <span>

#include "api/connect/connect_call.hpp"
#include "contact/search.hpp"
#include "identity/access.hpp"
#include "io/store/contact_search_repository.hpp"
#include "io/store/identity_repository.hpp"
#include "json/json.hpp"

namespace upcall::api {

namespace {

namespace bj = boost::json;

constexpr std::size_t kListMax = 100;
constexpr std::size_t kTextMax = 512;
constexpr int kResultsMax = 100;

// A member that must be an object; null when it is absent.
ConnectResult<const bj::object*> object_of(const bj::object& o, std::string_view name) {
  const bj::value* value = o.if_contains(name);
  if (value == nullptr || value->is_null()) return nullptr;
  if (!value->is_object()) return invalid_parameter(std::string(name) + " must be an object.");
  return &value->get_object();
}

// Members that this search does not know would widen it unseen.
ConnectResult<void> only(const bj::object& o, std::string_view where, std::initializer_list<std::string_view> known) {
  for (const auto& [name, value] : o) {
    if (!value.is_null() && std::find(known.begin(), known.end(), std::string_view(name)) == known.end()) {
      return invalid_parameter(std::string(where) + ": " + std::string(name).substr(0, 64) + " is not searched by here.");
    }
  }
  return {};
}

ConnectResult<std::vector<std::string>> texts_of(const bj::object& o, std::string_view name) {
  std::vector<std::string> out;
  const bj::value* value = o.if_contains(name);
  if (value == nullptr || value->is_null()) return out;
  const bj::array* list = value->if_array();
  if (list == nullptr || list->size() > kListMax) return invalid_parameter(std::string(name) + " must be a list of at most 100 texts.");
  for (const bj::value& item : *list) {
    if (!item.is_string() || item.get_string().empty() || item.get_string().size() > kTextMax || !json::is_clean_text(item.get_string())) {
      return invalid_parameter(std::string(name) + " must hold texts of 1 to 512 bytes only.");
    }
    out.emplace_back(item.get_string());
  }
  return out;
}

// Ids may be ARNs.
ConnectResult<std::vector<std::string>> ids_of(const bj::object& o, std::string_view name) {
  auto out = texts_of(o, name);
  if (!out) return out;
  for (std::string& id : *out) {
    if (const std::size_t slash = id.rfind('/'); id.starts_with("arn:") && slash != std::string::npos) id.erase(0, slash + 1);
  }
  return out;
}

ConnectResult<std::string> match_of(const bj::object& o, std::string_view fallback, std::initializer_list<std::string_view> known) {
  const std::string match = json::text_or(o, "MatchType", fallback);
  if (std::find(known.begin(), known.end(), match) == known.end()) return invalid_parameter("MatchType " + match.substr(0, 32) + " is not known here.");
  return match;
}

ConnectResult<WallTime> moment_of(const bj::object& o, std::string_view name) {
  const bj::value* value = o.if_contains(name);
  if (value == nullptr || !value->is_number()) return invalid_parameter("TimeRange: " + std::string(name) + " must be a number of seconds since 1970.");
  const double seconds = value->to_number<double>();
  if (!(seconds >= 0 && seconds < 1e11)) return invalid_parameter("TimeRange: " + std::string(name) + " is out of range.");
  return WallTime::from_unix_ms(static_cast<std::int64_t>(seconds * 1000));
}

ConnectResult<void> take_time(const bj::object& body, contact::SearchFilter& out) {
  auto range = object_of(body, "TimeRange");
  if (!range) return tl::unexpected(range.error());
  if (*range == nullptr) return invalid_parameter("TimeRange is required.");
  const std::string type = json::text_or(**range, "Type");
  if (type != "INITIATION_TIMESTAMP" && type != "DISCONNECT_TIMESTAMP") return invalid_parameter("TimeRange: Type must be INITIATION_TIMESTAMP or DISCONNECT_TIMESTAMP.");
  auto from = moment_of(**range, "StartTime"), until = moment_of(**range, "EndTime");
  if (!from) return tl::unexpected(from.error());
  if (!until) return tl::unexpected(until.error());
  if (*until <= *from) return invalid_parameter("TimeRange: EndTime must be after StartTime.");
  const bool end = type == "DISCONNECT_TIMESTAMP";
  (end ? out.ended_from : out.started_from) = *from;
  (end ? out.ended_until : out.started_until) = *until;
  return {};
}

using Speaker = contact::SearchedText::Speaker;

ConnectResult<Speaker> speaker_of(const bj::object& criterion) {
  const std::string role = json::text_or(criterion, "ParticipantRole", "ALL");
  if (role == "ALL") return Speaker::anybody;
  if (role == "CUSTOMER") return Speaker::customer;
  if (role == "AGENT") return Speaker::agent;
  if (role == "SYSTEM" || role == "CUSTOM_BOT") return Speaker::other;
  return invalid_parameter("Transcript: ParticipantRole " + role.substr(0, 32) + " is not known here.");
}

ConnectResult<void> take_transcript(const bj::object& criteria, contact::SearchFilter& out) {
  auto analysis = object_of(criteria, "ContactAnalysis");
  if (!analysis) return tl::unexpected(analysis.error());
  if (*analysis == nullptr) return {};
  if (auto known = only(**analysis, "ContactAnalysis", {"Transcript"}); !known) return known;
  auto transcript = object_of(**analysis, "Transcript");
  if (!transcript) return tl::unexpected(transcript.error());
  if (*transcript == nullptr) return {};
  auto match = match_of(**transcript, "MATCH_ALL", {"MATCH_ALL", "MATCH_ANY"});
  if (!match) return tl::unexpected(match.error());
  const bj::array* list = json::array_at(**transcript, "Criteria");
  if (list == nullptr || list->empty() || list->size() > 6) return invalid_parameter("Transcript: Criteria must be a list of 1 to 6.");
  out.any_text = *match == "MATCH_ANY";
  for (const bj::value& value : *list) {
    const bj::object* criterion = value.if_object();
    if (criterion == nullptr) return invalid_parameter("Transcript: a criterion must be an object.");
    auto speaker = speaker_of(*criterion);
    if (!speaker) return tl::unexpected(speaker.error());
    auto words = texts_of(*criterion, "SearchText");
    if (!words) return tl::unexpected(words.error());
    if (words->empty()) return invalid_parameter("Transcript: SearchText is required.");
    auto how = match_of(*criterion, "MATCH_ALL", {"MATCH_ALL", "MATCH_ANY", "MATCH_EXACT"});
    if (!how) return tl::unexpected(how.error());
    if (*how == "MATCH_EXACT") {
      for (std::string& text : *words) {
        std::erase(text, '"');
        text = '"' + text + '"';
      }
    }
    if (*how == "MATCH_ANY" && words->size() > 1) {
      if (list->size() > 1 && !out.any_text) return invalid_parameter("Transcript: MATCH_ANY of several texts stands alone, or among criteria of which any is enough.");
      out.any_text = true;
      for (const std::string& text : *words) out.texts.push_back({*speaker, text});
      continue;
    }
    std::string together;
    for (const std::string& text : *words) together += (together.empty() ? "" : " ") + text;
    out.texts.push_back({*speaker, std::move(together)});
  }
  return {};
}

ConnectResult<void> take_attributes(const bj::object& criteria, contact::SearchFilter& out) {
  auto attributes = object_of(criteria, "SearchableContactAttributes");
  if (!attributes) return tl::unexpected(attributes.error());
  if (*attributes == nullptr) return {};
  auto match = match_of(**attributes, "MATCH_ALL", {"MATCH_ALL", "MATCH_ANY", "MATCH_NONE"});
  if (!match) return tl::unexpected(match.error());
  out.attribute_match = *match == "MATCH_ALL"   ? contact::SearchFilter::Match::all
                        : *match == "MATCH_ANY" ? contact::SearchFilter::Match::any
                                                : contact::SearchFilter::Match::none;
  const bj::array* list = json::array_at(**attributes, "Criteria");
  if (list == nullptr || list->empty() || list->size() > 15) return invalid_parameter("SearchableContactAttributes: Criteria must be a list of 1 to 15.");
  for (const bj::value& value : *list) {
    const bj::object* criterion = value.if_object();
    const std::string key = criterion != nullptr ? json::text_or(*criterion, "Key") : "";
    if (key.empty() || key.size() > 100) return invalid_parameter("SearchableContactAttributes: Key must be a text of 1 to 100 bytes.");
    auto values = texts_of(*criterion, "Values");
    if (!values) return tl::unexpected(values.error());
    if (values->empty()) return invalid_parameter("SearchableContactAttributes: Values is required.");
    out.attributes.push_back({key, std::move(*values)});
  }
  return {};
}

ConnectResult<void> take_groups(const ConnectCall& call, const bj::object& criteria, contact::SearchFilter& out) {
  auto groups = object_of(criteria, "AgentHierarchyGroups");
  if (!groups) return tl::unexpected(groups.error());
  if (*groups == nullptr) return {};
  if (auto known = only(**groups, "AgentHierarchyGroups", {"L1Ids", "L2Ids", "L3Ids", "L4Ids", "L5Ids"}); !known) return known;
  for (const char* level : {"L1Ids", "L2Ids", "L3Ids", "L4Ids", "L5Ids"}) {
    auto ids = ids_of(**groups, level);
    if (!ids) return tl::unexpected(ids.error());
    for (const std::string& id : *ids) {
      auto group = call.api.centre.store.read([&](store::Database& db) { return store::hierarchy::find(db, id); });
      if (!group) return fault_of(group.error());
      // One that is not there has no contacts.
      out.group_paths.push_back(*group ? (*group)->path : "/");
    }
  }
  return {};
}

ConnectResult<contact::SearchFilter> filter_of(const ConnectCall& call, bool& nothing) {
  contact::SearchFilter out;
  if (auto taken = take_time(call.body, out); !taken) return tl::unexpected(taken.error());
  auto criteria = object_of(call.body, "SearchCriteria");
  if (!criteria) return tl::unexpected(criteria.error());
  if (*criteria == nullptr) return out;
  const bj::object& c = **criteria;
  if (auto known = only(c, "SearchCriteria", {"AgentIds", "AgentHierarchyGroups", "Channels", "ContactAnalysis", "InitiationMethods", "QueueIds", "SearchableContactAttributes"}); !known) {
    return tl::unexpected(known.error());
  }
  auto agents = ids_of(c, "AgentIds"), queues = ids_of(c, "QueueIds"), channels = texts_of(c, "Channels"), methods = texts_of(c, "InitiationMethods");
  for (const auto* list : {&agents, &queues, &channels, &methods}) {
    if (!*list) return tl::unexpected(list->error());
  }
  out.agent_ids = std::move(*agents);
  out.queue_ids = std::move(*queues);
  // All contacts here are chats that were begun through an interface.
  const auto lacks = [](const std::vector<std::string>& list, std::string_view ours) { return !list.empty() && std::find(list.begin(), list.end(), ours) == list.end(); };
  nothing = lacks(*channels, "CHAT") || lacks(*methods, "API");
  if (auto taken = take_groups(call, c, out); !taken) return tl::unexpected(taken.error());
  if (auto taken = take_transcript(c, out); !taken) return tl::unexpected(taken.error());
  if (auto taken = take_attributes(c, out); !taken) return tl::unexpected(taken.error());
  return out;
}

bj::object summary(const ConnectCall& call, const store::FoundContact& c, const std::vector<store::ContactSegmentRow>& segments) {
  bj::object out{{"Arn", call.arn("contact/" + c.contact_id)}, {"Id", c.contact_id}, {"InitialContactId", c.contact_id}, {"InitiationMethod", "API"}, {"Channel", "CHAT"},
                 {"InitiationTimestamp", epoch_seconds(c.started)}, {"DisconnectTimestamp", epoch_seconds(c.ended)}};
  if (segments.empty()) return out;
  const store::ContactSegmentRow& last = segments.back();
  out["QueueInfo"] = bj::object{{"Id", last.queue_id.empty() ? last.queue_agent_id : last.queue_id}, {"EnqueueTimestamp", epoch_seconds(last.enqueued)}};
  for (auto s = segments.rbegin(); s != segments.rend(); ++s) {
    if (s->agent_id.empty()) continue;
    bj::object agent{{"Id", s->agent_id}};
    if (s->connected) agent["ConnectedToAgentTimestamp"] = epoch_seconds(*s->connected);
    out["AgentInfo"] = std::move(agent);
    break;
  }
  return out;
}

ConnectAnswer search_contacts(ConnectCall& call) {
  if (auto may = call.needs(identity::Permission::contact_search); !may) return tl::unexpected(may.error());
  bool nothing = false;
  auto filter = filter_of(call, nothing);
  if (!filter) return tl::unexpected(filter.error());
  store::contact_search::Page page;
  auto sort = object_of(call.body, "Sort");
  if (!sort) return tl::unexpected(sort.error());
  if (*sort != nullptr) {
    if (json::text_or(**sort, "FieldName") != "INITIATION_TIMESTAMP") return invalid_parameter("Sort: FieldName must be INITIATION_TIMESTAMP.");
    const std::string order = json::text_or(**sort, "Order");
    if (order != "ASCENDING" && order != "DESCENDING") return invalid_parameter("Sort: Order must be ASCENDING or DESCENDING.");
    page.ascending = order == "ASCENDING";
  }
  const bj::value* results = call.body.if_contains("MaxResults");
  const std::int64_t most = json::integer_at(call.body, "MaxResults").value_or(results == nullptr || results->is_null() ? kResultsMax : 0);
  if (most < 1 || most > kResultsMax) return invalid_parameter("MaxResults must be 1 to 100.");
  auto next = call.text("NextToken", 1, 2500, false);
  if (!next) return tl::unexpected(next.error());
  const std::uint32_t fingerprint = contact::search_fingerprint(*filter, page.ascending);
  if (!next->empty()) {
    const auto token = contact::parse_search_token(*next);
    if (!token || token->fingerprint != fingerprint) return invalid_parameter("NextToken is not of this search.");
    page.past = token->number;
  }
  page.limit = static_cast<int>(most) + 1;
  bj::object out{{"Contacts", bj::array{}}, {"TotalCount", 0}};
  auto read = call.api.centre.store.read([&](store::Database& db) -> Result<void> {
    auto groups = store::hierarchy::any(db);
    if (!groups) return tl::unexpected(groups.error());
    const identity::ContactScope reach = identity::contact_scope(call.caller, *groups);
    if (nothing || reach.reach == identity::ContactScope::Reach::nothing) return {};
    const contact::SearchScope scope{reach.reach == identity::ContactScope::Reach::everything, reach.path};
    auto list = store::contact_search::search(db, *filter, scope, page, call.request.now.wall);
    if (!list) return tl::unexpected(list.error());
    auto total = store::contact_search::count(db, *filter, scope, INT64_MAX, call.request.now.wall);
    if (!total) return tl::unexpected(total.error());
    if (list->size() > static_cast<std::size_t>(most)) {
      list->pop_back();
      out["NextToken"] = contact::to_text({list->back().number, fingerprint});
    }
    for (const store::FoundContact& c : *list) {
      auto segments = store::centre::segments(db, c.contact_id);
      if (!segments) return tl::unexpected(segments.error());
      out["Contacts"].as_array().push_back(summary(call, c, *segments));
    }
    out["TotalCount"] = *total;
    return {};
  });
  if (!read) return fault_of(read.error());
  return out;
}

constexpr ConnectRoute kOperations[] = {{"SearchContacts", "POST", "/search-contacts", ConnectRate::search, search_contacts}};

}  // namespace

std::span<const ConnectRoute> contact_search_operations() { return kOperations; }

}  // namespace upcall::api
