// What the pipeline reads and writes: definitions, lines with secrets, credentials, heads of CGI answers.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "base/bytes.hpp"
#include "identity/basic_credentials.hpp"
#include "pipeline/definition.hpp"
#include "pipeline/mask.hpp"
#include "wire/cgi.hpp"

namespace upcall::pipeline {
namespace {

std::string complaint(std::string_view text) {
  const auto parsed = parse_definition(text);
  return parsed ? "" : parsed.error().message;
}

TEST(PipelineDefinition, IsReadWithAllItSays) {
  const auto d = parse_definition(R"({"version":1,"comment":"x","stages":[{"name":"Build","commands":["make","make test"],"timeoutSeconds":90,
    "environment":{"JOBS":"2"},"artifacts":["build/out"],"nice":10}]})");
  ASSERT_TRUE(d) << d.error().message;
  EXPECT_EQ(d->stages, (std::vector<StageDefinition>{{"Build", {"make", "make test"}, Duration::s(90), {{"JOBS", "2"}}, {"build/out"}, 10}}));
}

TEST(PipelineDefinition, WhatIsWrongIsSaidWithItsLine) {
  EXPECT_EQ(complaint(""), "line 1: this is not JSON");
  EXPECT_EQ(complaint("{\n\n\"version\": 1,\n  oops }"), "line 4: this is not JSON");
  EXPECT_EQ(complaint("{\"version\":1,\"stages\":[{\"name\":\"A\",\"commands\":[\"x\"]}]}\n\n]"), "line 3: this is not JSON");
  EXPECT_EQ(complaint("[]"), "line 1: the definition must be an object");
  EXPECT_EQ(complaint(R"({"version":2,"stages":[]})"), "line 1: version must be 1");
  const std::string two = "{\"version\":1,\"comment\":\"stages [ { \\\" \",\n\"stages\":[\n{\"name\":\"A\",\"commands\":[\"{\"]},\n{\"name\":\"A\",\n\"commands\":[\"x\"]}]}";
  EXPECT_EQ(complaint(two), "line 4: the stage A is there twice");
  const auto stage = [](const std::string& members) { return "{\"version\":1,\n\"stages\":[\n{" + members + "}]}"; };
  EXPECT_EQ(complaint(stage(R"("name":"A")")), "line 3: the stage A has no commands");
  EXPECT_EQ(complaint(stage(R"("name":"Source","commands":["x"])")), "line 3: the name Source is the pipeline's own");
  EXPECT_EQ(complaint(stage(R"("name":"A","commands":["x"],"timeoutSeconds":0)")), "line 3: timeoutSeconds must be 1 to 86400");
  EXPECT_EQ(complaint(stage(R"("name":"A","commands":["x"],"artifacts":["../../etc"])")), "line 3: artifacts must have paths inside the workspace");
  EXPECT_EQ(complaint(stage(R"("name":"A","commands":["x"],"environment":{"UPCALL_BY_PIPELINE":"0"})")), "line 3: environment has a name that cannot be set");
  EXPECT_EQ(complaint(stage(R"("name":"A","commands":["x"],"comands":["y"])")), "line 3: a stage has no \"comands\"");
  EXPECT_EQ(complaint(stage(R"("name":"../A","commands":["x"])")), "line 3: a stage's name must be of letters, digits, . _ and -, 40 at most");
  EXPECT_EQ(complaint(std::string(kDefinitionMax + 1, ' ')), "line 1: the definition has more than 256 KiB");
}

TEST(PipelineDefinition, TheProductsOwnIsGood) {
  std::ifstream in(std::string(UPCALL_TEST_DIR) + "/../" + std::string(kDefinitionPath));
  const std::string text(std::istreambuf_iterator<char>(in), {});
  const auto own = parse_definition(text);
  ASSERT_TRUE(own) << own.error().message;
  std::vector<std::string> names;
  for (const auto& s : own->stages) names.push_back(s.name);
  EXPECT_EQ(names, (std::vector<std::string>{"BuildAndTest", "Package", "Deploy", "Verify"}));
}

TEST(PipelineMask, SecretsDoNotShowInAnyForm) {
  Mask mask;
  mask.add("s3cr3t-of-the-mail");
  mask.add("short");
  mask.add("first line of a key\nsecond line of a key\n");
  mask.add_variable("DEPLOY_TOKEN", "tok-123456");
  mask.add_variable("COLOUR", "turquoise");
  EXPECT_EQ(mask.line("password=s3cr3t-of-the-mail, again s3cr3t-of-the-mail."), "password=***, again ***.");
  EXPECT_EQ(mask.line("a short word, turquoise"), "a short word, turquoise");
  EXPECT_EQ(mask.line("> second line of a key <"), "> *** <");
  EXPECT_EQ(mask.line("tok-123456"), "***");
  for (const std::string& behind : {std::string(), std::string(":x"), std::string("ab")}) {
    const std::string text = "s3cr3t-of-the-mail" + behind;
    EXPECT_EQ(mask.line(to_base64(as_bytes(text))).find(to_base64(as_bytes("s3cr3t-of-the-ma"))), std::string::npos) << behind;
  }
  EXPECT_EQ(mask.line("https://codecommit-user-x:upcall-git-AbCdEfGhIjKlMnOpQrStUvWxYz0123456789_-AbCdE@host/git"), "https://codecommit-user-x:***@host/git");
  EXPECT_EQ(mask.line("upcall-git-hooks"), "upcall-git-hooks");
}

TEST(PipelineMask, OneSecretWithinAnotherIsNoHole) {
  Mask mask;
  mask.add("abcdefgh");
  mask.add("abcdefghijkl");
  EXPECT_EQ(mask.line("abcdefghijkl"), "***") << "the rest of the longer one must not stay";
}

TEST(BasicCredentials, AreTakenApart) {
  const auto parse = [](std::string_view text) { return identity::parse_basic("Basic " + to_base64(as_bytes(text))); };
  ASSERT_TRUE(parse("user:pass:word"));
  EXPECT_EQ(parse("user:pass:word")->user, "user");
  EXPECT_EQ(parse("user:pass:word")->password, "pass:word");
  EXPECT_TRUE(identity::parse_basic("bAsIc " + to_base64(as_bytes("a:"))));
  EXPECT_FALSE(parse("nocolon"));
  EXPECT_FALSE(parse("a:b\nc"));
  EXPECT_EQ(identity::parse_basic("Bearer abc").error(), ParseError::unsupported);
  EXPECT_FALSE(identity::parse_basic("Basic !!!"));
  EXPECT_EQ(identity::parse_basic("Basic " + std::string(2000, 'A')).error(), ParseError::too_long);
}

TEST(CgiHead, StatusHeadersAndWhereTheBodyBegins) {
  const auto head = wire::parse_cgi_head("Status: 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nabc");
  ASSERT_TRUE(head);
  EXPECT_EQ(head->response.status, 404);
  EXPECT_EQ(head->response.headers, (std::vector<std::pair<std::string, std::string>>{{"content-type", "text/plain"}}));
  EXPECT_EQ(head->body_begin, 70u);
  EXPECT_EQ(wire::parse_cgi_head("Content-Type: x\n\nbody")->response.status, 200);
  EXPECT_EQ(wire::parse_cgi_head("Content-Type: x\r\n").error(), ParseError::truncated);
  EXPECT_EQ(wire::parse_cgi_head("no colon\n\n").error(), ParseError::malformed);
  EXPECT_EQ(wire::parse_cgi_head("Status: 99\n\n").error(), ParseError::malformed);
  EXPECT_EQ(wire::parse_cgi_head("Status: 200\nStatus: 500\n\n").error(), ParseError::malformed);
  EXPECT_EQ(wire::parse_cgi_head(std::string(wire::kCgiHeadMax, 'a')).error(), ParseError::too_long);
}

}  // namespace
}  // namespace upcall::pipeline
