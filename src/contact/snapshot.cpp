#include "contact/snapshot.hpp"

#include <algorithm>

#include "contact/flow_snapshot.hpp"
#include "json/json.hpp"

namespace upcall::contact {
namespace {

namespace bj = boost::json;

constexpr std::int64_t kWaitedMaxMs = std::int64_t{30} * 24 * 3'600'000;  // more is a damaged snapshot

// A deadline as wall time; 0: none.
std::int64_t wall_of(Instant deadline, Now now) {
  return deadline.is_never() ? 0 : (now.wall + (deadline - now.mono)).unix_ms();
}

Instant mono_of(std::int64_t wall_ms, Now now) {
  if (wall_ms <= 0) return Instant::never();
  const WallTime wall = WallTime::from_unix_ms(wall_ms);
  return wall <= now.wall ? now.mono : now.mono + (wall - now.wall);
}

bj::object queue_json(const QueueRef& q) { return {{"queue", q.queue_id}, {"agent", q.agent_id}}; }

QueueRef queue_from(const bj::object& o, std::string_view name) {
  const bj::object* q = json::object_at(o, name);
  if (q == nullptr) return {};
  return {json::text_or(*q, "queue"), json::text_or(*q, "agent")};
}

}  // namespace

std::string to_snapshot(const Contact& c, Now now, const Flow* flow) {
  bj::object o;
  o["v"] = 1;
  o["id"] = c.id;
  o["state"] = to_string(c.state);
  o["started"] = c.started.unix_ms();
  if (c.connected) o["connected"] = c.connected->unix_ms();
  if (c.ended) o["ended"] = c.ended->unix_ms();
  o["endReason"] = c.end_reason;
  bj::object attributes;
  for (const auto& [name, value] : c.attributes) attributes[name] = value;
  o["attributes"] = std::move(attributes);
  bj::array participants;
  for (const Participant& p : c.participants) {
    participants.push_back(bj::object{{"id", p.id}, {"role", to_string(p.role)}, {"name", p.display_name}, {"user", p.user_id},
                                      {"joined", p.joined}, {"left", p.left}, {"silent", p.silent}, {"idle", p.idle}});
  }
  o["participants"] = std::move(participants);
  o["lastSeq"] = c.last_seq;
  if (!c.flow_id.empty() && flow != nullptr && c.position.block < flow->blocks.size()) {
    bj::object f{{"id", c.flow_id}, {"block", flow->blocks[c.position.block].id}, {"waiting", c.position.waiting},
                 {"deadline", wall_of(c.position.deadline, now)}};
    write_position(c.position, f);
    o["flow"] = std::move(f);
  }
  o["queueFlow"] = c.queue_flow_id;
  if (!c.remaining_flow_id.empty()) o["remainingFlow"] = c.remaining_flow_id;
  if (!c.initial_message.empty()) o["initialMessage"] = c.initial_message;
  if (!c.data.empty()) o["data"] = attributes_json(c.data);
  if (!c.tags.empty()) o["tags"] = attributes_json(c.tags);
  if (c.transfers != 0) o["transfers"] = c.transfers;
  o["flowSteps"] = c.flow_steps;
  o["target"] = queue_json(c.target);
  o["queue"] = queue_json(c.queue);
  o["priority"] = c.priority;
  o["order"] = c.order;
  if (c.age_adjustment != Duration()) o["ageAdjustment"] = c.age_adjustment.ms();
  o["enqueued"] = c.enqueued.unix_ms();
  bj::array segments;
  for (const Segment& s : c.segments) {
    bj::object segment{{"queue", queue_json(s.queue)}, {"agent", s.agent_id}, {"enqueued", s.enqueued.unix_ms()}, {"endReason", s.end_reason}, {"afterContact", s.after_contact}};
    if (s.connected) segment["connected"] = s.connected->unix_ms();
    if (s.ended) segment["ended"] = s.ended->unix_ms();
    segments.push_back(std::move(segment));
  }
  if (!segments.empty()) o["segments"] = std::move(segments);
  o["agent"] = c.agent_id;
  bj::array types;
  for (const std::string& type : c.content_types) types.push_back(bj::value(type));
  if (!types.empty()) o["contentTypes"] = std::move(types);
  bj::array attachments;
  for (const std::string& id : c.attachments) attachments.push_back(bj::value(id));
  if (!attachments.empty()) o["attachments"] = std::move(attachments);
  o["expires"] = wall_of(c.expires, now);
  o["connectDeadline"] = wall_of(c.connect_deadline, now);
  if (c.invitation) {
    o["invitation"] = bj::object{{"id", c.invitation->item_id}, {"meeting", c.invitation->external_meeting_id},
                                 {"attendee", c.invitation->attendee_external_user_id}, {"acknowledged", c.invitation->acknowledged}};
  }
  return bj::serialize(o);
}

ParseResult<Contact> from_snapshot(std::string_view text, Now now, const std::function<const Flow*(std::string_view)>& find_flow) {
  auto parsed = json::parse_object(text);
  if (!parsed) return fail(parsed.error());
  const bj::object& o = *parsed;
  if (json::integer_at(o, "v") != 1) return fail(ParseError::unsupported);
  Contact c;
  c.id = json::text_or(o, "id");
  const auto state = contact_state(json::text_or(o, "state"));
  const auto started = json::integer_at(o, "started");
  if (c.id.empty() || !state || !started) return fail(ParseError::malformed);
  c.state = *state;
  c.started = WallTime::from_unix_ms(*started);
  if (auto at = json::integer_at(o, "connected")) c.connected = WallTime::from_unix_ms(*at);
  if (auto at = json::integer_at(o, "ended")) c.ended = WallTime::from_unix_ms(*at);
  c.end_reason = json::text_or(o, "endReason");
  if (const bj::object* attributes = json::object_at(o, "attributes")) {
    for (const auto& [name, value] : *attributes) {
      if (value.is_string()) c.attributes.emplace(name, value.get_string().c_str());
    }
  }
  if (const bj::array* participants = json::array_at(o, "participants")) {
    for (const bj::value& value : *participants) {
      const bj::object* p = value.if_object();
      if (p == nullptr) return fail(ParseError::malformed);
      c.participants.push_back({json::text_or(*p, "id"), role_from(json::text_or(*p, "role")), json::text_or(*p, "name"),
                                json::text_or(*p, "user"), json::boolean_at(*p, "joined").value_or(false),
                                json::boolean_at(*p, "left").value_or(false), json::boolean_at(*p, "silent").value_or(false),
                                json::boolean_at(*p, "idle").value_or(false), now.mono});
    }
  }
  if (c.participants.empty() || c.participants.front().role != Role::customer) return fail(ParseError::malformed);
  c.last_seq = static_cast<std::uint64_t>(json::integer_at(o, "lastSeq").value_or(0));
  if (const bj::object* f = json::object_at(o, "flow")) {
    const std::string id = json::text_or(*f, "id");
    const Flow* flow = find_flow(id);
    if (flow != nullptr) {
      if (const auto block = flow->find(json::text_or(*f, "block"))) {
        c.flow_id = id;
        c.position.block = *block;
        c.position.waiting = json::boolean_at(*f, "waiting").value_or(false);
        c.position.deadline = mono_of(json::integer_at(*f, "deadline").value_or(0), now);
        read_position(*f, c.position);
      }
    }
  }
  c.queue_flow_id = json::text_or(o, "queueFlow");
  c.remaining_flow_id = json::text_or(o, "remainingFlow");
  c.initial_message = json::text_or(o, "initialMessage");
  c.data = attributes_from(o, "data");
  c.tags = attributes_from(o, "tags");
  c.transfers = static_cast<int>(json::integer_at(o, "transfers").value_or(0));
  c.flow_steps = static_cast<std::uint64_t>(json::integer_at(o, "flowSteps").value_or(0));
  c.target = queue_from(o, "target");
  c.queue = queue_from(o, "queue");
  c.priority = static_cast<int>(json::integer_at(o, "priority").value_or(5));
  c.order = static_cast<std::uint64_t>(json::integer_at(o, "order").value_or(0));
  c.enqueued = WallTime::from_unix_ms(json::integer_at(o, "enqueued").value_or(0));
  c.enqueued_at = now.mono - Duration::ms(std::clamp<std::int64_t>(now.wall.unix_ms() - std::clamp<std::int64_t>(c.enqueued.unix_ms(), 0, now.wall.unix_ms()), 0, kWaitedMaxMs));
  c.age_adjustment = Duration::ms(std::clamp(json::integer_at(o, "ageAdjustment").value_or(0), -kWaitedMaxMs, kWaitedMaxMs));
  if (const bj::array* segments = json::array_at(o, "segments")) {
    for (const bj::value& value : *segments) {
      const bj::object* s = value.if_object();
      if (s == nullptr) return fail(ParseError::malformed);
      Segment segment{queue_from(*s, "queue"), json::text_or(*s, "agent"), WallTime::from_unix_ms(json::integer_at(*s, "enqueued").value_or(0)), {}, {}, json::text_or(*s, "endReason"), json::boolean_at(*s, "afterContact").value_or(false)};
      if (auto at = json::integer_at(*s, "connected")) segment.connected = WallTime::from_unix_ms(*at);
      if (auto at = json::integer_at(*s, "ended")) segment.ended = WallTime::from_unix_ms(*at);
      c.segments.push_back(std::move(segment));
    }
  }
  c.agent_id = json::text_or(o, "agent");
  if (const bj::array* types = json::array_at(o, "contentTypes")) {
    for (const bj::value& type : *types) {
      if (type.is_string()) c.content_types.emplace_back(type.get_string());
    }
  }
  if (const bj::array* attachments = json::array_at(o, "attachments")) {
    for (const bj::value& id : *attachments) {
      if (id.is_string()) c.attachments.emplace_back(id.get_string());
    }
  }
  c.expires = mono_of(json::integer_at(o, "expires").value_or(0), now);
  c.connect_deadline = mono_of(json::integer_at(o, "connectDeadline").value_or(0), now);
  if (const bj::object* i = json::object_at(o, "invitation")) {
    c.invitation = Invitation{json::text_or(*i, "id"), json::text_or(*i, "meeting"), json::text_or(*i, "attendee"),
                              json::boolean_at(*i, "acknowledged").value_or(false), now.mono};
  }
  return c;
}

}  // namespace upcall::contact
