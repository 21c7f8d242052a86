// What keeps a webhook from reaching into the network that the server stands in: the address that is connected to.
#include <gtest/gtest.h>

#include "io/net/http_client.hpp"

namespace upcall::net {
namespace {

TEST(PublicOnly, AnAddressThatIsNotPublicIsNotConnectedTo) {
  HttpClientOptions options;
  options.public_only = true;
  for (const char* url : {"http://127.0.0.1:9/", "http://localhost:9/", "https://localhost:9/", "http://[::1]:9/", "http://169.254.169.254/latest/meta-data"}) {
    HttpClient client(options);
    const auto answer = client.get(url);
    ASSERT_FALSE(answer) << url;
    EXPECT_EQ(answer.error().code, ErrorCode::forbidden) << url << ": " << answer.error().message;
  }
  HttpClient anybody;
  const auto refused = anybody.get("http://127.0.0.1:9/");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unavailable) << "without the rule it is tried, and nobody is there";
}

}  // namespace
}  // namespace upcall::net
