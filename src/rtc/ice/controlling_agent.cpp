#include "rtc/ice/controlling_agent.hpp"

#include <algorithm>
#include <utility>

namespace upcall::ice {

namespace {
// RFC 8445 §5.1.2.1 of a peer-reflexive candidate on the only component.
constexpr std::uint32_t kPriority = 110u << 24 | 65535u << 8 | 255u;
}  // namespace

IceControllingAgent::IceControllingAgent(Instant now, Credentials local, Credentials remote,
                                         std::span<const Path> candidates, RandomSource& random)
    : local_(std::move(local)),
      remote_(std::move(remote)),
      key_(as_bytes(remote_.pwd)),
      own_key_(as_bytes(local_.pwd)),
      random_(random),
      tie_breaker_(random.u64()),
      last_answer_(now) {
  for (const Path& path : candidates.first(std::min(candidates.size(), kMaxCandidates))) {
    Check check;
    check.path = path;
    check.next_send = now + kPacing * static_cast<std::int64_t>(checks_.size());
    checks_.push_back(check);
  }
}

std::optional<Path> IceControllingAgent::selected() const {
  if (state_ != AgentState::connected || !selected_) return std::nullopt;
  return checks_[*selected_].path;
}

Duration IceControllingAgent::consent_interval() {
  // RFC 7675 §5.1: 0.8 to 1.2 times the interval, at random.
  const std::int64_t fifth_ms = kConsentInterval.ms() / 5;
  const auto spread_ms = static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(2 * fifth_ms)));
  return Duration::ms(4 * fifth_ms + spread_ms);
}

void IceControllingAgent::begin(Check& check, bool nominate) {
  random_.fill(check.id);
  check.started = true;
  check.in_flight = true;
  check.nominating = nominate;
  check.interval = kFirstRetransmit;
}

void IceControllingAgent::send(Instant now, Check& check, CheckOutbox& out) {
  if (CheckOutbox::Item* item = out.add()) {
    stun::Builder builder(item->data, stun::Class::request, stun::kBindingMethod, check.id);
    builder.username(remote_.ufrag, local_.ufrag).priority(kPriority).ice_controlling(tie_breaker_);
    if (check.nominating) builder.use_candidate();
    item->path = check.path;
    item->size = builder.integrity(key_).fingerprint().finish().size();
    if (item->size == 0) out.drop_last();
  }
  check.next_send = now + check.interval;
  check.interval = std::min(check.interval * 2, kLongestRetransmit);
}

bool IceControllingAgent::handle(Instant now, const Path& path, Bytes datagram, CheckOutbox& out) {
  if (state_ == AgentState::failed) return false;
  const auto message = stun::parse(datagram);
  if (message && message->cls == stun::Class::request) {
    answer(path, *message, out);
    return false;
  }
  if (!message || message->method != stun::kBindingMethod || message->cls != stun::Class::success) {
    // Error answers change nothing: the check is repeated until time is up, as a strange or forged error must not end
    // what another answer can still prove.
    return false;
  }
  // RFC 8445 §7.2.5.2.1: the answer must come from where the check went.
  const auto check = std::find_if(checks_.begin(), checks_.end(), [&](const Check& c) {
    return c.in_flight && c.path == path && c.id == message->transaction_id;
  });
  if (check == checks_.end() || !message->xor_mapped_address || !stun::integrity_ok(*message, key_)) return false;

  check->in_flight = false;
  last_answer_ = now;
  reflexive_ = message->xor_mapped_address;
  const auto index = static_cast<std::size_t>(check - checks_.begin());
  if (state_ == AgentState::checking) {
    // Media may use a validated path at once; nomination follows on the heels of the first answer.
    state_ = AgentState::connected;
    selected_ = index;
    begin(*check, true);
    send(now, *check, out);
    return true;
  }
  if (selected_ == index) check->next_send = now + consent_interval();
  return false;
}

void IceControllingAgent::answer(const Path& path, const stun::Message& request, CheckOutbox& out) {
  if (request.method != stun::kBindingMethod || stun::receiver_ufrag(request) != local_.ufrag || !stun::integrity_ok(request, own_key_)) return;
  CheckOutbox::Item* item = out.add();
  if (item == nullptr) return;
  item->path = path;
  item->size = stun::Builder(item->data, stun::Class::success, request.method, request.transaction_id)
                   .xor_mapped_address(path.remote)
                   .integrity(own_key_)
                   .fingerprint()
                   .finish()
                   .size();
  if (item->size == 0) out.drop_last();
}

bool IceControllingAgent::handle_timeout(Instant now, CheckOutbox& out) {
  if (state_ == AgentState::failed) return false;
  if (now - last_answer_ >= kGiveUp) {
    state_ = AgentState::failed;
    return true;
  }
  for (std::size_t i = 0; i < checks_.size(); ++i) {
    Check& check = checks_[i];
    if (state_ == AgentState::connected && i != selected_) continue;
    if (now < check.next_send) continue;
    if (!check.in_flight) begin(check, state_ == AgentState::connected);
    send(now, check, out);
  }
  return false;
}

Instant IceControllingAgent::next_deadline() const {
  if (state_ == AgentState::failed) return Instant::never();
  Instant earliest = last_answer_ + kGiveUp;
  for (std::size_t i = 0; i < checks_.size(); ++i) {
    if (state_ == AgentState::connected && i != selected_) continue;
    earliest = std::min(earliest, checks_[i].next_send);
  }
  return earliest;
}

}  // namespace upcall::ice
