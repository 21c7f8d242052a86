#include "rtc/srtp/session.hpp"

#include <algorithm>

#include "base/invariant.hpp"

namespace upcall::srtp {

namespace {

constexpr std::size_t kRtcpHeaderSize = 8;  // of the first packet of the compound: stays readable
constexpr std::uint32_t kEncryptedBit = 0x80000000u;
constexpr std::uint32_t kMaxRtcpIndex = 0x7fffffffu;

std::uint16_t load16(const std::uint8_t* p) { return static_cast<std::uint16_t>(p[0] << 8 | p[1]); }
std::uint32_t load32(const std::uint8_t* p) {
  return static_cast<std::uint32_t>(p[0]) << 24 | static_cast<std::uint32_t>(p[1]) << 16 |
         static_cast<std::uint32_t>(p[2]) << 8 | p[3];
}
void store32(std::uint8_t* p, std::uint32_t v) {
  for (int i = 0; i < 4; ++i) p[i] = static_cast<std::uint8_t>(v >> (24 - 8 * i));
}

// Fixed header, CSRCs and header extension: what stays readable. 0 when they do not lie inside `packet`.
std::size_t rtp_header_size(Bytes packet) {
  if (packet.size() < 12 || packet[0] >> 6 != 2) return 0;
  std::size_t size = 12 + 4u * (packet[0] & 0xf);
  if ((packet[0] & 0x10) != 0) {
    if (packet.size() < size + 4) return 0;
    size += 4 + 4u * load16(packet.data() + size + 2);
  }
  return size <= packet.size() ? size : 0;
}

bool rtcp_header_ok(Bytes packet) { return packet.size() >= kRtcpHeaderSize && packet[0] >> 6 == 2; }

tl::unexpected<SrtpError> error(SrtpError e) { return tl::unexpected<SrtpError>(e); }

// Not fresh, as an error.
tl::unexpected<SrtpError> stale(Freshness f) {
  return error(f == Freshness::repeated ? SrtpError::replayed : SrtpError::too_old);
}

}  // namespace

std::string_view to_string(SrtpError e) {
  switch (e) {
    case SrtpError::malformed: return "malformed";
    case SrtpError::no_room: return "no_room";
    case SrtpError::auth_failed: return "auth_failed";
    case SrtpError::replayed: return "replayed";
    case SrtpError::too_old: return "too_old";
    case SrtpError::not_encrypted: return "not_encrypted";
    case SrtpError::table_full: return "table_full";
    case SrtpError::key_exhausted: return "key_exhausted";
  }
  return "malformed";
}

SrtpSession::SrtpSession(const MasterKey& master, Direction direction, std::size_t max_ssrcs)
    : profile_(master.profile),
      direction_(direction),
      max_ssrcs_(max_ssrcs),
      rtp_(make_half(master, direction, false)),
      rtcp_(make_half(master, direction, true)) {}

SrtpSession::Half SrtpSession::make_half(const MasterKey& master, Direction direction, bool rtcp) {
  const Profile profile = master.profile;
  Salt salt{};
  crypto::Secret<32> key;
  const MutBytes key_bytes = key.bytes().first(key_size(profile));
  derive(master, rtcp ? Label::rtcp_encryption : Label::rtp_encryption, key_bytes);
  derive(master, rtcp ? Label::rtcp_salt : Label::rtp_salt, MutBytes(salt).first(salt_size(profile)));
  if (is_aead(profile)) {
    return {crypto::Aead(profile == Profile::aead_aes_256_gcm ? crypto::AeadAlgorithm::aes_256_gcm
                                                              : crypto::AeadAlgorithm::aes_128_gcm,
                         key_bytes,
                         direction == Direction::protect ? crypto::AeadUse::seal_only : crypto::AeadUse::open_only),
            salt};
  }
  crypto::Secret<kAuthKeySize> auth;
  derive(master, rtcp ? Label::rtcp_authentication : Label::rtp_authentication, auth.bytes());
  return {CounterMode{crypto::AesCtr(key_bytes), crypto::HmacSha1(auth.bytes())}, salt};
}

std::size_t SrtpSession::find(std::uint32_t ssrc) {
  if (last_ < ssrcs_.size() && ssrcs_[last_] == ssrc) return last_;
  const auto it = std::find(ssrcs_.begin(), ssrcs_.end(), ssrc);
  if (it == ssrcs_.end()) return kNone;
  return last_ = static_cast<std::size_t>(it - ssrcs_.begin());
}

std::size_t SrtpSession::find_retired(std::uint32_t ssrc) const {
  const auto it = std::find(retired_ssrcs_.begin(), retired_ssrcs_.end(), ssrc);
  return it == retired_ssrcs_.end() ? kNone : static_cast<std::size_t>(it - retired_ssrcs_.begin());
}

bool SrtpSession::has_room() const { return ssrcs_.size() < max_ssrcs_ || retired_.size() < kRetiredMax; }

SrtpSession::Retired SrtpSession::take_retired(std::size_t at) {
  const Retired out = retired_[at];
  retired_ssrcs_[at] = retired_ssrcs_.back();
  retired_[at] = retired_.back();
  retired_ssrcs_.pop_back();
  retired_.pop_back();
  return out;
}

void SrtpSession::retire_one() {
  const auto longest = std::min_element(streams_.begin(), streams_.end(), [](const Stream& a, const Stream& b) { return a.used < b.used; });
  const auto highest = [](const auto& window) { return window.started() ? std::optional(window.highest()) : std::nullopt; };
  const std::uint32_t ssrc = ssrcs_[static_cast<std::size_t>(longest - streams_.begin())];
  retired_ssrcs_.push_back(ssrc);
  retired_.push_back({highest(longest->rtp), highest(longest->rtcp), longest->next_rtcp_index});
  forget_stream(ssrc);
}

std::size_t SrtpSession::add(std::uint32_t ssrc, std::size_t retired) {
  Stream stream;
  if (retired != kNone) {
    const Retired before = take_retired(retired);
    if (before.rtp_highest) stream.rtp.resume(*before.rtp_highest);
    if (before.rtcp_highest) stream.rtcp.resume(*before.rtcp_highest);
    stream.next_rtcp_index = before.next_rtcp_index;
  }
  if (ssrcs_.size() >= max_ssrcs_) retire_one();
  ssrcs_.push_back(ssrc);
  streams_.push_back(stream);
  return last_ = ssrcs_.size() - 1;
}

void SrtpSession::forget_stream(std::uint32_t ssrc) {
  const std::size_t at = find(ssrc);
  if (at == kNone) return;
  ssrcs_[at] = ssrcs_.back();
  streams_[at] = streams_.back();
  ssrcs_.pop_back();
  streams_.pop_back();
}

void SrtpSession::forget(std::uint32_t ssrc) {
  forget_stream(ssrc);
  if (const std::size_t at = find_retired(ssrc); at != kNone) take_retired(at);
}

SrtpResult SrtpSession::protect_rtp(MutBytes buffer, std::size_t size) {
  UPCALL_INVARIANT(direction_ == Direction::protect, "this session receives");
  if (size > buffer.size()) return error(SrtpError::malformed);
  const std::size_t header = rtp_header_size(buffer.first(size));
  if (header == 0) return error(SrtpError::malformed);
  const std::size_t tag = tag_size(profile_);
  if (buffer.size() - size < tag) return error(SrtpError::no_room);

  const std::uint16_t seq = load16(buffer.data() + 2);
  const std::uint32_t ssrc = load32(buffer.data() + 8);
  std::size_t at = find(ssrc);
  if (at == kNone) {
    const std::size_t retired = find_retired(ssrc);
    if (retired == kNone && !has_room()) return error(SrtpError::table_full);
    at = add(ssrc, retired);
  }
  Stream& stream = streams_[at];
  stream.used = ++packets_;
  const auto index = estimate_index(stream.rtp.started(), stream.rtp.highest(), seq);
  if (!index) {
    return error(stream.rtp.highest() >> 32 != 0 ? SrtpError::key_exhausted : SrtpError::too_old);
  }
  if (const Freshness f = stream.rtp.check(*index); f != Freshness::fresh) return stale(f);
  stream.rtp.set(*index);

  const MutBytes payload = buffer.subspan(header, size - header);
  if (auto* const aead = std::get_if<crypto::Aead>(&rtp_.cipher)) {
    aead->seal_in_place(gcm_rtp_nonce(rtp_.salt, ssrc, *index), buffer.first(header), payload,
                             buffer.subspan(size, tag));
  } else {
    CounterMode& mode = std::get<CounterMode>(rtp_.cipher);
    mode.ctr.apply(cm_counter_block(rtp_.salt, ssrc, *index), payload);
    std::uint8_t roc[4];
    store32(roc, static_cast<std::uint32_t>(*index >> 16));
    const crypto::Sha1Digest digest = mode.hmac.mac(buffer.first(size), roc);
    std::copy_n(digest.begin(), tag, buffer.begin() + static_cast<std::ptrdiff_t>(size));
  }
  return size + tag;
}

SrtpResult SrtpSession::unprotect_rtp(MutBytes packet) {
  UPCALL_INVARIANT(direction_ == Direction::unprotect, "this session sends");
  const std::size_t tag = tag_size(profile_);
  if (packet.size() < 12 + tag) return error(SrtpError::malformed);
  const std::size_t size = packet.size() - tag;
  const std::size_t header = rtp_header_size(packet.first(size));
  if (header == 0) return error(SrtpError::malformed);

  const std::uint16_t seq = load16(packet.data() + 2);
  const std::uint32_t ssrc = load32(packet.data() + 8);
  std::size_t at = find(ssrc);
  const std::size_t retired = at == kNone ? find_retired(ssrc) : kNone;
  std::uint64_t index = seq;
  if (at != kNone) {
    const Stream& stream = streams_[at];
    const auto estimated = estimate_index(stream.rtp.started(), stream.rtp.highest(), seq);
    if (!estimated) return error(SrtpError::too_old);
    index = *estimated;
    if (const Freshness f = stream.rtp.check(index); f != Freshness::fresh) return stale(f);
  } else if (retired != kNone) {
    if (const auto highest = retired_[retired].rtp_highest) {
      const auto estimated = estimate_index(true, *highest, seq);
      if (!estimated) return error(SrtpError::too_old);
      if (*estimated <= *highest) return error(SrtpError::replayed);
      index = *estimated;
    }
  } else if (!has_room()) {
    return error(SrtpError::table_full);
  }

  const MutBytes payload = packet.subspan(header, size - header);
  if (auto* const aead = std::get_if<crypto::Aead>(&rtp_.cipher)) {
    if (!aead->open_in_place(gcm_rtp_nonce(rtp_.salt, ssrc, index), packet.first(header), payload,
                                  packet.subspan(size))) {
      return error(SrtpError::auth_failed);
    }
  } else {
    CounterMode& mode = std::get<CounterMode>(rtp_.cipher);
    std::uint8_t roc[4];
    store32(roc, static_cast<std::uint32_t>(index >> 16));
    const crypto::Sha1Digest digest = mode.hmac.mac(packet.first(size), roc);
    if (!crypto::constant_time_equal(Bytes(digest).first(tag), packet.subspan(size))) {
      return error(SrtpError::auth_failed);
    }
    mode.ctr.apply(cm_counter_block(rtp_.salt, ssrc, index), payload);
  }
  // Only what is authentic makes state.
  if (at == kNone) at = add(ssrc, retired);
  streams_[at].used = ++packets_;
  streams_[at].rtp.set(index);
  return size;
}

SrtpResult SrtpSession::protect_rtcp(MutBytes buffer, std::size_t size) {
  UPCALL_INVARIANT(direction_ == Direction::protect, "this session receives");
  if (size > buffer.size() || !rtcp_header_ok(buffer.first(size))) return error(SrtpError::malformed);
  if (buffer.size() - size < rtcp_expansion()) return error(SrtpError::no_room);
  const std::uint32_t ssrc = load32(buffer.data() + 4);
  std::size_t at = find(ssrc);
  if (at == kNone) {
    const std::size_t retired = find_retired(ssrc);
    if (retired == kNone && !has_room()) return error(SrtpError::table_full);
    at = add(ssrc, retired);
  }
  streams_[at].used = ++packets_;
  if (streams_[at].next_rtcp_index > kMaxRtcpIndex) return error(SrtpError::key_exhausted);
  const std::uint32_t index = streams_[at].next_rtcp_index++;

  const MutBytes header = buffer.first(kRtcpHeaderSize);
  const MutBytes payload = buffer.subspan(kRtcpHeaderSize, size - kRtcpHeaderSize);
  std::uint8_t word[kSrtcpIndexSize];
  store32(word, index | kEncryptedBit);
  const auto end = buffer.begin() + static_cast<std::ptrdiff_t>(size);
  const std::size_t tag = tag_size(profile_);
  if (auto* const aead = std::get_if<crypto::Aead>(&rtcp_.cipher)) {
    // RFC 7714 §9.3: the tag comes before the index, which is authenticated with the header.
    std::array<std::uint8_t, kRtcpHeaderSize + kSrtcpIndexSize> aad;
    std::copy_n(word, kSrtcpIndexSize, std::copy(header.begin(), header.end(), aad.begin()));
    aead->seal_in_place(gcm_rtcp_nonce(rtcp_.salt, ssrc, index), aad, payload, buffer.subspan(size, tag));
    std::copy_n(word, kSrtcpIndexSize, end + static_cast<std::ptrdiff_t>(tag));
  } else {
    CounterMode& mode = std::get<CounterMode>(rtcp_.cipher);
    mode.ctr.apply(cm_counter_block(rtcp_.salt, ssrc, index), payload);
    std::copy_n(word, kSrtcpIndexSize, end);
    const crypto::Sha1Digest digest = mode.hmac.mac(buffer.first(size + kSrtcpIndexSize));
    std::copy_n(digest.begin(), tag, end + kSrtcpIndexSize);
  }
  return size + rtcp_expansion();
}

SrtpResult SrtpSession::unprotect_rtcp(MutBytes packet) {
  UPCALL_INVARIANT(direction_ == Direction::unprotect, "this session sends");
  if (packet.size() < kRtcpHeaderSize + rtcp_expansion() || !rtcp_header_ok(packet)) {
    return error(SrtpError::malformed);
  }
  const std::size_t tag = tag_size(profile_);
  const std::size_t size = packet.size() - rtcp_expansion();
  const std::size_t word_at = is_aead(profile_) ? size + tag : size;
  const std::uint32_t word = load32(packet.data() + word_at);
  if ((word & kEncryptedBit) == 0) return error(SrtpError::not_encrypted);
  const std::uint32_t index = word & ~kEncryptedBit;
  const std::uint32_t ssrc = load32(packet.data() + 4);
  std::size_t at = find(ssrc);
  const std::size_t retired = at == kNone ? find_retired(ssrc) : kNone;
  if (at != kNone) {
    if (const Freshness f = streams_[at].rtcp.check(index); f != Freshness::fresh) return stale(f);
  } else if (retired != kNone) {
    if (const auto highest = retired_[retired].rtcp_highest; highest && index <= *highest) return error(SrtpError::replayed);
  } else if (!has_room()) {
    return error(SrtpError::table_full);
  }

  const MutBytes payload = packet.subspan(kRtcpHeaderSize, size - kRtcpHeaderSize);
  if (auto* const aead = std::get_if<crypto::Aead>(&rtcp_.cipher)) {
    std::array<std::uint8_t, kRtcpHeaderSize + kSrtcpIndexSize> aad;
    std::copy_n(packet.begin(), kRtcpHeaderSize, aad.begin());
    store32(aad.data() + kRtcpHeaderSize, word);
    if (!aead->open_in_place(gcm_rtcp_nonce(rtcp_.salt, ssrc, index), aad, payload,
                                   packet.subspan(size, tag))) {
      return error(SrtpError::auth_failed);
    }
  } else {
    CounterMode& mode = std::get<CounterMode>(rtcp_.cipher);
    const crypto::Sha1Digest digest = mode.hmac.mac(packet.first(size + kSrtcpIndexSize));
    if (!crypto::constant_time_equal(Bytes(digest).first(tag), packet.subspan(size + kSrtcpIndexSize))) {
      return error(SrtpError::auth_failed);
    }
    mode.ctr.apply(cm_counter_block(rtcp_.salt, ssrc, index), payload);
  }
  if (at == kNone) at = add(ssrc, retired);
  streams_[at].used = ++packets_;
  streams_[at].rtcp.set(index);
  return size;
}

}  // namespace upcall::srtp
