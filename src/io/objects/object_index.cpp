#include "io/objects/object_index.hpp"

#include <algorithm>

#include "base/invariant.hpp"
#include "crypto/aead.hpp"

namespace upcall::objects {

namespace {

constexpr std::string_view kMagic = "UOI1";
constexpr std::size_t kHead = 4 + crypto::kAeadNonceSize;

}  // namespace

bool is_safe_key(std::string_view key) {
  if (key.empty() || key.size() > 900) return false;
  std::size_t start = 0;
  while (start <= key.size()) {
    const std::size_t end = std::min(key.find('/', start), key.size());
    const std::string_view segment = key.substr(start, end - start);
    if (segment.empty() || segment.size() > 200 || segment[0] == '.') return false;
    for (const char c : segment) {
      const bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                        c == '_' || c == '-';
      if (!fine) return false;
    }
    start = end + 1;
  }
  return true;
}

ObjectInfo ObjectIndex::info(std::string_view key) const {
  ObjectInfo out;
  out.key = std::string(key);
  out.content_type = content_type;
  out.stored_at = stored_at;
  crypto::Sha256 all;
  for (const Extent& extent : extents) {
    out.size += extent.size;
    all.update(extent.digest);
  }
  out.etag = to_hex(Bytes(all.finish()).first(16)) + "-" + std::to_string(extents.size());
  return out;
}

ByteVector seal_index(const ObjectIndex& index, std::string_view key, const crypto::Secret<32>& index_key,
                      RandomSource& random) {
  ByteVector out(kHead + 128 + index.data_id.size() + index.content_type.size() + index.extents.size() * 64 +
                 crypto::kAeadTagSize);
  Writer head{MutBytes(out)};
  head.bytes(as_bytes(kMagic));
  random.fill(MutBytes(out).subspan(4, crypto::kAeadNonceSize));
  Writer body(MutBytes(out).subspan(kHead));
  body.bytes(index.object_key.bytes());
  body.text(index.data_id);
  body.text(index.content_type);
  body.u64(static_cast<std::uint64_t>(index.stored_at.unix_ms()));
  body.varint(index.extents.size());
  for (const Extent& e : index.extents) {
    body.varint(e.put);
    body.u64(e.offset);
    body.varint(e.size);
    body.bytes(e.digest);
  }
  UPCALL_INVARIANT(body.ok(), "an object's index outgrew its estimate");
  const std::size_t size = body.size();
  out.resize(kHead + size + crypto::kAeadTagSize);
  crypto::Aead aead(crypto::AeadAlgorithm::aes_256_gcm, index_key.bytes(), crypto::AeadUse::seal_only);
  aead.seal_appended(Bytes(out).subspan(4, crypto::kAeadNonceSize), as_bytes(key), MutBytes(out).subspan(kHead), size);
  return out;
}

ParseResult<ObjectIndex> open_index(Bytes sealed, std::string_view key, const crypto::Secret<32>& index_key) {
  if (sealed.size() < kHead + crypto::kAeadTagSize) return fail(ParseError::truncated);
  if (as_text(sealed.first(4)) != kMagic) return fail(ParseError::unsupported);
  ByteVector text(sealed.begin() + kHead, sealed.end());
  crypto::Aead aead(crypto::AeadAlgorithm::aes_256_gcm, index_key.bytes(), crypto::AeadUse::open_only);
  if (!aead.open_appended(sealed.subspan(4, crypto::kAeadNonceSize), as_bytes(key), text)) {
    return fail(ParseError::bad_integrity);
  }
  Reader in(Bytes(text).first(text.size() - crypto::kAeadTagSize));
  ObjectIndex out;
  const Bytes object_key = in.bytes(32);
  if (object_key.size() == 32) std::copy(object_key.begin(), object_key.end(), out.object_key.bytes().begin());
  out.data_id = in.text();
  out.content_type = in.text();
  out.stored_at = WallTime::from_unix_ms(static_cast<std::int64_t>(in.u64()));
  const std::uint64_t count = in.varint();
  if (!in.ok() || count > kMaxParts) return fail(ParseError::malformed);
  for (std::uint64_t i = 0; i < count; ++i) {
    Extent e;
    e.put = static_cast<std::uint32_t>(in.varint());
    e.offset = in.u64();
    e.size = in.varint();
    const Bytes digest = in.bytes(e.digest.size());
    if (!in.ok()) return fail(ParseError::truncated);
    std::copy(digest.begin(), digest.end(), e.digest.begin());
    out.extents.push_back(e);
  }
  crypto::wipe(text);
  if (in.remaining() != 0) return fail(ParseError::malformed);
  return out;
}

ChunkName chunk_name(std::uint32_t put, std::uint64_t chunk, bool last) {
  ChunkName out;
  Writer nonce{MutBytes(out.nonce)};
  nonce.u32(put);
  nonce.u64(chunk);
  Writer aad{MutBytes(out.aad)};
  aad.bytes(as_bytes("UOC1"));
  aad.u32(put);
  aad.u64(chunk);
  aad.u8(last ? 1 : 0);
  return out;
}

}  // namespace upcall::objects
