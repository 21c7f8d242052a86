// The key file of a journal of version 2: a random key for each window of about a second, wrapped under the recording's
// key. Without a window's key its blocks cannot be opened, not even with the recording's: overwriting the key forgets them.
//
// The file has places of 64 bytes. All integers big-endian.
//   place 0  "UPCJWIN1", u16 version, u16 zero, u32 first, u32 last, 32 bytes HMAC over the 20 bytes before; zeros.
//            Windows first..last are being forgotten (0: none): they count as forgotten whatever their places hold.
//   place n  of window n: u32 epoch, u32 n, u64 from_us, 32 bytes key under AES-256-GCM, 16-byte tag. The wrapping key is
//            HKDF-SHA256(recording key, info "upcall journal windows"); nonce = epoch and u64 n, which one writer uses
//            once; additional data = the place's first 16 bytes.
//            Forgotten: epoch 0, n, from_us, 32 bytes HMAC over them under the mark's key, zeros. So forgetting tells
//            itself from damage, and doing it twice writes the same.
// Windows are numbered from 1 in the order of time; a number may be left out (zeros). from_us: where its first block
// begins. Pure values; one thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "crypto/aead.hpp"
#include "crypto/hmac.hpp"

namespace upcall::journal {

// A window's blocks end at most this long after its first one began; a block that is longer has a window of its own.
inline constexpr std::uint64_t kWindowUs = 1'000'000;
// A forgetting that begins later than this behind its question is refused: who composes trails by the time in which
// something may be forgotten, a window, and this, so that nothing that is forgotten was ever opened.
inline constexpr std::uint64_t kForgetWithinUs = 2'000'000;
inline constexpr std::size_t kWindowPlaceSize = 64;
inline constexpr const char* kWindowFileName = "windows.upk";

using WindowPlace = std::array<std::uint8_t, kWindowPlaceSize>;

// Windows that are being forgotten.
struct WindowRange {
  std::uint32_t first = 0, last = 0;   // 0: none
  bool covers(std::uint32_t window) const { return first != 0 && first <= window && window <= last; }
  bool operator==(const WindowRange&) const = default;
};

enum class WindowState : std::uint8_t {
  absent,     // not written (yet)
  key,
  forgotten,
  damaged,    // neither a key nor a mark of this recording
};

// What a place says without a key.
struct WindowHead {
  std::uint32_t epoch = 0;   // 0: forgotten
  std::uint32_t window = 0;
  std::uint64_t from_us = 0;
};
// truncated; malformed: zeros, or what was never a place.
ParseResult<WindowHead> parse_window_head(Bytes place);

// The windows that hold something of from_us and later: those that end then or later, a window ending where the next one
// begins. `read(window, MutBytes)` gives a place's bytes, fewer when there are none. first 0: none.
template <class Read>
WindowRange windows_since(std::uint64_t from_us, std::uint32_t last, Read&& read, std::uint64_t& begin_us) {
  WindowRange out;
  for (std::uint32_t window = last; window > 0; --window) {
    WindowPlace place{};
    const auto head = read(window, MutBytes(place)) == place.size() ? parse_window_head(place)
                                                                      : ParseResult<WindowHead>(fail(ParseError::truncated));
    if (!head || head->window != window) continue;
    out = {window, last};
    begin_us = head->from_us;
    if (head->from_us < from_us) break;
  }
  return out;
}

// The keys that are made of a recording's key for this. Move-only. Const members from any thread.
class WindowSecrets {
 public:
  explicit WindowSecrets(Bytes recording_key);

  WindowPlace wrap(std::uint32_t epoch, std::uint32_t window, std::uint64_t from_us, Bytes key);
  WindowPlace forgotten(std::uint32_t window, std::uint64_t from_us) const;
  // `key` (32 bytes) is filled when the answer is `key`.
  WindowState open(std::uint32_t window, Bytes place, MutBytes key);

  WindowPlace head(const WindowRange& forgetting) const;
  // malformed: not a key file; truncated. A range that does not prove itself was torn in writing: it is none.
  ParseResult<WindowRange> parse_head(Bytes place) const;

 private:
  crypto::Aead wrap_;
  crypto::HmacSha256 mark_;
};

// Where a reader finds the places. One thread.
class WindowPlaces {
 public:
  virtual ~WindowPlaces() = default;
  // The bytes of this place as they are now, as many as there are. Place 0 is the file's head.
  virtual std::size_t read(std::uint32_t place, MutBytes out) = 0;
};

// Of the blocks of a window: HKDF-SHA256(window's key, salt recording key, info "upcall journal window", epoch, window).
crypto::Aead window_cipher(Bytes recording_key, Bytes window_key, std::uint32_t epoch, std::uint32_t window,
                           crypto::AeadUse use);

}  // namespace upcall::journal
