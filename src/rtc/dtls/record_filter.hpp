// A look at DTLS record and handshake headers (RFC 6347 §4.1, §4.2.2) before OpenSSL sees them, so that junk, forged
// alerts and plain-text application data cost nothing and change nothing.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.hpp"

namespace upcall::dtls {

inline constexpr std::size_t kRecordHeaderSize = 13;
inline constexpr std::size_t kHandshakeHeaderSize = 12;

enum class ContentType : std::uint8_t { change_cipher_spec = 20, alert = 21, handshake = 22, application_data = 23 };

struct Record {
  Bytes raw;  // header and payload
  ContentType type = ContentType::handshake;
  std::uint16_t version = 0;
  std::uint16_t epoch = 0;
};

// Takes the first record off `datagram`. Nothing when it is not a DTLS 1.x record that lies wholly inside; the rest of
// the datagram is then of no use either.
std::optional<Record> next_record(Bytes& datagram);

// May OpenSSL see this record while the handshake runs? Application data never (epoch 0 would be plain text, epoch 1
// would be buffered); plain-text alerts never (anybody could forge them; a peer that really gave up is noticed by the
// time limit); handshake fragments only with sane lengths.
bool acceptable_in_handshake(const Record& record, std::size_t max_message_size);

// Only first messages may be of DTLS 1.0 (RFC 6347 §4.2.1). Later OpenSSL would drop the header of such a record and take its
// body for records, which nobody has looked at.
inline bool of_right_version(const Record& record, bool first_message) { return first_message || record.version == 0xfefd; }

// Of what every cipher adds to an encrypted record: the tag, and with GCM the nonce (RFC 5288 §3, RFC 7905 §2).
inline constexpr std::size_t kGcmOverhead = 24, kChachaOverhead = 16;

// Is it long enough to be encrypted? OpenSSL drops what does not decrypt, but ends the session over a record that is shorter,
// and tells the peer. In plain text any length will do.
inline bool of_right_length(const Record& record, std::size_t overhead) { return record.epoch == 0 || record.raw.size() > kRecordHeaderSize + overhead; }

// Does it hold, in plain text, only messages that a client sends (RFC 5246 §7.4)? A server that sees any other, which only a
// stranger can have sent, loses the handshake over it. For a record that acceptable_in_handshake() has accepted.
bool of_a_client(const Record& record);

// What the messages of one handshake may hold together. OpenSSL sets memory aside for the announced length of up to ten
// messages ahead as soon as one fragment of each has come; this keeps the sum of the announced lengths small.
class HandshakeBudget {
 public:
  static constexpr std::size_t kMaxMessages = 32;
  explicit HandshakeBudget(std::size_t bytes) : left_(bytes) {}

  // For a record that acceptable_in_handshake() has accepted. False: one of its messages does not fit.
  bool admit(const Record& record);

 private:
  std::size_t left_;
  std::uint32_t seen_ = 0;  // a bit a message sequence number
};

// ... and after it? Only what is encrypted.
inline bool acceptable_when_connected(const Record& record) { return record.epoch > 0; }

}  // namespace upcall::dtls
