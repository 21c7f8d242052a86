#include "api/contacts/contact_routes.hpp"

#include <charconv>

#include "api/centre/item_json.hpp"
#include "api/common/responses.hpp"
#include "api/contacts/contact_view.hpp"
#include "api/contacts/search_request.hpp"
#include "base/wall_text.hpp"
#include "identity/access.hpp"
#include "io/store/audit_repository.hpp"
#include "io/store/identity_repository.hpp"
#include "io/store/quality_repository.hpp"
#include "json/json.hpp"
#include "service/quality/quality_json.hpp"

namespace upcall::api {
namespace {

namespace bj = boost::json;
using identity::ContactScope;
using identity::Principal;

constexpr std::string_view kObject = R"({"type":"object"})";
constexpr OperationAuth kStaff = OperationAuth::staff;
constexpr Operation kOperations[] = {
    {"GET", "/api/contact-search", "searchContacts",
     "Finished contacts that the caller may read, newest first. Conditions, all optional: from, until (times, the second exclusive) with time=initiated|ended, agentId, queueId, "
     "channel=chat|video, recorded=true, outcome, attribute=name:value (repeatable), customer, text, contactId; pageSize 1 to 100; next of the page before.",
     kStaff, "", kObject, "400 401 403", ""},
    {"GET", "/api/contact-search/choices", "searchContactsChoices", "Queues, and agents whose name or user name holds ?agent=, at most 20, that the caller may search by.", kStaff, "", kObject, "400 401 403", ""},
    {"GET", "/api/contacts/{contactId}", "getContact", "A finished contact: attributes, segments, time line, recordings.", kStaff, "", kObject, "401 403 404", ""},
    {"GET", "/api/contacts/{contactId}/quality", "getContactCallQuality", "How each person of its calls fared: a summary, and scores, losses, delays and bandwidths over time with what happened. Empty: there was no call, or nothing was kept.", kStaff, "", kObject, "401 403 404", ""},
    {"GET", "/api/contacts/{contactId}/transcript", "getContactTranscript", "Its chat, oldest first, at most 100 items; ?after=sequence goes on. In the audit log.", kStaff, "", kObject, "400 401 403 404", ""},
    {"GET", "/api/contacts/{contactId}/attachments/{attachmentId}", "getContactAttachment", "An address of a file of its chat, good for five minutes. In the audit log.", kStaff, "", kObject, "401 403 404", ""},
};

constexpr int kTranscriptPage = 100, kStaysMax = 200;
constexpr std::size_t kAgentsMax = 20, kNameMax = 100;
constexpr Duration kFileValid = Duration::s(300);

wire::HttpResponse no_contact(const wire::HttpRequest& r) { return failure(r, ErrorCode::not_found, "no_such_contact", "There is no such contact."); }

template <class F>
wire::HttpHandler as_searcher(CentreApi& api, F action) {
  return [&api, action](const wire::HttpRequest& request) -> wire::HttpResponse {
    auto who = api.authenticator.authorize(request);
    if (!who) return failure(request, who.error());
    return action(api, request, *who);
  };
}

wire::HttpResponse search(CentreApi& api, const wire::HttpRequest& request, const Principal& who) {
  auto asked = parse_contact_search(request.query);
  if (!asked) return failure(request, asked.error());
  auto found = api.store.read([&](store::Database& db) -> Result<bj::object> {
    auto groups = store::hierarchy::any(db);
    if (!groups) return tl::unexpected(groups.error());
    const ContactScope scope = identity::contact_scope(who, *groups);
    if (scope.reach == ContactScope::Reach::nothing) return bj::object{{"contacts", bj::array{}}};
    // One more than asked for tells whether there is more.
    auto list = store::contact_search::search(db, asked->filter, {scope.reach == ContactScope::Reach::everything, scope.path}, {asked->limit + 1, false, asked->past}, request.now.wall);
    if (!list) return tl::unexpected(list.error());
    bj::object out;
    if (list->size() > static_cast<std::size_t>(asked->limit)) {
      list->pop_back();
      out["next"] = contact::to_text({list->back().number, contact::search_fingerprint(asked->filter, false)});
    }
    ContactView view(db);
    bj::array contacts;
    for (const store::FoundContact& c : *list) {
      auto one = view.summary(c);
      if (!one) return one;
      contacts.push_back(std::move(*one));
    }
    out["contacts"] = std::move(contacts);
    return out;
  });
  if (!found) return failure(request, found.error());
  return success(request, "Contacts", std::move(*found));
}

struct AgentChoice {
  std::string id, name, username;
  identity::RecordingTag tag;
};

wire::HttpResponse choices(CentreApi& api, const wire::HttpRequest& request, const Principal& who) {
  const std::string wanted(request.query_value("agent").value_or(""));
  if (wanted.size() > kNameMax || !json::is_clean_text(wanted)) return failure(request, ErrorCode::invalid_argument, "agent must be a text of at most 100 bytes.");
  auto found = api.store.read([&](store::Database& db) -> Result<bj::object> {
    auto groups = store::hierarchy::any(db);
    if (!groups) return tl::unexpected(groups.error());
    bj::array queues, agents;
    auto all = db.all("select id, name from queues order by name", [](store::Row& r) { return bj::object{{"queueId", r.text(0)}, {"name", r.text(1)}}; });
    if (!all) return tl::unexpected(all.error());
    for (bj::object& q : *all) queues.push_back(std::move(q));
    std::string pattern = "%";
    for (const char c : wanted) pattern += c == '%' || c == '_' || c == '\\' ? std::string{'\\', c} : std::string(1, c);
    pattern += "%";
    std::string after;
    // In pages: who passes is decided one by one, where it always is.
    for (bool more = true; more && agents.size() < kAgentsMax;) {
      constexpr int kPage = 200;
      auto page = db.all("select u.id, u.name, u.username, coalesce(g.id, ''), coalesce(g.path, '') from users u left join hierarchy_groups g on g.id=u.hierarchy_group_id "
                         "where u.username>?1 and (u.name like ?2 escape '\\' or u.username like ?2 escape '\\') order by u.username limit ?3",
                         [](store::Row& r) { return AgentChoice{r.text(0), r.text(1), r.text(2), {r.text(3), r.text(4)}}; }, after, pattern, kPage);
      if (!page) return tl::unexpected(page.error());
      more = page->size() == kPage;
      for (const AgentChoice& a : *page) {
        after = a.username;
        if (agents.size() < kAgentsMax && identity::may_read_contact(who, a.tag, *groups)) agents.push_back(bj::object{{"agentId", a.id}, {"name", a.name}, {"username", a.username}});
      }
    }
    return bj::object{{"queues", std::move(queues)}, {"agents", std::move(agents)}};
  });
  if (!found) return failure(request, found.error());
  return success(request, "Choices", std::move(*found));
}

// Nothing: there is none, it is not over, or the caller may not know of it.
Result<std::optional<store::FoundContact>> readable(store::Database& db, const Principal& who, std::string_view id) {
  auto found = store::contact_search::find(db, id);
  if (!found || !*found) return found;
  auto groups = store::hierarchy::any(db);
  if (!groups) return tl::unexpected(groups.error());
  auto tag = store::contact_search::tag_of(db, id);
  if (!tag) return tl::unexpected(tag.error());
  if (!identity::may_read_contact(who, *tag, *groups)) return std::nullopt;
  return found;
}

// As readable(), with an entry in the audit log that is there before anything is read.
Result<bool> open_audited(CentreApi& api, const wire::HttpRequest& request, const Principal& who, std::string_view action, std::string detail) {
  const std::string id(request.route_value("contactId"));
  auto may = api.store.read([&](store::Database& db) { return readable(db, who, id); });
  if (!may) return tl::unexpected(may.error());
  if (!*may) return false;
  auto noted = api.store.write([&](store::Database& db) { return store::audit::add(db, {request.now.wall, who.id, std::string(action), id, detail}); });
  if (!noted) return tl::unexpected(noted.error());
  return true;
}

wire::HttpResponse get_contact(CentreApi& api, const wire::HttpRequest& request, const Principal& who) {
  auto found = api.store.read([&](store::Database& db) -> Result<std::optional<bj::object>> {
    auto contact = readable(db, who, request.route_value("contactId"));
    if (!contact) return tl::unexpected(contact.error());
    if (!*contact) return std::nullopt;
    return ContactView(db).page(**contact, who).map([](bj::object page) { return std::optional(std::move(page)); });
  });
  if (!found) return failure(request, found.error());
  if (!*found) return no_contact(request);
  return success(request, "Contact", std::move(**found));
}

// Stays of one person in one meeting follow each other.
wire::HttpResponse get_quality(CentreApi& api, const wire::HttpRequest& request, const Principal& who) {
  const std::string id(request.route_value("contactId"));
  auto found = api.store.read([&](store::Database& db) -> Result<std::optional<std::vector<store::KeptQuality>>> {
    auto contact = readable(db, who, id);
    if (!contact) return tl::unexpected(contact.error());
    if (!*contact) return std::nullopt;
    return store::quality::of_contact(db, id, kStaysMax).map([](auto rows) { return std::optional(std::move(rows)); });
  });
  if (!found) return failure(request, found.error());
  if (!*found) return no_contact(request);
  return success(request, "Call quality", bj::object{{"contactId", id}, {"stays", service::stays_json(**found)}});
}

wire::HttpResponse get_transcript(CentreApi& api, const wire::HttpRequest& request, const Principal& who) {
  std::uint64_t after = 0;  // a sequence number
  if (const auto text = request.query_value("after")) {
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), after);
    if (error != std::errc() || end != text->data() + text->size() || after > INT64_MAX) return failure(request, ErrorCode::invalid_argument, "after must be a sequence number.");
  }
  auto may = open_audited(api, request, who, "contact.transcript_viewed", after == 0 ? "" : "after " + std::to_string(after));
  if (!may) return failure(request, may.error());
  if (!*may) return no_contact(request);
  const std::string id(request.route_value("contactId"));
  auto items = api.store.read([&](store::Database& db) { return store::centre::items(db, id, after, INT64_MAX, kTranscriptPage + 1, false); });
  if (!items) return failure(request, items.error());
  bj::object out;
  if (items->size() > static_cast<std::size_t>(kTranscriptPage)) {
    items->pop_back();
    out["next"] = items->back().seq;
  }
  bj::array list;
  for (const contact::ChatItem& item : *items) list.push_back(item_json(item, false));
  out["items"] = std::move(list);
  return success(request, "Transcript", std::move(out));
}

wire::HttpResponse get_attachment(CentreApi& api, const wire::HttpRequest& request, const Principal& who) {
  const std::string contact_id(request.route_value("contactId")), id(request.route_value("attachmentId"));
  auto may = open_audited(api, request, who, "contact.attachment_viewed", id.substr(0, 64));
  if (!may) return failure(request, may.error());
  if (!*may) return no_contact(request);
  store::AttachmentRow row;
  auto ticket = api.attachments != nullptr ? api.attachments->give_out(contact_id, id, kFileValid, &row) : Result<std::string>(fail(ErrorCode::not_found, ""));
  if (!ticket && ticket.error().code == ErrorCode::not_found) return failure(request, ErrorCode::not_found, "no_such_attachment", "There is no such attachment.");
  if (!ticket) return failure(request, ticket.error());
  return success(request, "Attachment", bj::object{{"attachmentId", id}, {"url", base_url(request, api.options.public_url) + "/aws/participant/attachments/" + *ticket}, {"name", row.name}, {"contentType", row.content_type}, {"sizeInBytes", row.size_bytes}});
}

}  // namespace

void add_contact_routes(wire::Router& router, CentreApi& api, OpenApi& openapi) {
  openapi.add(kOperations);
  router.add("GET", "/api/contact-search", as_searcher(api, search));
  router.add("GET", "/api/contact-search/choices", as_searcher(api, choices));
  router.add("GET", "/api/contacts/{contactId}", as_searcher(api, get_contact));
  router.add("GET", "/api/contacts/{contactId}/quality", as_searcher(api, get_quality));
  router.add("GET", "/api/contacts/{contactId}/transcript", as_searcher(api, get_transcript));
  router.add("GET", "/api/contacts/{contactId}/attachments/{attachmentId}", as_searcher(api, get_attachment));
}

}  // namespace upcall::api
