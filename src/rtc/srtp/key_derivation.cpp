#include "rtc/srtp/key_derivation.hpp"

#include <algorithm>

#include "crypto/aes_ctr.hpp"

namespace upcall::srtp {

namespace {

// XORs `value` big-endian into out[at .. at + size).
template <std::size_t N>
void xor_be(std::array<std::uint8_t, N>& out, std::size_t at, std::size_t size, std::uint64_t value) {
  for (std::size_t i = 0; i < size; ++i) out[at + size - 1 - i] ^= static_cast<std::uint8_t>(value >> (8 * i));
}

}  // namespace

void derive(const MasterKey& master, Label label, MutBytes out) {
  crypto::Secret<16> block;
  const Bytes salt = master.salt_bytes();
  std::copy(salt.begin(), salt.end(), block.value.begin());
  block.value[7] ^= static_cast<std::uint8_t>(label);
  std::fill(out.begin(), out.end(), std::uint8_t(0));
  crypto::AesCtr(master.key_bytes()).apply(block.bytes(), out);
}

CounterBlock cm_counter_block(const Salt& salt, std::uint32_t ssrc, std::uint64_t index) {
  CounterBlock block{};
  std::copy(salt.begin(), salt.end(), block.begin());
  xor_be(block, 4, 4, ssrc);
  xor_be(block, 8, 6, index);
  return block;
}

Nonce gcm_rtp_nonce(const Salt& salt, std::uint32_t ssrc, std::uint64_t index) {
  Nonce nonce;
  std::copy_n(salt.begin(), nonce.size(), nonce.begin());
  xor_be(nonce, 2, 4, ssrc);
  xor_be(nonce, 6, 6, index);
  return nonce;
}

Nonce gcm_rtcp_nonce(const Salt& salt, std::uint32_t ssrc, std::uint32_t index) {
  Nonce nonce;
  std::copy_n(salt.begin(), nonce.size(), nonce.begin());
  xor_be(nonce, 2, 4, ssrc);
  xor_be(nonce, 8, 4, index);
  return nonce;
}

std::optional<std::uint64_t> estimate_index(bool started, std::uint64_t highest, std::uint16_t seq) {
  if (!started) return seq;
  const auto delta = static_cast<std::int16_t>(static_cast<std::uint16_t>(seq - static_cast<std::uint16_t>(highest)));
  const std::int64_t index = static_cast<std::int64_t>(highest) + delta;
  if (index < 0 || index >= std::int64_t(1) << 48) return std::nullopt;
  return static_cast<std::uint64_t>(index);
}

}  // namespace upcall::srtp
