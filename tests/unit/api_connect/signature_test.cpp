// /aws/connect takes a request only as its key's holder has made it: each element of it changed, alone, is refused.
#include <gtest/gtest.h>

#include "../centre_api/harness.hpp"
#include "api/connect/connect_api.hpp"
#include "crypto/hash.hpp"
#include "crypto/sigv4.hpp"

namespace upcall::test {
namespace {

struct Signed {
  std::string method = "POST";
  std::string path = "/aws/connect/search-users";
  std::string query = "a=1&b=2";
  std::string body;
  Installation::Headers headers;
  crypto::SigV4Authorization authorization;
};

class ConnectSignature : public ::testing::Test {
 protected:
  ConnectSignature() {
    api::add_connect_routes(*in.router, api);
    const auto made = in.admin_run("access-key.create", {{"name", "program"}});
    id = text(made.at("accessKeyId"));
    secret = text(made.at("secretAccessKey"));
    instance = text(in.admin_run("instance.show", {}).at("instanceId"));
  }
  // The test's clock stands at 2027-01-15T08:00:00Z.
  Signed make(const std::string& date = "20270115T080000Z") const {
    Signed s;
    s.body = R"({"InstanceId":")" + instance + "\"}";
    s.headers = {{"host", "upcall.example"}, {"content-type", "application/json"}, {"x-amz-date", date}, {"x-amz-content-sha256", to_hex(crypto::sha256(as_bytes(s.body)))}};
    s.authorization = {id, date.substr(0, 8), "us-east-1", "connect", {"content-type", "host", "x-amz-content-sha256", "x-amz-date"}, ""};
    return s;
  }
  void sign(Signed& s) const { s.authorization.signature = crypto::sigv4_signature({s.method, s.path, s.query, s.headers, s.body}, s.authorization, secret); }
  Signed made() const {
    Signed s = make();
    sign(s);
    return s;
  }
  wire::HttpResponse send(const Signed& s) {
    const auto& a = s.authorization;
    std::string names;
    for (const std::string& name : a.signed_headers) names += (names.empty() ? "" : ";") + name;
    auto headers = s.headers;
    headers.emplace_back("authorization", "AWS4-HMAC-SHA256 Credential=" + a.access_key_id + "/" + a.date + "/" + a.region + "/" + a.service + "/aws4_request, SignedHeaders=" + names + ", Signature=" + a.signature);
    return in.send(s.method, s.path + (s.query.empty() ? "" : "?" + s.query), s.body, headers);
  }
  static std::string type(const wire::HttpResponse& answer) {
    for (const auto& [name, value] : answer.headers) {
      if (name == "x-amzn-errortype") return value;
    }
    return "none";
  }

  Installation in;
  api::ConnectApi api{*in.centre_api, *in.sealer, [this](std::string_view command, const bj::object& arguments, const std::string&) -> Result<bj::value> { return in.admin_run(command, arguments); }};
  std::string id, secret, instance;
};

TEST_F(ConnectSignature, AsItWasMadeItPasses) {
  const auto answer = send(made());
  EXPECT_EQ(answer.status, 200) << answer.body;
}

TEST_F(ConnectSignature, EachElementThatIsChangedIsRefused) {
  struct Row {
    const char* what;
    std::function<void(Signed&)> change;
  };
  const auto header = [](Signed& s, std::string_view name, std::string value) {
    for (auto& [n, v] : s.headers) {
      if (n == name) v = std::move(value);
    }
  };
  const Row rows[] = {
      {"method", [](Signed& s) { s.method = "PUT"; }},
      {"path", [](Signed& s) { s.path = "/aws/connect/search-contacts"; }},
      {"a letter of the path, encoded", [](Signed& s) { s.path = "/aws/connect/search%2Dusers"; }},
      {"query's value", [](Signed& s) { s.query = "a=1&b=3"; }},
      {"query's name", [](Signed& s) { s.query = "a=1&c=2"; }},
      {"more query", [](Signed& s) { s.query += "&c=3"; }},
      {"less query", [](Signed& s) { s.query = "a=1"; }},
      {"no query", [](Signed& s) { s.query = ""; }},
      {"body", [](Signed& s) { s.body += " "; }},
      {"no body", [](Signed& s) { s.body.clear(); }},
      {"body and its hash", [&](Signed& s) { s.body += " "; header(s, "x-amz-content-sha256", to_hex(crypto::sha256(as_bytes(s.body)))); }},
      {"hash alone", [&](Signed& s) { header(s, "x-amz-content-sha256", to_hex(crypto::sha256({}))); }},
      {"hash as S3 may leave it out", [&](Signed& s) { header(s, "x-amz-content-sha256", "UNSIGNED-PAYLOAD"); }},
      {"host", [&](Signed& s) { header(s, "host", "other.example"); }},
      {"content type", [&](Signed& s) { header(s, "content-type", "text/plain"); }},
      {"date, by a second", [&](Signed& s) { header(s, "x-amz-date", "20270115T080001Z"); }},
      {"date of another day", [&](Signed& s) { header(s, "x-amz-date", "20270116T080000Z"); }},
      {"date that is none", [&](Signed& s) { header(s, "x-amz-date", "today"); }},
      {"no date", [](Signed& s) { std::erase_if(s.headers, [](const auto& h) { return h.first == "x-amz-date"; }); }},
      {"no host", [](Signed& s) { std::erase_if(s.headers, [](const auto& h) { return h.first == "host"; }); }},
      {"a second host", [](Signed& s) { s.headers.emplace_back("host", "other.example"); }},
      {"an x-amz header behind the signer's back", [](Signed& s) { s.headers.emplace_back("x-amz-target", "other"); }},
      {"a session token", [](Signed& s) { s.headers.emplace_back("x-amz-security-token", "t"); }},
      {"scope's date", [](Signed& s) { s.authorization.date = "20270114"; }},
      {"scope's region", [](Signed& s) { s.authorization.region = "eu-west-1"; }},
      {"scope's service", [](Signed& s) { s.authorization.service = "s3"; }},
      {"scope's service, empty", [](Signed& s) { s.authorization.service = ""; }},
      {"key", [](Signed& s) { s.authorization.access_key_id = "UPCAUNKNOWNUNKNOWN00"; }},
      {"signed headers, fewer", [](Signed& s) { s.authorization.signed_headers = {"host", "x-amz-content-sha256", "x-amz-date"}; }},
      {"signed headers without host", [](Signed& s) { s.authorization.signed_headers = {"content-type", "x-amz-content-sha256", "x-amz-date"}; }},
      {"signed headers without date", [](Signed& s) { s.authorization.signed_headers = {"content-type", "host", "x-amz-content-sha256"}; }},
      {"signed headers, more", [](Signed& s) { s.authorization.signed_headers = {"accept", "content-type", "host", "x-amz-content-sha256", "x-amz-date"}; }},
      {"signature, first digit", [](Signed& s) { s.authorization.signature[0] = s.authorization.signature[0] == '0' ? '1' : '0'; }},
      {"signature, last digit", [](Signed& s) { s.authorization.signature[63] = s.authorization.signature[63] == '0' ? '1' : '0'; }},
      {"signature, cut", [](Signed& s) { s.authorization.signature.pop_back(); }},
      {"signature, empty", [](Signed& s) { s.authorization.signature.clear(); }},
      {"signature, in capitals", [](Signed& s) { for (char& c : s.authorization.signature) c = c >= 'a' && c <= 'f' ? static_cast<char>(c - 32) : c; }},
  };
  for (const Row& row : rows) {
    Signed s = made();
    row.change(s);
    const auto answer = send(s);
    EXPECT_TRUE(answer.status == 403 || answer.status == 400) << row.what << ": " << answer.status;
    const std::string word = type(answer);
    EXPECT_TRUE(word == "InvalidSignatureException" || word == "IncompleteSignatureException" || word == "UnrecognizedClientException") << row.what << ": " << word;
    EXPECT_EQ(answer.body.find(secret), std::string::npos);
  }
  EXPECT_EQ(send(made()).status, 200) << "and the real one passes after all of them";
}

TEST_F(ConnectSignature, ItIsGoodForFifteenMinutesEitherWay) {
  for (const auto& [date, good] : {std::pair{"20270115T074501Z", true}, {"20270115T081459Z", true}, {"20270115T074459Z", false}, {"20270115T081501Z", false}}) {
    Signed s = make(date);
    sign(s);
    EXPECT_EQ(send(s).status == 200, good) << date;
  }
}

}  // namespace
}  // namespace upcall::test
