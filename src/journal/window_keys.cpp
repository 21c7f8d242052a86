#include "journal/window_keys.hpp"

#include <algorithm>

#include "crypto/hkdf.hpp"
#include "crypto/secret.hpp"

namespace upcall::journal {

namespace {

constexpr std::string_view kMagic = "UPCJWIN1";
constexpr std::uint16_t kFileVersion = 1;
constexpr std::size_t kHeadSize = 16;        // of a place, in clear
constexpr std::size_t kRangeSize = 20;       // of place 0, under its HMAC
constexpr std::size_t kSecret = 32;

crypto::Secret<kSecret> derived(Bytes recording_key, std::string_view label) {
  crypto::Secret<kSecret> out;
  crypto::hkdf_sha256(recording_key, {}, as_bytes(label), out.bytes());
  return out;
}

void write_head(MutBytes place, std::uint32_t epoch, std::uint32_t window, std::uint64_t from_us) {
  Writer w(place);
  w.u32(epoch);
  w.u32(window);
  w.u64(from_us);
}

std::array<std::uint8_t, crypto::kAeadNonceSize> nonce_of(std::uint32_t epoch, std::uint32_t window) {
  std::array<std::uint8_t, crypto::kAeadNonceSize> out{};
  Writer w(out);
  w.u32(epoch);
  w.u64(window);
  return out;
}

}  // namespace

ParseResult<WindowHead> parse_window_head(Bytes place) {
  Reader in(place);
  WindowHead out;
  out.epoch = in.u32();
  out.window = in.u32();
  out.from_us = in.u64();
  in.skip(kWindowPlaceSize - kHeadSize);
  if (!in.ok()) return fail(ParseError::truncated);
  if (out.window == 0) return fail(ParseError::malformed);
  return out;
}

WindowSecrets::WindowSecrets(Bytes recording_key)
    : wrap_(crypto::AeadAlgorithm::aes_256_gcm, derived(recording_key, "upcall journal windows").bytes()),
      mark_(derived(recording_key, "upcall journal forgotten").bytes()) {}

WindowPlace WindowSecrets::wrap(std::uint32_t epoch, std::uint32_t window, std::uint64_t from_us, Bytes key) {
  WindowPlace out{};
  const MutBytes all(out);
  write_head(all, epoch, window, from_us);
  wrap_.seal(nonce_of(epoch, window), Bytes(out).first(kHeadSize), key, all.subspan(kHeadSize, kSecret),
             all.subspan(kHeadSize + kSecret));
  return out;
}

WindowPlace WindowSecrets::forgotten(std::uint32_t window, std::uint64_t from_us) const {
  WindowPlace out{};
  write_head(out, 0, window, from_us);
  const auto mac = mark_.mac(Bytes(out).first(kHeadSize));
  std::copy(mac.begin(), mac.end(), out.begin() + kHeadSize);
  return out;
}

WindowState WindowSecrets::open(std::uint32_t window, Bytes place, MutBytes key) {
  const auto head = parse_window_head(place);
  if (!head) {
    // A place that is not there yet, or only in part; a power cut can leave zeros.
    const bool zeros = std::all_of(place.begin(), place.end(), [](std::uint8_t b) { return b == 0; });
    return head.error() == ParseError::truncated || zeros ? WindowState::absent : WindowState::damaged;
  }
  if (head->window != window) return WindowState::damaged;
  if (head->epoch == 0) {
    const auto mac = mark_.mac(place.first(kHeadSize));
    return crypto::constant_time_equal(mac, place.subspan(kHeadSize, kSecret)) ? WindowState::forgotten : WindowState::damaged;
  }
  const bool opened = wrap_.open(nonce_of(head->epoch, window), place.first(kHeadSize), place.subspan(kHeadSize, kSecret),
                                 place.subspan(kHeadSize + kSecret, crypto::kAeadTagSize), key);
  return opened ? WindowState::key : WindowState::damaged;
}

WindowPlace WindowSecrets::head(const WindowRange& forgetting) const {
  WindowPlace out{};
  Writer w(out);
  w.bytes(as_bytes(kMagic));
  w.u16(kFileVersion);
  w.u16(0);
  w.u32(forgetting.first);
  w.u32(forgetting.last);
  const auto mac = mark_.mac(w.written());
  w.bytes(mac);
  return out;
}

ParseResult<WindowRange> WindowSecrets::parse_head(Bytes place) const {
  Reader in(place);
  const Bytes magic = in.bytes(kMagic.size());
  const std::uint16_t version = in.u16();
  in.u16();
  WindowRange out;
  out.first = in.u32();
  out.last = in.u32();
  const Bytes mac = in.bytes(kSecret);
  if (!in.ok()) return fail(ParseError::truncated);
  if (as_text(magic) != kMagic) return fail(ParseError::malformed);
  if (version != kFileVersion) return fail(ParseError::unsupported);
  const bool proven = crypto::constant_time_equal(mark_.mac(place.first(kRangeSize)), mac);
  if (!proven || out.last < out.first) return WindowRange{};
  return out;
}

crypto::Aead window_cipher(Bytes recording_key, Bytes window_key, std::uint32_t epoch, std::uint32_t window,
                           crypto::AeadUse use) {
  std::array<std::uint8_t, 32> info{};
  Writer w(info);
  w.bytes(as_bytes("upcall journal window"));
  w.u32(epoch);
  w.u32(window);
  crypto::Secret<kSecret> key;
  crypto::hkdf_sha256(window_key, recording_key, w.written(), key.bytes());
  return crypto::Aead(crypto::AeadAlgorithm::aes_256_gcm, key.bytes(), use);
}

}  // namespace upcall::journal
