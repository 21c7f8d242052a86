#include "rtc/ice/lite_server.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include "rtc/stun/builder.hpp"

namespace upcall::ice {

IceLiteServer::IceLiteServer(Credentials local) : local_(std::move(local)), key_(as_bytes(local_.pwd)) {
  remote_ufrag_.reserve(256);
}

const IceLiteServer::Validated* IceLiteServer::best() const {
  const Validated* best = nullptr;
  for (std::size_t i = 0; i < count_; ++i) {
    const Validated& v = paths_[i];
    if (best == nullptr || std::pair(v.nominated, v.validated) > std::pair(best->nominated, best->validated)) {
      best = &v;
    }
  }
  return best;
}

IceLiteServer::Validated* IceLiteServer::find(const Path& path) {
  for (std::size_t i = 0; i < count_; ++i) {
    if (paths_[i].path == path) return &paths_[i];
  }
  return nullptr;
}

IceLiteServer::Validated& IceLiteServer::slot_for(const Path& path) {
  Validated* slot = nullptr;
  if (count_ < kMaxPaths) {
    slot = &paths_[count_++];
  } else {
    // Only the authenticated peer can get here, so the path it has not used for longest makes room, but never the one
    // that carries the media.
    const Validated* keep = best();
    for (Validated& v : paths_) {
      if (&v != keep && (slot == nullptr || v.last_check < slot->last_check)) slot = &v;
    }
  }
  *slot = Validated{.path = path, .last_check = {}, .validated = ++order_};
  return *slot;
}

bool IceLiteServer::username_ok(std::string_view username) const {
  const std::size_t colon = username.find(':');
  if (colon == std::string_view::npos || username.substr(0, colon) != local_.ufrag) return false;
  return remote_ufrag_.empty() || username.substr(colon + 1) == remote_ufrag_;
}

CheckResult IceLiteServer::refuse(const stun::Message& message, std::uint16_t code, MutBytes buffer,
                                  bool authenticated) {
  stun::Builder builder(buffer, stun::Class::error, message.method, message.transaction_id);
  builder.error_code(code);
  if (code == 420) {
    builder.unknown_attributes(std::span(message.unknown_types).first(message.unknown_count));
  }
  if (authenticated) builder.integrity(key_);
  const Bytes reply = builder.fingerprint().finish();
  if (reply.empty() || (!authenticated && reply.size() > message.raw.size())) return {};
  return {CheckOutcome::refused, reply};
}

CheckResult IceLiteServer::handle(Instant now, const Path& path, Bytes datagram, MutBytes buffer) {
  const auto message = stun::parse(datagram);
  if (!message) {
    ++counters_.malformed;
    return {};
  }
  return handle(now, path, *message, buffer);
}

CheckResult IceLiteServer::handle(Instant now, const Path& path, const stun::Message& message, MutBytes buffer) {
  if (message.cls == stun::Class::success && prober_.is_answer(path, message)) {
    ++counters_.moved;
    Validated* known = find(path);
    if (known == nullptr) known = &slot_for(path);
    known->last_check = now;
    nominate(now, *known);
    return {CheckOutcome::nominated, {}};
  }
  // Other answers are nobody's; indications ask for none. ICE demands FINGERPRINT.
  if (message.cls != stun::Class::request || message.method != stun::kBindingMethod || !message.has_fingerprint) {
    ++counters_.malformed;
    return {};
  }
  // RFC 8489 §9.1.3
  if (!message.username || !message.integrity_at) {
    ++counters_.malformed;
    return refuse(message, 400, buffer, false);
  }
  if (!username_ok(*message.username)) {
    ++counters_.wrong_username;
    return refuse(message, 401, buffer, false);
  }
  if (!stun::integrity_ok(message, key_)) {
    ++counters_.bad_integrity;
    return refuse(message, 401, buffer, false);
  }
  if (message.unknown_count > 0) return refuse(message, 420, buffer, true);
  if (!message.priority) return refuse(message, 400, buffer, true);
  // RFC 8445 §7.3.1.1: we are controlled and, being lite, cannot change the role.
  if (message.ice_controlled) {
    ++counters_.role_conflicts;
    return refuse(message, 487, buffer, true);
  }

  ++counters_.checks;
  const Bytes reply = stun::Builder(buffer, stun::Class::success, message.method, message.transaction_id)
                          .xor_mapped_address(path.remote)
                          .integrity(key_)
                          .fingerprint()
                          .finish();
  CheckOutcome outcome = CheckOutcome::replied;
  Validated* known = find(path);
  if (known == nullptr) {
    known = &slot_for(path);
    outcome = CheckOutcome::newly_validated;
  }
  known->last_check = now;
  known->ends_at = Instant::never();
  if (message.use_candidate) {
    if (known->nominated == 0 || best() != known) outcome = CheckOutcome::nominated;
    nominate(now, *known);
  }
  return {outcome, reply};
}

void IceLiteServer::nominate(Instant now, Validated& path) {
  path.nominated = ++order_;
  path.ends_at = Instant::never();
  for (std::size_t i = 0; i < count_; ++i) {
    Validated& other = paths_[i];
    if (&other != &path && other.nominated != 0) other.ends_at = std::min(other.ends_at, now + kLinger);
  }
}

Bytes IceLiteServer::probe(Instant now, const Path& path, std::size_t bytes, std::uint32_t tag, RandomSource& random, MutBytes buffer) {
  const Bytes check = prober_.heard(now, path, bytes, tag, random, buffer);
  if (!check.empty()) ++counters_.probes;
  return check;
}

bool IceLiteServer::is_validated(const Path& path) const {
  return std::any_of(paths_.begin(), paths_.begin() + static_cast<std::ptrdiff_t>(count_),
                     [&](const Validated& v) { return v.path == path; });
}

std::optional<Path> IceLiteServer::selected() const {
  const Validated* v = best();
  return v == nullptr ? std::nullopt : std::optional(v->path);
}

bool IceLiteServer::handle_timeout(Instant now) {
  const auto before = selected();
  for (std::size_t i = 0; i < count_;) {
    if (end_of(paths_[i]) <= now) {
      paths_[i] = paths_[--count_];
    } else {
      ++i;
    }
  }
  return selected() != before;
}

Instant IceLiteServer::next_deadline() const {
  Instant earliest = Instant::never();
  for (std::size_t i = 0; i < count_; ++i) earliest = std::min(earliest, end_of(paths_[i]));
  return earliest;
}

}  // namespace upcall::ice
