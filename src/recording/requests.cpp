#include "recording/requests.hpp"

namespace upcall::recording {

StartDecision decide_start(const StartFacts& facts) {
  if (facts.earlier_meeting) return *facts.earlier_meeting == facts.external_meeting_id ? StartDecision::again : StartDecision::other_meeting;
  if (!facts.meeting_live) return StartDecision::meeting_ended;
  return facts.in_progress ? StartDecision::in_progress : StartDecision::begin;
}

StopDecision decide_stop(const StopFacts& facts) {
  if (facts.stopped_with_key) return StopDecision::again;
  if (!facts.in_progress) return StopDecision::nothing;
  return facts.here ? StopDecision::ask : StopDecision::elsewhere;
}

}  // namespace upcall::recording
