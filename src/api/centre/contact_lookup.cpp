#include "api/centre/contact_lookup.hpp"

namespace upcall::api {
namespace {

ContactFacts facts_of(const contact::Contact& c) { return {c.id, c.state, c.agent_id, c.attributes}; }

}  // namespace

Result<std::optional<ContactFacts>> contact_facts(CentreApi& api, const std::string& contact_id) {
  auto live = api.service.get<std::optional<ContactFacts>>([&](const contact::Centre& centre) -> std::optional<ContactFacts> {
    const contact::Contact* c = centre.contact(contact_id);
    if (c == nullptr || c->state == contact::ContactState::ended) return std::nullopt;
    return facts_of(*c);
  });
  if (live) return live;
  return api.store.read([&](store::Database& db) -> Result<std::optional<ContactFacts>> {
    auto row = store::centre::find_contact(db, contact_id);
    if (!row) return tl::unexpected(row.error());
    if (!*row) return std::nullopt;
    auto attributes = store::centre::attributes(db, contact_id);
    if (!attributes) return tl::unexpected(attributes.error());
    return ContactFacts{(*row)->id, contact::ContactState::ended, (*row)->agent_id, std::move(*attributes)};
  });
}

std::optional<ContactFacts> contact_for_meeting(CentreApi& api, const std::string& agent_id, const std::string& external_meeting_id) {
  return api.service.get<std::optional<ContactFacts>>([&](const contact::Centre& centre) -> std::optional<ContactFacts> {
    for (const auto& [id, c] : centre.contacts()) {
      if (c.agent_id != agent_id || c.state != contact::ContactState::connected) continue;
      const auto meeting = c.attributes.find("videoExternalMeetingId");
      if (meeting != c.attributes.end() && meeting->second == external_meeting_id) return facts_of(c);
    }
    return std::nullopt;
  });
}

Result<CustomerIdentity> authenticate_customer(CentreApi& api, const wire::HttpRequest& request) {
  constexpr std::string_view kBearer = "Bearer ";
  const auto header = request.header("authorization");
  const auto refused = fail(ErrorCode::unauthenticated, "The chat's token is needed.");
  if (!header || !header->starts_with(kBearer) || header->size() > 512) return refused;
  const std::string peer = std::to_string(request.peer_key);
  if (!api.connections.has(peer, request.now.mono)) return fail(ErrorCode::exhausted, "Too many requests.");
  auto row = api.store.read([&](store::Database& db) { return store::centre::participant_by_token(db, header->substr(kBearer.size())); });
  if (!row) return tl::unexpected(row.error());
  if (!*row || (*row)->role != contact::Role::customer) {
    api.connections.charge(peer, request.now.mono);
    return refused;
  }
  auto facts = contact_facts(api, (*row)->contact_id);
  if (!facts) return tl::unexpected(facts.error());
  if (!*facts) return refused;
  return CustomerIdentity{std::move(**row), std::move(**facts)};
}

Result<void> set_contact_attribute(CentreApi& api, const std::string& contact_id, const std::string& name, const std::string& value) {
  const contact::Effects effects = api.service.call(contact::UpdateAttributes{contact_id, {{name, value}}});
  if (!effects.error) return {};
  if (effects.error->code != ErrorCode::not_found) return tl::unexpected(*effects.error);
  return api.store.write([&](store::Database& db) -> Result<void> {
    auto row = store::centre::find_contact(db, contact_id);
    if (!row) return tl::unexpected(row.error());
    if (!*row) return fail(ErrorCode::not_found, "no such contact");
    return store::centre::set_attribute(db, contact_id, name, value);
  });
}

}  // namespace upcall::api
