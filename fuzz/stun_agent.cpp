// Datagrams in time, from several addresses, into an ICE-lite server with its prober: valid checks, changed ones, signed ones
// of any attributes, answers to its own checks, junk. An address becomes the peer's by a right MESSAGE-INTEGRITY alone, nobody
// else gets more bytes than came from there, what is accepted was read as it was written, paths are few and end in time. Who
// is authentic is judged here by a second reading of the bytes.
// link: upcall_rtc_ice
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <vector>

#include "crypto/hmac.hpp"
#include "rtc/ice/lite_server.hpp"
#include "rtc/stun/builder.hpp"

using namespace upcall;

namespace {

constexpr int kOperationsMax = 200;
constexpr std::size_t kPlaces = 16;
constexpr std::uint32_t kTag = 77;
const ice::Credentials kLocal{"srvr", "server-password-of-24chr"};
constexpr std::string_view kPeer = "peer", kPeerPwd = "peer-password-of-24-chars", kStrange = "strange-password-of-24chr";

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "breach: %s\n", what);
  std::abort();
}
void expect(bool ok, const char* what) {
  if (!ok) fail(what);
}

// Attributes up to MESSAGE-INTEGRITY, as they lie in the bytes; nothing when they do not fill the message.
struct Attributes {
  std::vector<std::pair<std::uint16_t, Bytes>> all;
  std::optional<std::size_t> integrity_at;
};
std::optional<Attributes> walk(Bytes message) {
  Attributes out;
  std::size_t at = stun::kHeaderSize;
  while (at + 4 <= message.size()) {
    const std::uint16_t type = static_cast<std::uint16_t>(message[at] << 8 | message[at + 1]);
    const std::size_t size = static_cast<std::size_t>(message[at + 2] << 8 | message[at + 3]), padded = (size + 3) / 4 * 4;
    if (at + 4 + padded > message.size()) return std::nullopt;
    if (type == 0x0008) {
      if (size == 20) out.integrity_at = at;
      break;
    }
    out.all.emplace_back(type, message.subspan(at + 4, size));
    at += 4 + padded;
  }
  return out;
}
// RFC 8489 §14.5, over a copy of the message as it was when the HMAC was made.
bool signed_with(Bytes message, std::string_view pwd) {
  if (message.size() < stun::kHeaderSize) return false;
  const auto attributes = walk(message);
  if (!attributes || !attributes->integrity_at) return false;
  const std::size_t at = *attributes->integrity_at;
  ByteVector copy(message.begin(), message.begin() + static_cast<std::ptrdiff_t>(at));
  const std::size_t length = at + 24 - stun::kHeaderSize;
  copy[2] = static_cast<std::uint8_t>(length >> 8);
  copy[3] = static_cast<std::uint8_t>(length);
  const auto mac = crypto::hmac_sha1(as_bytes(pwd), copy);
  return std::equal(mac.begin(), mac.end(), message.begin() + static_cast<std::ptrdiff_t>(at) + 4);
}
std::uint64_t number(Bytes value) {
  std::uint64_t n = 0;
  for (const std::uint8_t b : value) n = n << 8 | b;
  return n;
}

class Attack {
 public:
  explicit Attack(Bytes input) : in_(input), server_(kLocal) {
    if (in_.u8() % 8 != 0) server_.set_remote(kPeer, kPeerPwd);
  }

  void run() {
    for (int i = 0; i < kOperationsMax && in_.remaining() > 0; ++i) {
      const std::uint8_t op = in_.u8();
      const std::size_t place = in_.u8() % kPlaces;
      switch (op % 10) {
        case 0:
        case 1: {  // a check of the peer's
          const bool taken = feed(place, make_check(kLocal.pwd));
          expect(taken || !expected_, "a right check was not taken");
          break;
        }
        case 2: feed(place, make_check(kStrange)); break;
        case 3: {  // changed on its way
          ByteVector check = copy(make_check(kLocal.pwd));
          const std::size_t at = in_.u16() % check.size();
          check[at] ^= in_.u8();
          feed(place, check);
          break;
        }
        case 4: {
          ByteVector check = copy(make_check(kLocal.pwd));
          check.resize(in_.u16() % check.size());
          feed(place, check);
          break;
        }
        case 5: feed(place, signed_attributes()); break;
        case 6: feed(place, copy(chunk())); break;
        case 7: hear(place, in_.u16() % 1500); break;
        case 8: answer(place, in_.u8()); break;
        default: pass(Duration::ms(std::int64_t{in_.u8()} * (op < 128 ? 1 : 250)));
      }
    }
    pass(Duration::s(31));
    expect(server_.path_count() == 0 && !server_.selected() && server_.next_deadline().is_never(), "a path outlives its consent");
  }

 private:
  static ice::Path path(std::size_t place) {
    return {static_cast<std::uint32_t>(place / 12), NetAddress::v4(192, 0, 2, static_cast<std::uint8_t>(place % 3), static_cast<std::uint16_t>(4000 + place))};
  }
  static ByteVector copy(Bytes bytes) { return {bytes.begin(), bytes.end()}; }
  Bytes chunk() { return in_.bytes(std::min<std::size_t>(in_.remaining(), in_.u8())); }

  Bytes make_check(std::string_view pwd) {
    const std::uint8_t flags = in_.u8();
    stun::TransactionId id{};
    id[0] = flags;
    id[11] = ++serial_;
    stun::Builder b(buffer_, stun::Class::request, flags & 64 ? 2 : stun::kBindingMethod, id);
    b.username(flags & 32 ? "else" : "srvr", flags & 16 ? "else" : kPeer);
    if ((flags & 1) == 0) b.priority(flags);
    if (flags & 2) b.ice_controlled(5);
    else b.ice_controlling(5);
    if (flags & 4) b.use_candidate();
    b.integrity(crypto::HmacSha1(as_bytes(pwd)));
    if ((flags & 8) == 0) b.fingerprint();
    expected_ = (flags & 0x7b) == 0;   // whether nominating or not
    return b.finish();
  }

  // Attributes of any kind by somebody who knows the password.
  ByteVector signed_attributes() {
    std::array<std::uint8_t, 1400> bytes;
    Writer w(bytes);
    w.u16(1);
    w.u16(0);
    w.u32(stun::kMagicCookie);
    w.zeros(11);
    w.u8(++serial_);
    static constexpr std::uint16_t kTypes[] = {0x0006, 0x0024, 0x0025, 0x802a, 0x8029, 0x0020, 0x0001, 0x8022, 0x0009, 0x0002, 0x8002, 0x0006};
    const int count = in_.u8() % 40;
    for (int i = 0; i < count; ++i) {
      const std::uint8_t what = in_.u8();
      const std::uint16_t type = kTypes[what % std::size(kTypes)];
      Bytes value = what < 128 ? chunk() : Bytes{};
      static constexpr std::uint8_t kNumber[8] = {0, 0, 0, 1, 0, 0, 0, 2};
      if (what >= 128 && type == 0x0006) value = as_bytes("srvr:peer");
      else if (what >= 128 && type == 0x0024) value = Bytes(kNumber).first(4);
      else if (what >= 128 && (type == 0x8029 || type == 0x802a)) value = kNumber;
      w.u16(type);
      w.u16(static_cast<std::uint16_t>(value.size()));
      w.bytes(value);
      w.zeros((4 - value.size() % 4) % 4);
    }
    if (!w.ok()) return {};
    w.patch_u16(2, static_cast<std::uint16_t>(w.size() + 24 - stun::kHeaderSize));
    const auto mac = crypto::hmac_sha1(as_bytes(kLocal.pwd), w.written());
    w.u16(0x0008);
    w.u16(20);
    w.bytes(mac);
    w.patch_u16(2, static_cast<std::uint16_t>(w.size() + 8 - stun::kHeaderSize));
    const std::uint32_t crc = stun::fingerprint(w.written());
    w.u16(0x8028);
    w.u16(4);
    w.u32(crc);
    return w.ok() ? copy(w.written()) : ByteVector{};
  }

  std::array<bool, kPlaces> validated() const {
    std::array<bool, kPlaces> out{};
    for (std::size_t i = 0; i < kPlaces; ++i) out[i] = server_.is_validated(path(i));
    return out;
  }

  // True when the peer was recognized.
  bool feed(std::size_t place, Bytes datagram) {
    const auto before = validated();
    const auto selected = server_.selected();
    const bool request = datagram.size() > 1 && datagram[0] == 0 && datagram[1] == 1;
    const bool checked = request && signed_with(datagram, kLocal.pwd);
    const bool answered = datagram.size() >= stun::kHeaderSize && datagram[0] == 1 && datagram[1] == 1 && signed_with(datagram, kPeerPwd) && was_asked(place, datagram);
    const ice::CheckResult result = server_.handle(now_, path(place), datagram, reply_);

    const bool recognized = result.outcome != ice::CheckOutcome::ignored && result.outcome != ice::CheckOutcome::refused;
    expect(!recognized || checked || answered, "somebody was taken for the peer");
    const auto after = validated();
    for (std::size_t i = 0; i < kPlaces; ++i) {
      // Of too many one is forgotten, which is of no harm.
      expect(!after[i] || before[i] || (i == place && recognized), "an address became the peer's by nothing");
      expect(after[i] || !before[i] || recognized, "an address was taken from the peer");
    }
    expect(recognized || server_.selected() == selected, "a stranger moved the peer");
    expect(server_.path_count() <= ice::IceLiteServer::kMaxPaths, "too many paths");
    if (recognized) {
      heard_[place] = now_;
      expect(after[place], "the peer was recognized, and its address is not its own");
      if (checked) as_written(datagram);
      server_.handle_timeout(now_);
      expect(server_.is_validated(path(place)), "consent ends with the check that gives it");
    }
    if (!checked && !answered) {
      balance_[place] += static_cast<std::int64_t>(datagram.size()) - static_cast<std::int64_t>(result.reply.size());
      expect(result.reply.size() <= datagram.size(), "an answer is larger than what it answers");
      expect(balance_[place] >= 0, "a stranger got more than came from there");
    }
    if (!result.reply.empty()) judge_reply(place, datagram, result.reply, checked);
    return recognized;
  }

  void judge_reply(std::size_t place, Bytes datagram, Bytes reply, bool checked) {
    const auto parsed = stun::parse(reply);
    expect(parsed && parsed->has_fingerprint && (parsed->cls == stun::Class::success || parsed->cls == stun::Class::error), "an answer that is none");
    expect(std::equal(parsed->transaction_id.begin(), parsed->transaction_id.end(), datagram.begin() + 8), "an answer to something else");
    expect(checked || !signed_with(reply, kLocal.pwd), "an answer is signed for a stranger");
    if (parsed->cls == stun::Class::success) {
      expect(parsed->xor_mapped_address == path(place).remote, "the wrong address was told");
    }
  }

  // What the parser says is what stands in the bytes, in the first attribute of each kind.
  void as_written(Bytes datagram) const {
    const auto parsed = stun::parse(datagram);
    const auto attributes = walk(datagram);
    expect(parsed && attributes, "accepted, but no message");
    const auto first = [&](std::uint16_t type) -> std::optional<Bytes> {
      for (const auto& [t, value] : attributes->all) {
        if (t == type) return value;
      }
      return std::nullopt;
    };
    const auto name = first(0x0006), priority = first(0x0024), controlling = first(0x802a), controlled = first(0x8029);
    expect(name && parsed->username == as_text(*name), "another name");
    expect(priority.has_value() && priority->size() == 4 && parsed->priority == number(*priority), "another priority");
    expect(!controlled && !parsed->ice_controlled, "a check of the wrong role was accepted");
    expect(controlling.has_value() == parsed->ice_controlling.has_value() && (!controlling || parsed->ice_controlling == number(*controlling)), "another tie-breaker");
    expect(first(0x0025).has_value() == parsed->use_candidate, "a nomination that was none");
    expect(!first(0x0002), "what is not understood was accepted");
  }

  bool was_asked(std::size_t place, Bytes datagram) const {
    for (const auto& [at, id] : asked_) {
      if (at == place && std::equal(id.begin(), id.end(), datagram.begin() + 8)) return true;
    }
    return false;
  }

  // Media, by its looks, from an address that is not validated (the only kind that is probed).
  void hear(std::size_t place, std::size_t bytes) {
    if (server_.is_validated(path(place))) return;
    balance_[place] += static_cast<std::int64_t>(bytes);
    const Bytes check = server_.probe(now_, path(place), bytes, kTag, random_, reply_);
    if (check.empty()) return;
    balance_[place] -= static_cast<std::int64_t>(check.size());
    expect(balance_[place] >= 0, "a stranger was asked with more bytes than came from there");
    const auto parsed = stun::parse(check);
    expect(parsed && parsed->cls == stun::Class::request && signed_with(check, kPeerPwd) && ice::PathProber::tag_of(parsed->transaction_id) == kTag, "a check that is none");
    if (asked_.size() < 256) asked_.emplace_back(place, parsed->transaction_id);
  }

  void answer(std::size_t place, std::uint8_t how) {
    if (asked_.empty()) return;
    const auto& [asked, id] = asked_[asked_.size() - 1 - (how >> 4) % asked_.size()];
    stun::Builder b(buffer_, how & 1 ? stun::Class::error : stun::Class::success, stun::kBindingMethod, id);
    b.xor_mapped_address(NetAddress::v4(192, 0, 2, 9, 9)).integrity(crypto::HmacSha1(as_bytes(how & 2 ? kStrange : kPeerPwd))).fingerprint();
    ByteVector made = copy(b.finish());
    if (how & 4) made[in_.u8() % made.size()] ^= in_.u8();
    feed(how & 8 ? place : asked, made);
    // An answer counts once.
    const bool again = feed(how & 8 ? place : asked, made);
    expect(!again, "an answer counted twice");
  }

  void pass(Duration time) {
    now_ = now_ + time;
    server_.handle_timeout(now_);
    expect(server_.next_deadline() > now_, "a deadline is in the past");
    for (std::size_t i = 0; i < kPlaces; ++i) {
      expect(!server_.is_validated(path(i)) || now_ - heard_[i] < ice::IceLiteServer::kConsent, "consent without a check");
    }
  }

  Reader in_;
  ice::IceLiteServer server_;
  SeededRandom random_{1};
  Instant now_ = Instant::from_ms(1000);
  std::array<std::uint8_t, stun::kBuildBufferSize> buffer_{}, reply_{};
  std::array<std::int64_t, kPlaces> balance_{};   // bytes of strangers, less those sent there
  std::array<Instant, kPlaces> heard_{};
  std::vector<std::pair<std::size_t, stun::TransactionId>> asked_;
  bool expected_ = false;
  std::uint8_t serial_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size <= 4096) Attack(Bytes(data, size)).run();
  return 0;
}
