// Agents, those who may search, and contacts that are over.
#pragma once

#include "customer.hpp"

namespace upcall::test {

// Groups A (Sue), A/B (Ann and Bob, agents), C (Max). Zoe has all groups, Non no group, Pat no permission.
struct Archive {
  Archive() {
    const auto user = [&](const char* name, bj::array profiles, const char* group) {
      bj::object arguments{{"username", name}, {"email", name}, {"password", std::string("password-") + name}, {"name", name}, {"security-profile", std::move(profiles)}};
      if (*group != 0) arguments["hierarchy-group"] = group;
      return text(in.admin_run("user.add", arguments).at("userId"));
    };
    ann = user("ann@example.com", {"Agent"}, "A/B");
    bob = user("bob@example.com", {"Agent"}, "A/B");
    user("sue@example.com", {"QualityAnalyst"}, "A");
    user("max@example.com", {"QualityAnalyst"}, "C");
    user("zoe@example.com", {"Admin"}, "");
    user("non@example.com", {"QualityAnalyst"}, "");
    user("pat@example.com", {"Agent"}, "A");
    as_ann = as("ann");
    as_bob = as("bob");
    as_sue = as("sue");
  }
  Installation::Headers as(const std::string& name) { return in.bearer(in.log_in(name + "@example.com")); }
  void post(const std::string& path, const Installation::Headers& who, const std::string& body = "") { ASSERT_EQ(in.send("POST", path, body, who).status, 200) << path; }
  void status(const Installation::Headers& who, const char* status) { ASSERT_EQ(in.send("PUT", "/api/agent/status", std::string(R"({"status":")") + status + R"("})", who).status, 200); }
  // One that Ann has had, up to the end of her after-contact work.
  std::string talk(contact::Attributes attributes, const std::string& words) {
    Customer jane(in);
    jane.connect();
    // As a flow or a program sets them.
    EXPECT_FALSE(in.service->call(contact::UpdateAttributes{jane.contact_id, std::move(attributes)}).error);
    status(as_ann, "available");
    const std::string path = "/api/agent/contacts/" + jane.contact_id;
    post(path + "/accept", as_ann);
    EXPECT_EQ(jane.call("message", jane.connection, {{"ContentType", "text/plain"}, {"Content", words}}).status, 200);
    post(path + "/items", as_ann, R"({"content":"certainly, at once"})");
    post(path + "/end", as_ann);
    post(path + "/clear", as_ann);
    status(as_ann, "offline");
    in.pass(Duration::s(60));
    return jane.contact_id;
  }
  std::vector<std::string> ids(const wire::HttpResponse& answer) {
    EXPECT_EQ(answer.status, 200) << answer.body;
    std::vector<std::string> out;
    const auto body = Installation::body(answer);
    for (const bj::value& c : body.at("data").at("contacts").as_array()) out.push_back(text(c.at("contactId")));
    return out;
  }
  std::vector<std::string> find(const std::string& query, const Installation::Headers& who) { return ids(in.send("GET", "/api/contact-search?" + query, "", who)); }
  std::vector<std::string> find(const std::string& query) { return find(query, as_sue); }
  int status_of(const std::string& path, const Installation::Headers& who) { return in.send("GET", path, "", who).status; }

  Installation in;
  std::string ann, bob;
  Installation::Headers as_ann, as_bob, as_sue;
};

}  // namespace upcall::test
