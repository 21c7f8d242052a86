// Tokens that must not pass, each by every way that a token comes in. The forger knows the public key and every token that
// was ever issued; some cases are signed with the real key, to show that its signature alone is not enough.
#include <map>
#include <set>

#include "harness.hpp"

#include "crypto/hmac.hpp"
#include "crypto/signature.hpp"
#include "io/store/credential_repository.hpp"

namespace upcall::test {
namespace {

std::string b64(std::string_view text) { return to_base64url(as_bytes(text)); }

struct Forger {
  Forger() {
    in.add_user("ann@example.com");
    good = in.log_in("ann@example.com");
    const auto row = in.store->read([](store::Database& db) { return store::signing_keys::all(db); })->front();
    kid = row.kid;
    key.emplace(*crypto::Es256PrivateKey::from_pkcs8(*in.sealer->unseal("signing_keys/" + kid, row.private_sealed)));
    jwk = key->public_key().jwk();
    head = good.substr(0, good.find('.'));
    payload = good.substr(head.size() + 1, good.rfind('.') - head.size() - 1);
    signature = good.substr(good.rfind('.') + 1);
    claims = *json::parse_object(as_text(*from_base64url(payload)));
    id_claims = claims;
    id_claims["token_use"] = "id";
    id_claims["aud"] = "upcall";
  }
  // Signed by the real key.
  std::string real(const bj::object& with) const { return crypto::jws_sign(*key, bj::serialize(with)); }
  std::string changed(const char* name, bj::value value) const {
    bj::object c = claims;
    c[name] = std::move(value);
    return real(c);
  }
  std::string without(const char* name) const {
    bj::object c = claims;
    c.erase(name);
    return real(c);
  }
  std::string by_hmac(const std::string& algorithm, const std::string& secret) const {
    const std::string signed_part = b64(R"({"alg":")" + algorithm + R"(","kid":")" + kid + R"(","typ":"JWT"})") + "." + payload;
    return signed_part + "." + to_base64url(crypto::hmac_sha256(as_bytes(secret), as_bytes(signed_part)));
  }
  // Another head over the same claims, signed as its `algorithm` would not know better.
  std::string by_stranger(const std::string& json_head) const {
    const auto other = crypto::Es256PrivateKey::generate();
    const std::string signed_part = b64(json_head) + "." + payload;
    return signed_part + "." + to_base64url(other.sign(as_bytes(signed_part)));
  }
  std::string by_real_key(const std::string& json_head) const {
    const std::string signed_part = b64(json_head) + "." + payload;
    return signed_part + "." + to_base64url(key->sign(as_bytes(signed_part)));
  }

  Installation in;
  std::string good, head, payload, signature, kid, jwk;
  std::optional<crypto::Es256PrivateKey> key;
  bj::object claims, id_claims;
};

std::map<std::string, std::string> corpus(const Forger& f) {
  std::map<std::string, std::string> out;
  const std::int64_t now = f.claims.at("iat").as_int64();
  const std::string rest = "." + f.payload + ".";
  for (const char* none : {"none", "None", "NONE", "nOnE", ""}) {
    out[std::string("alg ") + none + ", no signature"] = b64(R"({"alg":")" + std::string(none) + R"("})") + rest;
    out[std::string("alg ") + none + ", the real signature"] = b64(R"({"alg":")" + std::string(none) + R"("})") + rest + f.signature;
  }
  out["no alg"] = b64(R"({"typ":"JWT"})") + rest + f.signature;
  out["HS256 with the JWK as secret"] = f.by_hmac("HS256", f.jwk);
  out["HS256 with the key id as secret"] = f.by_hmac("HS256", f.kid);
  out["HS256 with an empty secret"] = f.by_hmac("HS256", "");
  out["HS256 with the coordinates as secret"] = f.by_hmac("HS256", f.key->public_key().x_base64url() + f.key->public_key().y_base64url());
  out["HS384 by name"] = f.by_hmac("HS384", f.jwk);
  out["RS256 by name"] = b64(R"({"alg":"RS256","kid":")" + f.kid + R"("})") + rest + f.signature;
  out["ES384 by name"] = b64(R"({"alg":"ES384","kid":")" + f.kid + R"("})") + rest + f.signature;
  out["EdDSA by name"] = b64(R"({"alg":"EdDSA","kid":")" + f.kid + R"("})") + rest + f.signature;
  const auto kid_case = [&](const char* what, const std::string& kid) { out[std::string("kid ") + what] = f.by_stranger(R"({"alg":"ES256","kid":")" + kid + R"(","typ":"JWT"})"); };
  kid_case("of a path", "../../../../dev/null");
  kid_case("of SQL", "x' union select 'secret' --");
  kid_case("of a command", "x|id");
  kid_case("empty", "");
  kid_case("the real one, another key", f.kid);
  kid_case("with a zero byte", f.kid + "\\u0000");
  out["kid missing"] = f.by_stranger(R"({"alg":"ES256","typ":"JWT"})");
  out["kid a number"] = f.by_stranger(R"({"alg":"ES256","kid":7})");
  for (const char* name : {"jku", "x5u", "jwk", "x5c", "crit", "b64", "zip"}) {
    out[std::string("own key by ") + name] = f.by_stranger(R"({"alg":"ES256","kid":")" + f.kid + R"(",")" + name + R"(":"https://evil.example/keys","typ":"JWT"})");
    out[std::string("the real key, with ") + name] = f.by_real_key(R"({"alg":"ES256","kid":")" + f.kid + R"(",")" + name + R"(":"https://evil.example/keys","typ":"JWT"})");
  }
  out["empty signature"] = f.head + rest;
  out["no signature"] = f.head + "." + f.payload;
  out["zero signature"] = f.head + rest + to_base64url(ByteVector(64, 0));
  out["signature with a byte more"] = f.head + rest + f.signature + "AA";
  out["signature cut"] = f.head + rest + f.signature.substr(0, f.signature.size() - 4);
  out["signature of another token"] = f.head + "." + b64(bj::serialize(f.id_claims)) + "." + f.signature;
  out["halves swapped"] = f.head + rest + f.signature.substr(43) + f.signature.substr(0, 43);
  out["padding"] = f.good + "==";
  out["a fourth part"] = f.good + ".";
  out["a blank before"] = " " + f.good;
  out["a line end within"] = f.head + ".\n" + f.payload + "." + f.signature;
  out["five parts"] = f.head + "." + f.payload + "." + f.signature + "." + f.head + "." + f.payload;
  out["huge"] = f.head + "." + std::string(1 << 20, 'A') + "." + f.signature;
  out["empty"] = "";
  out["dots"] = "..";
  // Signed by the real key from here on.
  out["another issuer"] = f.changed("iss", "https://evil.example");
  out["an issuer that begins alike"] = f.changed("iss", "https://upcall.example.evil.example");
  out["a list of issuers"] = f.changed("iss", bj::array{"https://upcall.example"});
  out["another client"] = f.changed("client_id", "other");
  out["no client"] = f.without("client_id");
  out["another use"] = f.changed("token_use", "refresh");
  out["no use"] = f.without("token_use");
  out["expired"] = f.changed("exp", now);
  out["expired long ago"] = f.changed("exp", 1);
  out["no expiry"] = f.without("exp");
  out["expiry a text"] = f.changed("exp", "4102444800");
  out["expiry a fraction"] = f.changed("exp", 4102444800.5);
  out["expiry out of range"] = f.changed("exp", INT64_MAX);
  out["issued in the future"] = f.changed("iat", now + 3600);
  out["no session"] = f.without("sid");
  out["another session"] = f.changed("sid", "00000000-0000-4000-8000-000000000000");
  out["nobody"] = f.without("sub");
  out["another subject"] = f.changed("sub", "00000000-0000-4000-8000-000000000000");
  out["a subject of SQL"] = f.changed("sub", "' or 1=1 --");
  bj::object other_audience = f.id_claims;
  other_audience["aud"] = "other";
  out["an id token of another client"] = f.real(other_audience);
  other_audience["aud"] = bj::array{"upcall", "other"};
  out["an id token of several"] = f.real(other_audience);
  out["no JSON"] = crypto::jws_sign(*f.key, "x");
  out["a JSON list"] = crypto::jws_sign(*f.key, "[]");
  out["deep JSON"] = crypto::jws_sign(*f.key, std::string(500, '[') + std::string(500, ']'));
  return out;
}

// acceptance: 65
TEST(TokenCorpus, NothingOfItPasses) {
  Forger f;
  ASSERT_EQ(f.in.send("GET", "/api/agent/state", "", f.in.bearer(f.good)).status, 200);
  ASSERT_EQ(f.in.send("GET", "/api/agent/state", "", f.in.bearer(f.real(f.claims))).status, 200) << "the forger's tools work";
  const auto cases = corpus(f);
  EXPECT_GE(cases.size(), 40u);
  std::set<std::string> bodies;
  std::uint64_t peer = 1000;
  for (const auto& [what, token] : cases) {
    const auto answer = f.in.send("GET", "/api/agent/state", "", f.in.bearer(token));
    EXPECT_EQ(answer.status, 401) << what;
    bodies.insert(answer.body);
    EXPECT_EQ(f.in.send("GET", "/api/agent/state", "", {{"cognitoidtoken", token}}).status, 401) << what;
    EXPECT_EQ(f.in.send("GET", "/oauth2/userInfo", "", f.in.bearer(token)).status, what == "another client" ? 200 : 401) << what;
    // A customer's interface takes no token of staff, the real one neither.
    f.in.peer = ++peer;  // failed look-ups are counted by address
    for (const char* operation : {"connection", "message", "event", "transcript", "disconnect", "start-attachment-upload", "attachment"}) {
      const auto refused = f.in.send("POST", std::string("/aws/participant/participant/") + operation, R"({"Type":["CONNECTION_CREDENTIALS"],"ContentType":"text/plain","Content":"x"})", {{"x-amz-bearer", token}, {"content-type", "application/json"}});
      EXPECT_EQ(refused.status, 403) << what << " " << operation;
    }
    EXPECT_FALSE(f.in.open("/aws/participant/socket?ticket=" + wire::percent_encode(token.substr(0, 2000))).handler) << what;
    EXPECT_FALSE(f.in.open("/api/agent/events", {}, {"upcall.events", "bearer." + token}).handler) << what;
    EXPECT_EQ(f.in.token_request("grant_type=refresh_token&refresh_token=" + wire::percent_encode(token.substr(0, 2000))).status, token.empty() ? 400 : 401) << what;
  }
  EXPECT_EQ(bodies.size(), 1u) << "and none says why";
  EXPECT_EQ(f.in.send("GET", "/api/agent/state", "", f.in.bearer(f.good)).status, 200) << "and none has ended the real one's session";
}

TEST(TokenCorpus, EveryCutAndEveryChangedCharacter) {
  Forger f;
  const auto status = [&](const std::string& token) { return f.in.send("GET", "/api/agent/state", "", f.in.bearer(token)).status; };
  for (std::size_t n = 0; n < f.good.size(); ++n) {
    ASSERT_EQ(status(f.good.substr(0, n)), 401) << n;
    std::string edited = f.good;
    edited[n] = edited[n] == 'A' ? 'B' : 'A';
    ASSERT_EQ(status(edited), 401) << n;
  }
}

}  // namespace
}  // namespace upcall::test
