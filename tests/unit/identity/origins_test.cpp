// Lists of origins: what is one, who is listed, which lists an address answers to, and the policy's text.
#include <gtest/gtest.h>

#include "identity/origins.hpp"

namespace upcall::identity {
namespace {

TEST(Origins, AreWrittenAsBrowsersWriteThem) {
  struct Row {
    const char* text;
    const char* normal;  // nullptr: not an origin
  };
  for (const Row& row : {
           Row{"https://shop.example", "https://shop.example"},
           Row{"HTTPS://Shop.Example", "https://shop.example"},
           Row{"https://shop.example:443", "https://shop.example"},
           Row{"http://shop.example:80", "http://shop.example"},
           Row{"http://shop.example:443", "http://shop.example:443"},
           Row{"https://192.0.2.7:8443", "https://192.0.2.7:8443"},
           Row{"https://[2001:DB8::7]:8443", "https://[2001:db8::7]:8443"},
           Row{"https://[2001:db8::7]", "https://[2001:db8::7]"},
           Row{"https://xn--bcher-kva.example", "https://xn--bcher-kva.example"},
           Row{"", nullptr},
           Row{"null", nullptr},
           Row{"*", nullptr},
           Row{"https://", nullptr},
           Row{"https://*.example", nullptr},
           Row{"https://shop.example/", nullptr},
           Row{"https://shop.example?x", nullptr},
           Row{"https://user@shop.example", nullptr},
           Row{"https://shop.example;script-src", nullptr},
           Row{"https://shop.example 'unsafe-inline'", nullptr},
           Row{"https://shop.example,https://b.example", nullptr},
           Row{"https://shop.example:", nullptr},
           Row{"https://shop.example:0", nullptr},
           Row{"https://shop.example:65536", nullptr},
           Row{"https://shop.example:8443x", nullptr},
           Row{"https://[]", nullptr},
           Row{"https://[shop]", nullptr},
           Row{"https://b\xc3\xbc" "cher.example", nullptr},
           Row{"ftp://shop.example", nullptr},
           Row{"javascript:alert(1)", nullptr},
       }) {
    const auto got = normal_origin(row.text);
    EXPECT_EQ(got.has_value(), row.normal != nullptr) << row.text;
    if (got && row.normal != nullptr) EXPECT_EQ(*got, row.normal);
  }
  EXPECT_FALSE(normal_origin("https://" + std::string(300, 'a')));
  EXPECT_FALSE(normal_origin(std::string_view("https://a\0b", 11)));
}

TEST(Origins, AreComparedAsAWhole) {
  const std::string_view list = "https://shop.example, https://b.example:8443";
  EXPECT_TRUE(is_listed(list, "https://shop.example"));
  EXPECT_TRUE(is_listed(list, "https://b.example:8443"));
  for (const char* other : {"https://shop.example.evil.example", "https://evil-shop.example", "http://shop.example", "https://b.example", "https://shop.example:443", "null", "", ","}) {
    EXPECT_FALSE(is_listed(list, other)) << other;
  }
  for (const char* anybody : {"https://x.example", "null"}) EXPECT_TRUE(is_listed("https://shop.example,*", anybody));
  EXPECT_FALSE(is_listed("", "https://shop.example"));
  EXPECT_FALSE(is_listed("", ""));
}

TEST(Origins, EachAddressHasItsLists) {
  struct Row {
    const char* path;
    bool customers, agents;
  };
  for (const Row& row : {
           Row{"/api/chat/start", true, false},
           Row{"/api/meeting/attendee-name", true, false},
           Row{"/aws/participant/participant/connection", true, true},
           Row{"/aws/participant/socket", true, true},
           Row{"/control/0a1b", true, true},
           Row{"/api/agent/events", false, true},
           Row{"/api/chime/meeting", false, true},
           Row{"/api/recording/recording", false, true},
           Row{"/api/routing/adhoc", false, true},
           Row{"/api/connect/user", false, true},
           Row{"/api/supervisor/contacts", false, true},
           Row{"/oauth2/token", false, true},
           Row{"/.well-known/openid-configuration", false, true},
           Row{"/aws/connect/contact/chat", false, false},
           Row{"/aws/s3/recordings", false, false},
           Row{"/internal/meetings/x", false, false},
           Row{"/login", false, false},
           Row{"/account/password", false, false},
           Row{"/metrics", false, false},
           Row{"/", false, false},
           Row{"/api", false, false},
       }) {
    EXPECT_EQ(origin_lists(row.path), (OriginLists{row.customers, row.agents})) << row.path;
  }
}

TEST(Origins, TheFramePolicyHoldsOriginsAlone) {
  EXPECT_EQ(frame_ancestors(""), "'none'");
  EXPECT_EQ(frame_ancestors("https://crm.example, https://b.example"), "'self' https://crm.example https://b.example");
  EXPECT_EQ(frame_ancestors("*"), "'none'");
  EXPECT_EQ(frame_ancestors("https://crm.example; script-src *"), "'none'");
}

}  // namespace
}  // namespace upcall::identity
