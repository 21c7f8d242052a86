// SRTP and SRTCP (RFC 3711, RFC 7714) of one direction of one transport, in place, with every cipher context kept: a
// packet costs the cipher and nothing else. Allocates only when a new SSRC appears. One thread.
//
// Streams (RFC 3711 §3.2.3: one context an SSRC). Only an authentic packet makes one. A browser takes new SSRCs with each
// start of a camera, so the table of windows is full one day: then the stream that was unused for longest is retired. Of
// it the highest indices remain (§3.3.2 needs no more to refuse what was taken), so nothing of it can be replayed, and it
// may come back and goes on behind them; only late packets of it are lost. When the list of the retired is full as well,
// new SSRCs are refused (table_full) rather than anything forgotten.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "crypto/aead.hpp"
#include "crypto/aes_ctr.hpp"
#include "crypto/hmac.hpp"
#include "rtc/srtp/key_derivation.hpp"
#include "rtc/srtp/profile.hpp"
#include "rtc/srtp/replay_window.hpp"

namespace upcall::srtp {

enum class SrtpError : std::uint8_t {
  malformed,      // not an RTP or RTCP packet, or too short for its profile
  no_room,        // protect: the buffer cannot hold the tag
  auth_failed,    // changed on the way, or not from this peer
  replayed,       // this index was seen (unprotect) or used (protect) before
  too_old,        // behind the replay window
  not_encrypted,  // an SRTCP packet without the E bit: never agreed on
  table_full,     // as many SSRCs as both tables hold have come and gone
  key_exhausted,  // all indices of this key are used up (RFC 3711 §9.2)
};
inline constexpr std::size_t kSrtpErrorCount = 8;
std::string_view to_string(SrtpError error);

using SrtpResult = tl::expected<std::size_t, SrtpError>;  // the new size of the packet

enum class Direction : std::uint8_t { protect, unprotect };

class SrtpSession {
 public:
  static constexpr std::size_t kDefaultMaxSsrcs = 256;  // with their windows
  static constexpr std::size_t kRetiredMax = 4096;      // 40 bytes each: two thousand restarts of a camera
  // Late packets that are still taken: retransmissions on the original SSRC come seconds late.
  static constexpr std::size_t kRtpWindow = 1024;
  static constexpr std::size_t kRtcpWindow = 128;

  SrtpSession(const MasterKey& master, Direction direction, std::size_t max_ssrcs = kDefaultMaxSsrcs);

  // `buffer` holds a plain packet of `size` bytes and has room for kMaxExpansion more. Sequence numbers of an SSRC may
  // come out of order, but never twice (replayed) and never more than the window late (too_old). A sender's first
  // sequence number should lie below 2^15, or losing the first packets around its wrap locks the receiver out.
  SrtpResult protect_rtp(MutBytes buffer, std::size_t size);
  SrtpResult protect_rtcp(MutBytes buffer, std::size_t size);

  // The whole datagram. On an error its bytes are not to be used any more; no state has changed.
  SrtpResult unprotect_rtp(MutBytes packet);
  SrtpResult unprotect_rtcp(MutBytes packet);

  // Drops the state of an SSRC that the signalling has removed for good. Its old packets could be replayed afterwards
  // (receiving), and it must never be used again (sending).
  void forget(std::uint32_t ssrc);
  // Of those with windows.
  std::size_t ssrc_count() const { return ssrcs_.size(); }

  // Bytes that protect adds.
  std::size_t rtp_expansion() const { return tag_size(profile_); }
  std::size_t rtcp_expansion() const { return tag_size(profile_) + kSrtcpIndexSize; }
  Profile profile() const { return profile_; }

 private:
  struct CounterMode {
    crypto::AesCtr ctr;
    crypto::HmacSha1 hmac;
  };
  // RTP's or RTCP's half.
  struct Half {
    std::variant<crypto::Aead, CounterMode> cipher;
    Salt salt{};
  };
  struct Stream {
    ReplayWindow<kRtpWindow> rtp;
    ReplayWindow<kRtcpWindow> rtcp;
    std::uint32_t next_rtcp_index = 1;
    std::uint64_t used = 0;           // number of the last packet of this session that was of it
  };
  // What is left of a stream that made room.
  struct Retired {
    std::optional<std::uint64_t> rtp_highest, rtcp_highest;
    std::uint32_t next_rtcp_index = 1;
  };
  static constexpr std::size_t kNone = ~std::size_t(0);

  static Half make_half(const MasterKey& master, Direction direction, bool rtcp);
  // Slot of the SSRC or kNone.
  std::size_t find(std::uint32_t ssrc);
  // The same of a retired one.
  std::size_t find_retired(std::uint32_t ssrc) const;
  // Is there a place for one more stream, be it by retiring another?
  bool has_room() const;
  // A slot for an SSRC that has none; behind what is remembered of `retired` unless that is kNone. Only with has_room()
  // or when it was retired.
  std::size_t add(std::uint32_t ssrc, std::size_t retired);
  void retire_one();
  void forget_stream(std::uint32_t ssrc);
  Retired take_retired(std::size_t at);

  Profile profile_;
  Direction direction_;
  std::size_t max_ssrcs_;
  Half rtp_;
  Half rtcp_;
  std::vector<std::uint32_t> ssrcs_;  // beside streams_, so that a search touches little memory
  std::vector<Stream> streams_;
  std::size_t last_ = 0;
  std::uint64_t packets_ = 0;
  std::vector<std::uint32_t> retired_ssrcs_;
  std::vector<Retired> retired_;
};

}  // namespace upcall::srtp
