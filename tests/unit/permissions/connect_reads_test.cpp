// What the vendor's interface tells of contacts to whoever may search them: those of their part of the hierarchy, and nothing
// that tells another contact from none.
#include "../centre_api/archive.hpp"

#include "api/connect/connect_api.hpp"
#include "base/wall_text.hpp"
#include "crypto/sigv4.hpp"

namespace upcall::test {
namespace {

struct Vendor : Archive {
  Vendor() {
    api::add_connect_routes(*in.router, connect);
    instance = text(in.admin_run("instance.show", {}).at("instanceId"));
  }
  bj::object key(const std::string& name, bj::object more = {}) {
    more["name"] = "key of " + name;
    if (name != "program") more["username"] = name + "@example.com";
    return in.admin_run("access-key.create", more);
  }
  wire::HttpResponse call(const bj::object& key, const std::string& method, const std::string& path, const std::string& body = {}) {
    const CivilTime t = to_civil_utc(in.now().wall);
    char date[32];
    std::snprintf(date, sizeof date, "%04d%02d%02dT%02d%02d%02dZ", t.year, t.month, t.day, t.hour, t.minute, t.second);
    const std::string day(date, 8);
    auto r = in.request(method, "/aws/connect" + path, body, {{"host", "upcall.example"}, {"x-amz-date", date}});
    crypto::SigV4Authorization a{text(key.at("accessKeyId")), day, "local", "connect", {"host", "x-amz-date"}, ""};
    a.signature = crypto::sigv4_signature({method, "/aws/connect" + path, "", r.headers, r.body}, a, text(key.at("secretAccessKey")));
    r.headers.emplace_back("authorization", "AWS4-HMAC-SHA256 Credential=" + a.access_key_id + "/" + day + "/local/connect/aws4_request, SignedHeaders=host;x-amz-date, Signature=" + a.signature);
    return in.router->dispatch(r);
  }
  // DescribeContact and GetContactAttributes, which answer alike; the body of a refusal.
  std::string refused(const bj::object& key, const std::string& contact, int status) {
    const auto described = call(key, "GET", "/contacts/" + instance + "/" + contact), attributes = call(key, "GET", "/contact/attributes/" + instance + "/" + contact);
    EXPECT_EQ(described.status, status) << described.body;
    EXPECT_EQ(attributes.status, status) << attributes.body;
    EXPECT_EQ(described.body, attributes.body);
    return described.body;
  }
  void told(const bj::object& key, const std::string& contact) {
    EXPECT_EQ(call(key, "GET", "/contacts/" + instance + "/" + contact).status, 200);
    EXPECT_EQ(call(key, "GET", "/contact/attributes/" + instance + "/" + contact).status, 200);
  }
  api::ConnectApi connect{*in.centre_api, *in.sealer, [this](std::string_view command, const bj::object& arguments, const std::string&) -> Result<bj::value> { return in.admin_run(command, arguments); }};
  std::string instance;
};

constexpr const char* kAbsent = "00000000-0000-4000-8000-000000000000";

TEST(ConnectReads, HierarchyDecidesAndAnothersIsAsNone) {
  Vendor v;
  const std::string over = v.talk({{"Level", "Gold"}}, "hello");
  Customer jane(v.in);
  jane.connect();
  v.status(v.as_ann, "available");
  v.post("/api/agent/contacts/" + jane.contact_id + "/accept", v.as_ann);
  v.in.admin_run("security-profile.add", {{"name", "Nothing"}});
  v.in.add_user("nil@example.com", {"Nothing"});
  for (const bool indexed : {false, true}) {
    SCOPED_TRACE(indexed);
    if (indexed) v.in.index_contacts();
    v.in.pass(Duration::s(60));
    const std::string suffix = indexed ? "2" : "1";
    const auto make = [&](const std::string& name, bj::object more = {}) {
      more["name"] = name + suffix;
      if (name != "program" && name != "searcher") more["username"] = name + "@example.com";
      return v.in.admin_run("access-key.create", more);
    };
    const auto sue = make("sue"), zoe = make("zoe"), max = make("max"), non = make("non"), ann = make("ann"), pat = make("pat"), nil = make("nil");
    const auto searcher = make("searcher", {{"permission", {"contact.search"}}}), program = make("program", {{"permission", {"contact.handle"}}});
    for (const std::string& contact : {over, jane.contact_id}) {
      SCOPED_TRACE(contact == over ? "over" : "live");
      for (const auto* key : {&sue, &zoe, &searcher, &program}) v.told(*key, contact);
      for (const auto* key : {&max, &non, &pat}) EXPECT_EQ(v.refused(*key, contact, 404), v.refused(*key, kAbsent, 404));
      EXPECT_EQ(v.refused(nil, contact, 403), v.refused(nil, kAbsent, 403)) << "who may nothing learns nothing";
    }
    v.told(ann, jane.contact_id);
  }
  // Changes are for programs: nobody else is told what there is.
  const auto sue = v.key("sue"), ann = v.key("ann");
  for (const auto* key : {&sue, &ann}) {
    for (const std::string& contact : {over, jane.contact_id, std::string(kAbsent)}) {
      EXPECT_EQ(v.call(*key, "POST", "/contact/stop", bj::serialize(bj::object{{"InstanceId", v.instance}, {"ContactId", contact}})).status, 403);
      EXPECT_EQ(v.call(*key, "POST", "/contact/attributes", bj::serialize(bj::object{{"InstanceId", v.instance}, {"InitialContactId", contact}, {"Attributes", bj::object{{"a", "b"}}}})).status, 403);
    }
  }
}

TEST(ConnectReads, AnErasedContactIsNotThere) {
  Vendor v;
  const std::string id = v.talk({}, "hello");
  v.in.index_contacts();
  ASSERT_TRUE(v.in.erase(id));
  const auto sue = v.key("sue"), zoe = v.key("zoe"), program = v.key("program");
  for (const auto* key : {&sue, &zoe, &program}) EXPECT_EQ(v.refused(*key, id, 404), v.refused(*key, kAbsent, 404));
}

TEST(ConnectReads, AFinishedContactHasItsAgent) {
  Vendor v;
  const std::string id = v.talk({}, "hello");
  const auto described = v.call(v.key("zoe"), "GET", "/contacts/" + v.instance + "/" + id);
  ASSERT_EQ(described.status, 200) << described.body;
  EXPECT_EQ(text(Installation::body(described).at("Contact").at("AgentInfo").at("Id")), v.ann);
}

}  // namespace
}  // namespace upcall::test
