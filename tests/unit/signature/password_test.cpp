#include "crypto/password.hpp"

#include <gtest/gtest.h>

namespace upcall::crypto {
namespace {

TEST(Password, VerifiesOnlyTheRightOne) {
  auto encoded = hash_password("correct horse");
  ASSERT_TRUE(encoded);
  EXPECT_TRUE(encoded->starts_with("$argon2id$v=19$m=19456,t=2,p=1$")) << *encoded;
  EXPECT_TRUE(verify_password(*encoded, "correct horse"));
  EXPECT_FALSE(verify_password(*encoded, "correct horsf"));
  EXPECT_FALSE(verify_password(*encoded, ""));
  EXPECT_FALSE(verify_password("", "correct horse"));
  EXPECT_FALSE(verify_password("$argon2id$broken", "correct horse"));
  EXPECT_NE(*hash_password("correct horse"), *encoded) << "every hash has its own salt";
}

// Produced by the reference implementation (argon2 command, version 20190702): echo -n password | argon2 somesalt -id -t 2 -m 8 -p 1
TEST(Password, AcceptsHashesOfTheReferenceImplementation) {
  EXPECT_FALSE(verify_password("$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4", "Password"));
  EXPECT_TRUE(verify_password("$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4", "password"));
}

TEST(Password, LengthIsBounded) {
  EXPECT_EQ(hash_password("short").error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(hash_password(std::string(257, 'x')).error().code, ErrorCode::invalid_argument);
  EXPECT_FALSE(verify_password("", std::string(100'000, 'x')));
}

}  // namespace
}  // namespace upcall::crypto
