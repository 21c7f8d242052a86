#include "crypto/signature.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace upcall::crypto {
namespace {

Bytes b(std::string_view t) { return as_bytes(t); }

// RFC 7515 appendix A.3: key, signing input and signature as published.
TEST(Es256, VerifiesThePublishedExample) {
  auto x = from_base64url("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU");
  auto y = from_base64url("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");
  auto key = Es256PublicKey::from_point(*x, *y);
  ASSERT_TRUE(key);
  const std::string input =
      "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
  auto signature = from_base64url("DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q");
  EXPECT_TRUE(key->verify(b(input), *signature));
  EXPECT_FALSE(key->verify(b(input.substr(1)), *signature));
  for (std::size_t n = 0; n < signature->size(); ++n) EXPECT_FALSE(key->verify(b(input), Bytes(*signature).first(n)));
  (*signature)[40] ^= 1;
  EXPECT_FALSE(key->verify(b(input), *signature));
}

TEST(Es256, RefusesAPointOffTheCurve) {
  ByteVector x(32, 1), y(32, 2);
  EXPECT_FALSE(Es256PublicKey::from_point(x, y));
  EXPECT_FALSE(Es256PublicKey::from_point(Bytes(x).first(31), y));
}

TEST(Es256, PrivateKeyRoundTripsAndTruncationIsRefused) {
  const auto key = Es256PrivateKey::generate();
  const ByteVector der = key.pkcs8();
  auto again = Es256PrivateKey::from_pkcs8(der);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->public_key().kid(), key.public_key().kid());
  EXPECT_TRUE(key.public_key().verify(b("x"), again->sign(b("x"))));
  for (std::size_t n = 0; n < der.size(); ++n) EXPECT_FALSE(Es256PrivateKey::from_pkcs8(Bytes(der).first(n))) << n;
}

// The openssl program is the oracle for what we sign.
TEST(Es256, OpensslProgramAcceptsOurSignature) {
  const auto key = Es256PrivateKey::generate();
  const auto dir = std::filesystem::temp_directory_path() / ("upcall-es256-" + key.public_key().kid());
  std::filesystem::create_directories(dir);
  const auto put = [&](const char* name, Bytes bytes) {
    std::ofstream(dir / name, std::ios::binary).write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  };
  const ByteVector rs = key.sign(b("hello"));
  // DER by hand: SEQUENCE of two INTEGERs, with a zero where the top bit is set.
  ByteVector body;
  for (int half = 0; half < 2; ++half) {
    Bytes part = Bytes(rs).subspan(static_cast<std::size_t>(half) * 32, 32);
    while (part.size() > 1 && part[0] == 0) part = part.subspan(1);
    const bool pad = (part[0] & 0x80) != 0;
    body.push_back(2);
    body.push_back(static_cast<std::uint8_t>(part.size() + pad));
    if (pad) body.push_back(0);
    body.insert(body.end(), part.begin(), part.end());
  }
  ByteVector der{0x30, static_cast<std::uint8_t>(body.size())};
  der.insert(der.end(), body.begin(), body.end());
  put("key.der", key.pkcs8());
  put("sig.der", der);
  put("data", b("hello"));
  const std::string verify = "cd " + dir.string() +
                             " && openssl pkey -inform DER -in key.der -pubout -out pub.pem 2>/dev/null"
                             " && openssl dgst -sha256 -verify pub.pem -signature sig.der data >/dev/null 2>&1";
  EXPECT_EQ(std::system(verify.c_str()), 0);
  put("data", b("hellp"));
  EXPECT_NE(std::system(verify.c_str()), 0);
  std::filesystem::remove_all(dir);
}

TEST(Jws, OnlyOurKeysOurHeadAndAnUntouchedTokenPass) {
  const auto key = Es256PrivateKey::generate();
  const auto other = Es256PrivateKey::generate();
  JwsVerifier verifier;
  verifier.add(key.public_key());
  const std::string token = jws_sign(key, R"({"sub":"a"})");
  ASSERT_EQ(verifier.verify(token).value_or(""), R"({"sub":"a"})");
  EXPECT_FALSE(verifier.verify(jws_sign(other, R"({"sub":"a"})")));
  for (std::size_t n = 0; n < token.size(); ++n) EXPECT_FALSE(verifier.verify(token.substr(0, n))) << n;
  EXPECT_FALSE(verifier.verify(token + "."));
  // alg none, and HS256 with the public key as the secret: the heads are not ours.
  const std::string payload = to_base64url(b(R"({"sub":"a"})"));
  EXPECT_FALSE(verifier.verify(to_base64url(b(R"({"alg":"none","typ":"JWT"})")) + "." + payload + "."));
  EXPECT_FALSE(verifier.verify(to_base64url(b(R"({"alg":"HS256","kid":")" + key.public_key().kid() + R"(","typ":"JWT"})")) + "." + payload + ".AAAA"));
  EXPECT_NE(verifier.jwks().find(key.public_key().kid()), std::string::npos);
}

}  // namespace
}  // namespace upcall::crypto
