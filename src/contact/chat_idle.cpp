// Silence in a chat with an agent: told after a while, ended after some more.
#include "contact/centre_turn.hpp"

namespace upcall::contact {
namespace {

struct IdleLimits {
  Duration idle, disconnect;
};

IdleLimits limits_of(const CentreLimits& limits, Role role) {
  if (role == Role::customer) return {limits.customer_idle, limits.customer_disconnect};
  if (role == Role::agent) return {limits.agent_idle, limits.agent_disconnect};
  return {};
}

Instant deadline_of(const Participant& p, const IdleLimits& limits) {
  if (p.left || !p.joined || limits.idle <= Duration()) return Instant::never();
  if (!p.idle) return p.last_active + limits.idle;
  return limits.disconnect > Duration() ? p.last_active + limits.idle + limits.disconnect : Instant::never();
}

}  // namespace

Instant Centre::idle_timer(const Contact& c) const {
  Instant next = Instant::never();
  if (c.state != ContactState::connected) return next;
  for (const Participant& p : c.participants) next = std::min(next, deadline_of(p, limits_of(config_.limits, p.role)));
  return next;
}

void Centre::active(Turn& turn, Contact& c, Participant& p) {
  p.last_active = turn.now.mono;
  turn.touch(c);
  if (std::exchange(p.idle, false)) system_event(turn, c, content::kReturned, &p);
}

void Centre::check_idle(Turn& turn, Contact& c) {
  for (Participant& p : c.participants) {
    if (deadline_of(p, limits_of(config_.limits, p.role)) > turn.now.mono) continue;
    if (!p.idle) {
      p.idle = true;
      system_event(turn, c, content::kIdle, &p);
      continue;
    }
    system_event(turn, c, content::kAutoDisconnection, &p);
    p.left = true;
    system_event(turn, c, content::kLeft, &p);
    return end(turn, c, p.role == Role::agent ? "agent_idle" : "customer_idle");
  }
}

}  // namespace upcall::contact
