// After an SSRC is known, a packet allocates nothing, neither in our code nor inside OpenSSL. Both allocators are
// counted: operator new is replaced for this test program, OpenSSL's by its own hook.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include <openssl/crypto.h>

#include "rtc/srtp/session.hpp"

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

namespace {

std::size_t allocations = 0;

void* counted(std::size_t size) {
  ++allocations;
  return std::malloc(size == 0 ? 1 : size);
}

// The hook is accepted only before OpenSSL's first allocation, so it is set before main.
const bool hooked = CRYPTO_set_mem_functions(
                        [](std::size_t size, const char*, int) { return counted(size); },
                        [](void* memory, std::size_t size, const char*, int) {
                          ++allocations;
                          return std::realloc(memory, size);
                        },
                        [](void* memory, const char*, int) { std::free(memory); }) == 1;

}  // namespace

void* operator new(std::size_t size) {
  void* const memory = counted(size);
  if (memory == nullptr) std::abort();
  return memory;
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return counted(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }

namespace upcall::srtp {
namespace {

TEST(SrtpAllocation, NoneAfterWarmUp) {
  ASSERT_TRUE(hooked);
  for (const Profile profile :
       {Profile::aead_aes_128_gcm, Profile::aead_aes_256_gcm, Profile::aes128_cm_sha1_80}) {
    MasterKey key;
    key.profile = profile;
    const std::size_t at_start = allocations;
    SrtpSession sender(key, Direction::protect), receiver(key, Direction::unprotect);
    EXPECT_GT(allocations, at_start) << "the counter must see OpenSSL's contexts";
    std::array<std::uint8_t, 1200> packet{};
    std::size_t before = 0;
    for (std::uint16_t i = 0; i < 2000; ++i) {
      if (i == 2) before = allocations;
      Writer w(packet);
      w.u8(0x80);
      w.u8(96);
      w.u16(i);
      w.u32(0);
      w.u32(77);
      const auto sealed = sender.protect_rtp(packet, 1100);
      ASSERT_TRUE(sealed && receiver.unprotect_rtp(MutBytes(packet).first(*sealed)));
      Writer report(packet);
      report.u32(0x80c80006);
      report.u32(77);
      const auto sealed_report = sender.protect_rtcp(packet, 28);
      ASSERT_TRUE(sealed_report && receiver.unprotect_rtcp(MutBytes(packet).first(*sealed_report)));
    }
    EXPECT_EQ(allocations, before);
  }
}

}  // namespace
}  // namespace upcall::srtp

#endif
