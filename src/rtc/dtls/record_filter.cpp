#include "rtc/dtls/record_filter.hpp"

namespace upcall::dtls {

std::optional<Record> next_record(Bytes& datagram) {
  Reader reader(datagram);
  const std::uint8_t type = reader.u8();
  const std::uint16_t version = reader.u16();
  Record record;
  record.epoch = reader.u16();
  reader.skip(6);  // sequence number
  const std::size_t length = reader.u16();
  reader.skip(length);
  if (!reader.ok() || type < 20 || type > 23 || length == 0) return std::nullopt;
  if (version != 0xfeff && version != 0xfefd) return std::nullopt;  // DTLS 1.0 (first hello) and 1.2
  record.type = static_cast<ContentType>(type);
  record.version = version;
  record.raw = datagram.first(kRecordHeaderSize + length);
  datagram = datagram.subspan(record.raw.size());
  return record;
}

bool acceptable_in_handshake(const Record& record, std::size_t max_message_size) {
  if (record.type == ContentType::application_data) return false;
  if (record.epoch > 1) return false;
  if (record.epoch == 1) return true;  // encrypted: OpenSSL authenticates it
  if (record.type == ContentType::alert) return false;
  if (record.type == ContentType::change_cipher_spec) return record.raw.size() == kRecordHeaderSize + 1 && record.raw.back() == 1;
  // Several handshake messages may share a record (RFC 6347 §4.2.3).
  Reader reader(record.raw.subspan(kRecordHeaderSize));
  while (reader.ok() && reader.remaining() > 0) {
    reader.skip(1);
    const std::size_t length = reader.u24();
    reader.skip(2);  // message sequence: OpenSSL looks at most ten ahead
    const std::size_t offset = reader.u24();
    const std::size_t fragment = reader.u24();
    reader.skip(fragment);
    if (!reader.ok() || length > max_message_size || offset > length || fragment > length - offset) return false;
    if (fragment == 0 && length != 0) return false;  // never consumed by anybody (CVE-2022-29190)
  }
  return reader.ok();
}

bool of_a_client(const Record& record) {
  if (record.type != ContentType::handshake || record.epoch != 0) return true;
  constexpr std::uint8_t kClientHello = 1, kCertificate = 11, kCertificateVerify = 15, kClientKeyExchange = 16;
  Reader reader(record.raw.subspan(kRecordHeaderSize));
  while (reader.ok() && reader.remaining() > 0) {
    const std::uint8_t type = reader.u8();
    if (type != kClientHello && type != kCertificate && type != kCertificateVerify && type != kClientKeyExchange) return false;
    reader.skip(3 + 2 + 3);
    reader.skip(reader.u24());
  }
  return reader.ok();
}

bool HandshakeBudget::admit(const Record& record) {
  if (record.type != ContentType::handshake || record.epoch != 0) return true;
  Reader reader(record.raw.subspan(kRecordHeaderSize));
  while (reader.remaining() > 0) {
    reader.skip(1);
    const std::size_t length = reader.u24();
    const std::uint16_t sequence = reader.u16();
    reader.skip(3);
    reader.skip(reader.u24());
    if (!reader.ok() || sequence >= kMaxMessages) return false;
    const std::uint32_t bit = 1u << sequence;
    if ((seen_ & bit) != 0) continue;  // another fragment, or a repetition
    if (length > left_) return false;
    left_ -= length;
    seen_ |= bit;
  }
  return true;
}

}  // namespace upcall::dtls
