#include "rtc/ice/path_prober.hpp"

#include <algorithm>
#include <span>

#include "rtc/stun/builder.hpp"

namespace upcall::ice {

namespace {
// RFC 8445 §5.1.2.1 of a host candidate.
constexpr std::uint32_t kPriority = 126u << 24 | 65535u << 8 | 255u;
}  // namespace

void PathProber::set_peer(std::string_view local_ufrag, std::string_view remote_ufrag, std::string_view remote_pwd) {
  local_ufrag_ = local_ufrag;
  remote_ufrag_ = remote_ufrag;
  key_.emplace(as_bytes(remote_pwd));
}

PathProber::Stranger& PathProber::slot_for(Instant now, const Path& path) {
  for (std::size_t i = 0; i < count_; ++i) {
    if (strangers_[i].path == path) return strangers_[i];
  }
  Stranger* slot = &strangers_[0];
  if (count_ < kMaxStrangers) {
    slot = &strangers_[count_++];
  } else {
    for (Stranger& s : strangers_) {
      if (s.last_heard < slot->last_heard) slot = &s;
    }
  }
  *slot = Stranger{.path = path, .last_heard = now, .next_check = now};
  return *slot;
}

Bytes PathProber::heard(Instant now, const Path& path, std::size_t bytes, std::uint32_t tag, RandomSource& random, MutBytes buffer) {
  if (!key_) return {};
  Stranger& stranger = slot_for(now, path);
  stranger.last_heard = now;
  // What was not spent is not kept for long: it would allow a burst.
  stranger.credit = std::min<std::size_t>(stranger.credit + bytes, stun::kBuildBufferSize);
  if (now < stranger.next_check) return {};
  stun::TransactionId id;
  random.fill(id);
  for (std::size_t i = 0; i < 4; ++i) id[i] = static_cast<std::uint8_t>(tag >> (24 - 8 * i));
  const Bytes check = stun::Builder(buffer, stun::Class::request, stun::kBindingMethod, id)
                          .username(remote_ufrag_, local_ufrag_)
                          .priority(kPriority)
                          .ice_controlled(0)   // the peer is controlling: what breaks a tie decides nothing
                          .integrity(*key_)
                          .fingerprint()
                          .finish();
  if (check.empty() || check.size() > stranger.credit) return {};
  stranger.credit -= check.size();
  stranger.next_check = now + kInterval;
  stranger.asked[1] = stranger.asked[0];
  stranger.asked[0] = id;
  return check;
}

bool PathProber::is_answer(const Path& path, const stun::Message& message) {
  if (!key_ || message.cls != stun::Class::success || message.method != stun::kBindingMethod) return false;
  for (std::size_t i = 0; i < count_; ++i) {
    Stranger& stranger = strangers_[i];
    // RFC 8445 §7.2.5.2.1: it must come from where the check went.
    if (stranger.path != path) continue;
    // An id of zeros was never sent: random bytes fill the rest of one.
    const bool asked = message.transaction_id != stun::TransactionId{} &&
                       std::find(stranger.asked.begin(), stranger.asked.end(), message.transaction_id) != stranger.asked.end();
    if (!asked || !stun::integrity_ok(message, *key_)) return false;
    stranger = strangers_[--count_];
    return true;
  }
  return false;
}

}  // namespace upcall::ice
