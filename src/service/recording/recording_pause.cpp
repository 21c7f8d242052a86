// Pausing a recording: who asks waits here, the life cycle decides on the service's thread.
#include <algorithm>
#include <future>

#include <boost/json.hpp>

#include "service/recording/live_recording.hpp"

namespace upcall::service {

namespace json = boost::json;

namespace {

constexpr std::chrono::seconds kPatience(5);

json::object facts_of(const store::Recording& row) {
  boost::system::error_code error;
  json::value facts = json::parse(row.data, error);
  return !error && facts.is_object() ? std::move(facts.get_object()) : json::object{};
}

}  // namespace

std::optional<WallTime> paused_until(const store::Recording& row) {
  const json::object facts = facts_of(row);
  const json::value* at = facts.if_contains("paused_until_ms");
  return at != nullptr && at->is_int64() ? std::optional(WallTime::from_unix_ms(at->get_int64())) : std::nullopt;
}

Result<std::shared_ptr<RecordingService::Live>> RecordingService::recording_live(const std::string& external_meeting_id) {
  auto current = store_.read([&](store::Database& db) { return store::recordings::in_progress(db, external_meeting_id); });
  if (!current) return tl::unexpected(current.error());
  auto live = *current ? find_live((*current)->recording_id) : nullptr;
  if (!live) return fail(ErrorCode::conflict, "No recording of this meeting is in progress.");
  return live;
}

std::string with_pause(const std::string& data, const recording::effect::WriteRow& effect, WallTime now) {
  store::Recording row;
  row.data = data;
  json::object facts = facts_of(row);
  if (!facts["pauses"].is_array()) facts["pauses"] = json::array();
  json::array& pauses = facts["pauses"].get_array();
  if (effect.pause == recording::PauseChange::begin) {
    facts["paused_until_ms"] = effect.row.paused_until.value_or(now).unix_ms();
    pauses.push_back(json::object{{"from_unix_ms", now.unix_ms()}, {"by", effect.actor}});
  } else {
    facts.erase("paused_until_ms");
    if (!pauses.empty() && pauses.back().is_object()) {
      pauses.back().get_object()["until_unix_ms"] = now.unix_ms();
      if (!effect.actor.empty()) pauses.back().get_object()["ended_by"] = effect.actor;
    }
  }
  return json::serialize(facts);
}

Result<RecordingService::Paused> RecordingService::pause(const std::string& external_meeting_id, Duration longest, const std::string& actor) {
  if (auto answer = pause_elsewhere(external_meeting_id, longest, actor)) return *answer;
  auto live = recording_live(external_meeting_id);
  if (!live) return tl::unexpected(live.error());
  auto reply = std::make_shared<Reply>();
  auto future = reply->future();
  auto paused = std::make_shared<Paused>();
  post([this, live = *live, longest, actor, reply, paused] {
    const recording::Ticket ticket = ticket_for([reply, paused, live](Reply::What what) {
      *paused = {live->row.recording_id, paused_until(live->row).value_or(WallTime())};
      reply->tell(what);
    });
    input(live, [&](auto& life, const Now& now, auto& out) { life.pause(now, longest, actor, ticket, out); });
  });
  reply.reset();
  if (future.wait_for(kPatience) != std::future_status::ready) return fail(ErrorCode::unavailable, "The recording service does not answer.");
  switch (future.get()) {
    case Reply::What::done: return *paused;
    case Reply::What::paused: return fail(ErrorCode::conflict, "The recording is paused already.");
    case Reply::What::unavailable: return fail(ErrorCode::unavailable, "The pause could not be written.");
    default: return fail(ErrorCode::conflict, "The recording has not begun, or is being stopped.");
  }
}

Result<void> RecordingService::go_on(const std::string& external_meeting_id, const std::string& actor) {
  if (auto answer = go_on_elsewhere(external_meeting_id, actor)) return *answer;
  auto live = recording_live(external_meeting_id);
  if (!live) return tl::unexpected(live.error());
  auto reply = std::make_shared<Reply>();
  auto future = reply->future();
  post([this, live = *live, actor, reply] {
    const recording::Ticket ticket = ticket_for([reply](Reply::What what) { reply->tell(what); });
    input(live, [&](auto& life, const Now& now, auto& out) { life.go_on(now, actor, ticket, out); });
  });
  reply.reset();
  if (future.wait_for(kPatience) != std::future_status::ready) return fail(ErrorCode::unavailable, "The recording service does not answer.");
  switch (future.get()) {
    case Reply::What::done: return {};
    case Reply::What::unavailable: return fail(ErrorCode::unavailable, "The end of the pause could not be written.");
    default: return fail(ErrorCode::conflict, "The recording is not paused.");
  }
}

}  // namespace upcall::service
