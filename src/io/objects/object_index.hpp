// Internal to io/objects: what an index file says, and its sealed form. No files here.
//
// Sealed: "UOI1", 12-byte nonce, ciphertext, 16-byte tag. Plain: object key (32), data id (sized text), content type
// (sized), stored_at (u64 ms), count (varint), then per part: put number (varint), offset (u64), size (varint),
// SHA-256 (32).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/rng.hpp"
#include "crypto/hash.hpp"
#include "crypto/secret.hpp"
#include "io/objects/object_store.hpp"

namespace upcall::objects {

inline constexpr std::size_t kChunk = 64 << 10;
inline constexpr std::size_t kSealedChunk = kChunk + 16;
inline constexpr std::uint32_t kMaxParts = 10'000;

struct Extent {
  std::uint32_t put = 0;      // number of the put_part call: half of the nonce
  std::uint64_t offset = 0;   // in the data file
  std::uint64_t size = 0;     // of the plain text
  crypto::Sha256Digest digest{};
};

// Bytes that a part of `size` takes in the data file.
inline std::uint64_t sealed_size(std::uint64_t size) { return size + (size + kChunk - 1) / kChunk * 16; }

struct ObjectIndex {
  crypto::Secret<32> object_key;
  std::string data_id;
  std::string content_type;
  WallTime stored_at;
  std::vector<Extent> extents;  // in the order of the object

  ObjectInfo info(std::string_view key) const;
};

ByteVector seal_index(const ObjectIndex& index, std::string_view key, const crypto::Secret<32>& index_key,
                      RandomSource& random);
ParseResult<ObjectIndex> open_index(Bytes sealed, std::string_view key, const crypto::Secret<32>& index_key);

// Nonce and additional data of one chunk.
struct ChunkName {
  std::array<std::uint8_t, 12> nonce;
  std::array<std::uint8_t, 17> aad;
};
ChunkName chunk_name(std::uint32_t put, std::uint64_t chunk, bool last);

}  // namespace upcall::objects
