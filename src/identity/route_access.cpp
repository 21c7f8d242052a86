#include "identity/route_access.hpp"

namespace upcall::identity {
namespace {

using enum Credential;
constexpr auto kContacts = Permission::contact_handle;
constexpr auto kSearch = Permission::contact_search;
constexpr auto kMeetings = Permission::meeting_create;
constexpr auto kRecordings = Permission::recording_control;

constexpr RouteRule kRules[] = {
    // Log-in and keys.
    {"POST", "/oauth2/token", none, {}},
    {"GET", "/oauth2/jwks", none, {}},
    {"GET", "/.well-known/openid-configuration", none, {}},
    {"GET", "/oauth2/authorize", none, {}},
    {"GET", "/oauth2/userInfo", none, {}},
    {"POST", "/oauth2/userInfo", none, {}},
    {"POST", "/oauth2/revoke", none, {}},
    {"GET", "/oauth2/logout", none, {}},
    {"GET", "/oauth2/federate", none, {}},
    {"GET", "/oauth2/callback", none, {}},
    {"GET", "/logout", none, {}},
    {"GET", "/login", none, {}},
    {"POST", "/login", none, {}},
    {"GET", "/account/forgotten", none, {}},
    {"POST", "/account/forgotten", none, {}},
    {"GET", "/account/password", none, {}},
    {"POST", "/account/password", none, {}},
    {"GET", "/account/second-factor", none, {}},
    {"POST", "/account/second-factor", none, {}},
    {"GET", "/account/style.css", none, {}},
    // Pages and operation.
    {"GET", "/", none, {}},
    {"GET", "/devices", none, {}},
    {"GET", "/meeting/{id}", none, {}},
    {"GET", "/recording/{externalMeetingId}", none, {}},
    {"GET", "/contacts", none, {}},
    {"GET", "/contacts/{contactId}", none, {}},
    {"GET", "/demo-website.html", none, {}},
    {"GET", "/widget.js", none, {}},
    {"GET", "/favicon.svg", none, {}},
    {"GET", "/favicon.ico", none, {}},
    {"GET", "/assets/{file...}", none, {}},
    {"GET", "/frontend-config.js", none, {}},
    {"GET", "/api/openapi.json", none, {}},
    {"GET", "/healthz", none, {}},
    {"GET", "/readyz", none, {}},
    {"GET", "/metrics", none, {}},
    // Customers.
    {"POST", "/api/chat/start", none, {}},
    {"POST", "/aws/participant/participant/connection", participant, {}, ObjectRule::customers_own},
    {"POST", "/aws/participant/participant/message", participant, {}, ObjectRule::customers_own},
    {"POST", "/aws/participant/participant/event", participant, {}, ObjectRule::customers_own},
    {"POST", "/aws/participant/participant/transcript", participant, {}, ObjectRule::customers_own},
    {"POST", "/aws/participant/participant/disconnect", participant, {}, ObjectRule::customers_own},
    {"POST", "/aws/participant/participant/start-attachment-upload", participant, {}, ObjectRule::customers_own},
    {"POST", "/aws/participant/participant/complete-attachment-upload", participant, {}, ObjectRule::customers_own},
    {"POST", "/aws/participant/participant/attachment", participant, {}, ObjectRule::customers_own},
    // The ticket in the address is the credential.
    {"PUT", "/aws/participant/attachments/{ticket}", none, {}},
    {"GET", "/aws/participant/attachments/{ticket}", none, {}},
    {"WEBSOCKET", "/aws/participant/socket", participant, {}, ObjectRule::customers_own},
    {"GET", "/api/meeting/attendee-join-data", participant, {}, ObjectRule::customers_own},
    {"GET", "/api/meeting/attendee", participant, {}, ObjectRule::customers_own},
    {"GET", "/api/meeting/attendee-name", participant, {}, ObjectRule::customers_own},
    // Agents.
    {"GET", "/api/agent/state", person, kContacts},
    {"PUT", "/api/agent/status", person, kContacts},
    {"POST", "/api/agent/contacts/{contactId}/accept", person, kContacts, ObjectRule::own_contact},
    {"POST", "/api/agent/contacts/{contactId}/reject", person, kContacts, ObjectRule::own_contact},
    {"POST", "/api/agent/contacts/{contactId}/end", person, kContacts, ObjectRule::own_contact},
    {"POST", "/api/agent/contacts/{contactId}/clear", person, kContacts, ObjectRule::own_contact},
    {"POST", "/api/agent/contacts/{contactId}/items", person, kContacts, ObjectRule::own_contact},
    {"GET", "/api/agent/contacts/{contactId}/items", person, kContacts, ObjectRule::own_contact},
    {"PUT", "/api/agent/contacts/{contactId}/attributes", person, kContacts, ObjectRule::own_contact},
    {"POST", "/api/agent/contacts/{contactId}/attachments", person, kContacts, ObjectRule::own_contact},
    {"POST", "/api/agent/contacts/{contactId}/attachments/{attachmentId}/complete", person, kContacts, ObjectRule::own_contact},
    {"GET", "/api/agent/contacts/{contactId}/attachments/{attachmentId}", person, kContacts, ObjectRule::own_contact},
    {"POST", "/api/agent/contacts/{contactId}/connection", person, kContacts, ObjectRule::own_contact},
    {"GET", "/api/supervisor/contacts", person, Permission::contact_monitor},
    {"POST", "/api/supervisor/contacts/{contactId}/monitor", person, Permission::contact_monitor, ObjectRule::supervised_contact},
    {"POST", "/api/supervisor/contacts/{contactId}/barge", person, Permission::contact_monitor, ObjectRule::supervised_contact},
    {"POST", "/api/supervisor/contacts/{contactId}/leave", person, Permission::contact_monitor, ObjectRule::supervised_contact},
    {"GET", "/api/agent/statuses", person, kContacts},
    {"GET", "/api/agent/quick-connects", person, kContacts},
    {"POST", "/api/agent/contacts/{contactId}/transfer", person, kContacts, ObjectRule::own_contact},
    {"DELETE", "/api/agent/contacts/{contactId}/transfer", person, kContacts, ObjectRule::own_contact},
    {"WEBSOCKET", "/api/agent/events", person, kContacts},
    {"POST", "/api/routing/adhoc", person, kContacts},
    // Contacts that are over.
    {"GET", "/api/contact-search", staff, kSearch},
    {"GET", "/api/contact-search/choices", staff, kSearch},
    {"GET", "/api/contacts/{contactId}", staff, kSearch, ObjectRule::supervised_contact},
    {"GET", "/api/contacts/{contactId}/transcript", staff, kSearch, ObjectRule::supervised_contact},
    {"GET", "/api/contacts/{contactId}/attachments/{attachmentId}", staff, kSearch, ObjectRule::supervised_contact},
    // Meetings.
    {"POST", "/api/chime/meeting", staff, kMeetings},
    {"DELETE", "/api/chime/meeting", staff, kMeetings, ObjectRule::own_meeting},
    {"POST", "/api/chime/attendee", staff, kMeetings, ObjectRule::own_meeting},
    {"DELETE", "/api/chime/attendee", staff, kMeetings, ObjectRule::own_meeting},
    {"GET", "/api/chime/attendee", staff, kMeetings, ObjectRule::own_meeting},
    {"GET", "/api/chime/attendee-name", staff, kMeetings, ObjectRule::own_meeting},
    {"WEBSOCKET", "/control/{meetingId}", join_token, {}},
    {"GET", "/internal/meetings/{id}", staff, Permission::instance_admin},
    // The original's ConnectAPI: who one is in the contact centre.
    {"POST", "/api/connect/setConnectUserId", person, {}},
    {"PUT", "/api/connect/connect-user-cache", person, {}},
    {"GET", "/api/connect/user", person, {}},
    // Recordings. Playback asks for a profile, not for a permission.
    {"POST", "/api/recording/recording", staff, kRecordings, ObjectRule::own_meeting},
    {"DELETE", "/api/recording/recording", staff, kRecordings, ObjectRule::own_or_supervised},
    {"POST", "/api/recording/pause", staff, kRecordings, ObjectRule::own_meeting},
    {"POST", "/api/recording/resume", staff, kRecordings, ObjectRule::own_meeting},
    {"POST", "/api/recording/forget", staff, kRecordings, ObjectRule::own_meeting},
    {"GET", "/api/recording/recording-summary", staff, {}, ObjectRule::playback},
    {"GET", "/api/recording/manifest/{recordingId}", staff, {}, ObjectRule::playback},
    {"GET", "/api/recording/manifest-key", staff, {}},
    {"GET", "/api/recording/media/{recordingId}", none, {}, ObjectRule::playback},
    {"GET", "/api/recording/live/{recordingId}/index.m3u8", none, {}, ObjectRule::playback},
    {"GET", "/api/recording/live/{recordingId}/film.mp4", none, {}, ObjectRule::playback},
    // The vendor's interface for its SDKs. Without a permission here: the contact's agent, the own entry, or who may all of it.
    {"PUT", "/aws/connect/contact/chat", access_key, kContacts},
    {"POST", "/aws/connect/contact/stop", access_key, {}},
    {"POST", "/aws/connect/contact/attributes", access_key, {}},
    {"GET", "/aws/connect/contact/attributes/{instance}/{contact}", access_key, {}},
    {"GET", "/aws/connect/contacts/{instance}/{contact}", access_key, {}},
    {"POST", "/aws/connect/contacts/{instance}/{contact}/routing-data", access_key, {}},
    {"POST", "/aws/connect/search-contacts", access_key, kSearch},
    {"GET", "/aws/connect/instance", access_key, {}},
    {"GET", "/aws/connect/instance/{instance}", access_key, {}},
    {"GET", "/aws/connect/users-summary/{instance}", access_key, Permission::user_admin},
    {"POST", "/aws/connect/search-users", access_key, Permission::user_admin},
    {"GET", "/aws/connect/users/{instance}/{user}", access_key, {}},
    {"PUT", "/aws/connect/users/{instance}", access_key, Permission::user_admin},
    {"POST", "/aws/connect/users/{instance}/{user}/hierarchy", access_key, Permission::user_admin},
    {"POST", "/aws/connect/users/{instance}/{user}/security-profiles", access_key, Permission::user_admin},
    {"POST", "/aws/connect/users/{instance}/{user}/routing-profile", access_key, Permission::user_admin},
    {"POST", "/aws/connect/users/{instance}/{user}/identity-info", access_key, Permission::user_admin},
    {"DELETE", "/aws/connect/users/{instance}/{user}", access_key, Permission::user_admin},
    {"PUT", "/aws/connect/users/{instance}/{user}/status", access_key, {}},
    {"POST", "/aws/connect/users/{instance}/{user}/contact", access_key, {}},
    {"POST", "/aws/connect/metrics/userdata/{instance}", access_key, Permission::contact_monitor},
    {"GET", "/aws/connect/user-hierarchy-structure/{instance}", access_key, Permission::user_admin},
    {"POST", "/aws/connect/user-hierarchy-structure/{instance}", access_key, Permission::user_admin},
    {"PUT", "/aws/connect/security-profiles/{instance}", access_key, Permission::user_admin},
    {"GET", "/aws/connect/user-hierarchy-groups/{instance}/{group}", access_key, {}},
    {"GET", "/aws/connect/user-hierarchy-groups-summary/{instance}", access_key, Permission::user_admin},
    {"PUT", "/aws/connect/user-hierarchy-groups/{instance}", access_key, Permission::user_admin},
    {"GET", "/aws/connect/security-profiles-summary/{instance}", access_key, Permission::user_admin},
    {"GET", "/aws/connect/security-profiles/{instance}/{profile}", access_key, Permission::user_admin},
    {"GET", "/aws/connect/user/federate/{instance}", access_key, {}},
    {"GET", "/aws/connect/queues-summary/{instance}", access_key, Permission::routing_admin},
    {"GET", "/aws/connect/queues/{instance}/{queue}", access_key, Permission::routing_admin},
    {"PUT", "/aws/connect/queues/{instance}", access_key, Permission::routing_admin},
    {"GET", "/aws/connect/routing-profiles-summary/{instance}", access_key, Permission::routing_admin},
    {"GET", "/aws/connect/routing-profiles/{instance}/{profile}", access_key, Permission::routing_admin},
    {"GET", "/aws/connect/routing-profiles/{instance}/{profile}/queues", access_key, Permission::routing_admin},
    {"PUT", "/aws/connect/routing-profiles/{instance}", access_key, Permission::routing_admin},
    {"POST", "/aws/connect/routing-profiles/{instance}/{profile}/associate-queues", access_key, Permission::routing_admin},
    {"GET", "/aws/connect/agent-status/{instance}", access_key, Permission::routing_admin},
    {"PUT", "/aws/connect/agent-status/{instance}", access_key, Permission::routing_admin},
    {"GET", "/aws/connect/agent-status/{instance}/{status}", access_key, Permission::routing_admin},
    {"POST", "/aws/connect/agent-status/{instance}/{status}", access_key, Permission::routing_admin},
    {"GET", "/aws/connect/hours-of-operations-summary/{instance}", access_key, Permission::routing_admin},
    {"PUT", "/aws/connect/hours-of-operations/{instance}", access_key, Permission::routing_admin},
    {"GET", "/aws/connect/hours-of-operations/{instance}/{hours}", access_key, Permission::routing_admin},
    {"POST", "/aws/connect/hours-of-operations/{instance}/{hours}", access_key, Permission::routing_admin},
    {"DELETE", "/aws/connect/hours-of-operations/{instance}/{hours}", access_key, Permission::routing_admin},
    {"PUT", "/aws/connect/contact-flows/{instance}", access_key, Permission::flow_admin},
    {"POST", "/aws/connect/contact-flows/{instance}/{flow}/content", access_key, Permission::flow_admin},
    {"GET", "/aws/connect/contact-flows/{instance}/{flow}", access_key, Permission::flow_admin},
    {"GET", "/aws/connect/contact-flows-summary/{instance}", access_key, Permission::flow_admin},
    {"GET", "/aws/connect/{rest...}", access_key, {}},
    {"PUT", "/aws/connect/{rest...}", access_key, {}},
    {"POST", "/aws/connect/{rest...}", access_key, {}},
    {"DELETE", "/aws/connect/{rest...}", access_key, {}},
    {"GET", "/aws/s3/{rest...}", object_key, {}, ObjectRule::playback},
    {"HEAD", "/aws/s3/{rest...}", object_key, {}, ObjectRule::playback},
    {"PUT", "/aws/s3/{rest...}", object_key, {}, ObjectRule::playback},
    {"POST", "/aws/s3/{rest...}", object_key, {}, ObjectRule::playback},
    {"DELETE", "/aws/s3/{rest...}", object_key, {}, ObjectRule::playback},
};

}  // namespace

std::span<const RouteRule> route_rules() { return kRules; }

const RouteRule* route_rule(std::string_view method, std::string_view pattern) {
  const auto find = [&](std::string_view wanted) -> const RouteRule* {
    for (const RouteRule& rule : kRules) {
      if (rule.pattern == pattern && rule.method == wanted) return &rule;
    }
    return nullptr;
  };
  const RouteRule* rule = find(method);
  return rule == nullptr && method == "HEAD" ? find("GET") : rule;
}

}  // namespace upcall::identity
