#include "io/film_spool/spool_format.hpp"

#include <algorithm>

#include "base/invariant.hpp"
#include "crypto/hash.hpp"
#include "crypto/hkdf.hpp"

namespace upcall::film_spool {

namespace {

constexpr std::string_view kMagic = "UPCFILM1", kLabel = "upcall film spool";
constexpr std::uint16_t kVersion = 1;

std::array<std::uint8_t, 12> nonce_of(const RecordHead& head) {
  std::array<std::uint8_t, 12> out{};
  Writer w(out);
  w.u32(head.epoch);
  w.u64(head.number);
  return out;
}

struct Aad {
  std::array<std::uint8_t, kTagSize + kRecordHeadSize + kSaltSize> bytes{};
  std::size_t size = 0;
  Aad(const Tag& before, const RecordHead& head, Bytes salt) {
    Writer w(bytes);
    w.bytes(before);
    w.bytes(encode(head));
    w.bytes(salt);
    size = w.size();
  }
  Bytes view() const { return Bytes(bytes).first(size); }
};

crypto::Aead aead_of(Bytes recording_key, std::string_view recording_id, std::uint32_t epoch, const Salt& salt) {
  UPCALL_INVARIANT(recording_key.size() == kKeySize, "a recording key has 32 bytes");
  ByteVector info(kLabel.size() + 4 + recording_id.size());
  Writer w(info);
  w.bytes(as_bytes(kLabel));
  w.u32(epoch);
  w.bytes(as_bytes(recording_id));
  crypto::Secret<kKeySize> key;
  crypto::hkdf_sha256(recording_key, salt, info, key.bytes());
  return crypto::Aead(crypto::AeadAlgorithm::aes_256_gcm, key.bytes());
}

Tag chain_start() {
  const crypto::Sha256Digest digest = crypto::sha256(file_head());
  Tag out;
  std::copy_n(digest.begin(), out.size(), out.begin());
  return out;
}

}  // namespace

std::array<std::uint8_t, kFileHeadSize> file_head() {
  std::array<std::uint8_t, kFileHeadSize> out{};
  Writer w(out);
  w.bytes(as_bytes(kMagic));
  w.u16(kVersion);
  return out;
}

std::array<std::uint8_t, kRecordHeadSize> encode(const RecordHead& h) {
  std::array<std::uint8_t, kRecordHeadSize> out{};
  Writer w(out);
  w.u32(h.size);
  w.u8(static_cast<std::uint8_t>(h.kind));
  w.u32(h.epoch);
  w.u64(h.number);
  return out;
}

ParseResult<RecordHead> parse_record_head(Bytes bytes) {
  Reader in(bytes);
  RecordHead out;
  out.size = in.u32();
  const std::uint8_t kind = in.u8();
  out.epoch = in.u32();
  out.number = in.u64();
  if (!in.ok()) return fail(ParseError::truncated);
  if (kind < 1 || kind > 4 || out.epoch == 0 || out.number == 0) return fail(ParseError::malformed);
  if (out.size > kPlainMax) return fail(ParseError::too_long);
  out.kind = static_cast<RecordKind>(kind);
  return out;
}

WriterCipher::WriterCipher(Bytes recording_key, std::string_view recording_id, std::uint32_t epoch, const Salt& salt)
    : aead_(aead_of(recording_key, recording_id, epoch, salt)) {}

bool WriterCipher::open(const RecordHead& head, const Tag& before, Bytes sealed_and_tag, MutBytes plain) {
  // A writer record carries its salt in front of the tag.
  const std::size_t salt = head.kind == RecordKind::writer ? kSaltSize : 0;
  if (sealed_and_tag.size() != salt + head.size + kTagSize || plain.size() != head.size) return false;
  const Aad aad(before, head, sealed_and_tag.first(salt));
  return aead_.open(nonce_of(head), aad.view(), sealed_and_tag.subspan(salt, head.size),
                    sealed_and_tag.subspan(salt + head.size), plain);
}

void WriterCipher::seal(const RecordHead& head, const Tag& before, Bytes salt, MutBytes text_and_tag, std::size_t size) {
  const Aad aad(before, head, salt);
  aead_.seal_appended(nonce_of(head), aad.view(), text_and_tag, size);
}

SpoolSealer::SpoolSealer(Bytes recording_key, std::string_view recording_id, const SpoolPosition& from, const Salt& salt)
    : position_(from), salt_(salt), cipher_(recording_key, recording_id, from.epoch + 1, salt) {
  if (position_.number == 0) {
    position_.chain = chain_start();
    position_.offset = kFileHeadSize;
  }
  ++position_.epoch;
}

ByteVector SpoolSealer::begin() {
  ByteVector out;
  if (position_.number == 0) {
    const auto head = file_head();
    out.assign(head.begin(), head.end());
  }
  const ByteVector record = make(RecordKind::writer, {}, {});
  out.insert(out.end(), record.begin(), record.end());
  return out;
}

ByteVector SpoolSealer::seal(RecordKind kind, Bytes first, Bytes second) { return make(kind, first, second); }

ByteVector SpoolSealer::make(RecordKind kind, Bytes first, Bytes second) {
  const RecordHead head{static_cast<std::uint32_t>(first.size() + second.size()), kind, position_.epoch,
                        position_.number + 1};
  UPCALL_INVARIANT(head.size <= kPlainMax, "a record of the film spool is too large");
  const Bytes salt = kind == RecordKind::writer ? Bytes(salt_) : Bytes();
  ByteVector out(head.whole());
  Writer w(out);
  w.bytes(encode(head));
  w.bytes(salt);
  const std::size_t text = w.size();
  w.bytes(first);
  w.bytes(second);
  cipher_.seal(head, position_.chain, salt, MutBytes(out).subspan(text), head.size);
  before_ = position_.chain;
  std::copy_n(out.end() - kTagSize, kTagSize, position_.chain.begin());
  position_.number = head.number;
  position_.offset += out.size();
  return out;
}

SpoolScanner::SpoolScanner(Bytes recording_key, std::string_view recording_id)
    : key_(recording_key.begin(), recording_key.end()), recording_id_(recording_id) {}

SpoolScanner::~SpoolScanner() { crypto::wipe(key_); }

void SpoolScanner::append(Bytes bytes) {
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(at_));
  at_ = 0;
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
}

ScanStatus SpoolScanner::refuse(const char* reason) {
  reason_ = reason;
  return ScanStatus::corrupt;
}

ScanStatus SpoolScanner::next() {
  if (reason_) return ScanStatus::corrupt;
  if (!head_read_) {
    const auto wanted = file_head();
    const std::size_t have = std::min(buffer_.size() - at_, wanted.size());
    if (!std::equal(wanted.begin(), wanted.begin() + static_cast<std::ptrdiff_t>(have), buffer_.begin() + static_cast<std::ptrdiff_t>(at_))) {
      return refuse("not a film spool");
    }
    if (have < wanted.size()) return ScanStatus::more_needed;
    at_ += wanted.size();
    head_read_ = true;
    position_.chain = chain_start();
    position_.offset = kFileHeadSize;
  }
  const Bytes rest = Bytes(buffer_).subspan(at_);
  const auto head = parse_record_head(rest);
  if (!head) return head.error() == ParseError::truncated ? ScanStatus::more_needed : refuse("not a record");
  if (rest.size() < head->whole()) return ScanStatus::more_needed;
  if (head->number != position_.number + 1) return refuse("a record was left out, repeated or moved");
  const bool writer = head->kind == RecordKind::writer;
  if (writer ? head->epoch != position_.epoch + 1 || head->size != 0 : head->epoch != position_.epoch || !cipher_) {
    return refuse("a record of another writer");
  }
  if (ended_ && !writer) return refuse("a record after the end");
  if (writer) {
    std::copy_n(rest.begin() + kRecordHeadSize, kSaltSize, salt_.begin());
    cipher_.emplace(key_, recording_id_, head->epoch, salt_);
  }
  plain_.resize(head->size);
  const Bytes sealed = rest.subspan(kRecordHeadSize, head->whole() - kRecordHeadSize);
  if (!cipher_->open(*head, position_.chain, sealed, plain_)) return refuse("a seal is broken");
  head_ = *head;
  before_ = position_.chain;
  place_ = position_.offset;
  std::copy_n(sealed.end() - kTagSize, kTagSize, position_.chain.begin());
  position_.epoch = head->epoch;
  position_.number = head->number;
  position_.offset += head->whole();
  at_ += head->whole();
  ended_ = ended_ || head->kind == RecordKind::end;
  return ScanStatus::record;
}

}  // namespace upcall::film_spool
