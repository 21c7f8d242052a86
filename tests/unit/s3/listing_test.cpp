#include "s3/listing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/wall_text.hpp"
#include "s3/answers.hpp"
#include "s3/served_xml.hpp"

namespace upcall::s3 {
namespace {

using testing::ElementsAre;
using Query = std::vector<std::pair<std::string, std::string>>;

const std::vector<std::string> kKeys = {"R/2026/01/a.mp4", "R/2026/01/b.mp4", "R/2026/02/c.mp4", "R/2026/d.mp4", "S/e.mp4"};

struct Listed {
  std::vector<std::string> names;   // prefixes with "> " before them
  std::optional<ListFrom> next;
  int calls = 0;
};

Listed list(const Query& query) {
  const auto request = ListRequest::parse(query);
  EXPECT_TRUE(request);
  Listed out;
  auto page = list_page(*request, [&](const ListFrom& from) -> Result<std::optional<std::string>> {
    ++out.calls;
    for (const std::string& key : kKeys) {
      if (key.starts_with(request->prefix) && (from.after ? key > from.at : key >= from.at)) return key;
    }
    return std::nullopt;
  });
  for (const auto& item : page->items) out.names.push_back((item.is_prefix ? "> " : "") + item.name);
  out.next = page->next;
  return out;
}

TEST(S3Listing, PrefixDelimiterAndStartAfter) {
  EXPECT_EQ(list({}).names, kKeys);
  EXPECT_THAT(list({{"prefix", "R/2026/"}, {"delimiter", "/"}}).names, ElementsAre("> R/2026/01/", "> R/2026/02/", "R/2026/d.mp4"));
  EXPECT_EQ(list({{"prefix", "R/2026/"}, {"delimiter", "/"}}).calls, 4) << "a folder costs one look, however many keys it has";
  EXPECT_THAT(list({{"delimiter", "/"}}).names, ElementsAre("> R/", "> S/"));
  EXPECT_THAT(list({{"delimiter", "mp4"}, {"prefix", "S"}}).names, ElementsAre("> S/e.mp4"));
  EXPECT_THAT(list({{"start-after", "R/2026/01/b.mp4"}}).names, ElementsAre("R/2026/02/c.mp4", "R/2026/d.mp4", "S/e.mp4"));
  EXPECT_THAT(list({{"start-after", "R/2026/01/b"}, {"prefix", "R/2026/01/"}}).names, ElementsAre("R/2026/01/b.mp4"));
  EXPECT_TRUE(list({{"prefix", "T"}}).names.empty());
  const Listed none = list({{"max-keys", "0"}});
  EXPECT_TRUE(none.names.empty());
  EXPECT_FALSE(none.next);
}

TEST(S3Listing, PagesJoinToTheWhole) {
  for (const char* delimiter : {"", "/"}) {
    for (const char* size : {"1", "2", "3", "5", "1000"}) {
      std::vector<std::string> all;
      Query query{{"delimiter", delimiter}, {"prefix", "R/2026/"}, {"max-keys", size}};
      for (int pages = 0; pages < 10; ++pages) {
        const Listed page = list(query);
        EXPECT_LE(page.names.size(), std::stoul(size));
        all.insert(all.end(), page.names.begin(), page.names.end());
        if (!page.next) break;
        query = {{"delimiter", delimiter}, {"prefix", "R/2026/"}, {"max-keys", size}, {"continuation-token", continuation_token(*page.next)}};
      }
      EXPECT_EQ(all, list({{"delimiter", delimiter}, {"prefix", "R/2026/"}}).names) << delimiter << size;
    }
  }
}

TEST(S3Listing, WhatCannotBeMeantIsRefused) {
  for (const Query& bad : {Query{{"max-keys", "-1"}}, Query{{"max-keys", ""}}, Query{{"max-keys", "1x"}}, Query{{"max-keys", "99999999999"}},
                           Query{{"encoding-type", "xml"}}, Query{{"prefix", "a\x01"}}, Query{{"delimiter", "\xff"}}, Query{{"prefix", std::string(1025, 'a')}},
                           Query{{"continuation-token", ""}}, Query{{"continuation-token", "!!"}}, Query{{"continuation-token", "eA"}}}) {
    EXPECT_FALSE(ListRequest::parse(bad)) << bad[0].first << "=" << bad[0].second;
  }
  EXPECT_EQ(ListRequest::parse({{"max-keys", "5000"}})->max_keys, kPageMax);
  const std::string token = continuation_token({"R/2026/01/b.mp4", true});
  for (std::size_t n = 0; n < token.size(); ++n) {
    const auto cut = parse_continuation_token(token.substr(0, n));
    EXPECT_TRUE(!cut || cut->at.size() < 15) << n;
  }
  EXPECT_EQ(after_all_with("a/"), "a0");
  EXPECT_EQ(after_all_with("a\xff"), "b");
  EXPECT_EQ(after_all_with("\xff"), "");
}

// Our own client reads what we serve.
TEST(S3Listing, DocumentsAreReadBack) {
  const auto request = ListRequest::parse({{"prefix", "R/"}, {"max-keys", "1"}, {"delimiter", "&"}});
  ListPage page{{{"R/a.mp4", false}}, ListFrom{"R/a.mp4", true}};
  const WallTime time = *parse_iso8601("2026-11-22T08:08:26.352Z");
  const auto objects = parse_objects(list_xml("recordings", *request, page, {{"abc-1", 7, time}}));
  ASSERT_TRUE(objects);
  ASSERT_EQ(objects->objects.size(), 1u);
  EXPECT_EQ(objects->objects[0].key, "R/a.mp4");
  EXPECT_EQ(objects->objects[0].etag, "abc-1");
  EXPECT_EQ(objects->objects[0].size, 7u);
  EXPECT_EQ(objects->objects[0].modified, time);
  EXPECT_EQ(parse_continuation_token(objects->next)->at, "R/a.mp4");
  const auto encoded = ListRequest::parse({{"prefix", "R/ &"}, {"encoding-type", "url"}});
  EXPECT_THAT(list_xml("recordings", *encoded, {}, {}), testing::HasSubstr("<Prefix>R/%20%26</Prefix>"));
  EXPECT_EQ(parse_error(error_xml("NoSuchKey", "<&>", "/a", "r")), "NoSuchKey");
}

}  // namespace
}  // namespace upcall::s3
