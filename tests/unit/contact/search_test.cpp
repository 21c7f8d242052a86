// What a contact is found by, and what a search becomes.
#include <gtest/gtest.h>

#include "contact/search.hpp"

namespace upcall::contact {
namespace {

constexpr SearchScope kAll{true, ""};

WallTime at(std::int64_t ms) { return WallTime::from_unix_ms(ms); }

std::string expression(const SearchFilter& f, const SearchScope& scope = kAll) {
  auto out = search_expression(f, scope);
  EXPECT_TRUE(out) << out.error().message;
  return out ? *out : "";
}

TEST(Search, TermsHoldNothingThatSomebodyWrote) {
  SearchFacts f;
  f.started = f.ended = at(1'800'000'000'000);
  f.agent_ids = {"ann"};
  f.group_path = "root/team";
  f.outcome = "Sold";
  f.attributes = {{"customerEmailAddress", "jane@customer.example"}};
  const std::string terms = search_terms(f);
  for (const char* word : {"ann", "root", "Sold", "sold", "jane"}) EXPECT_EQ(terms.find(word), std::string::npos) << word;
  for (const char c : terms) EXPECT_TRUE((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == ' ') << "one word of the tokenizer each";
}

// Every condition's word is one of the contact's.
TEST(Search, ConditionsNameTheContactsTerms) {
  SearchFacts facts;
  facts.started = at(1'800'000'000'000);
  facts.ended = at(1'800'000'900'000);
  facts.agent_ids = {"ann", "bob"};
  facts.queue_ids = {"q1"};
  facts.group_path = "root/team";
  facts.outcome = "Sold";
  facts.video = facts.recorded = true;
  facts.attributes = {{"Level", "Gold"}};
  const std::string terms = " " + search_terms(facts) + " ";
  const auto has = [&](const SearchFilter& f, const SearchScope& scope = kAll) {
    // Of one condition: terms:word
    const std::string e = expression(f, scope);
    return e.starts_with("terms:") && terms.find(" " + e.substr(6) + " ") != std::string::npos;
  };
  EXPECT_TRUE(has({}));
  EXPECT_TRUE(has({.agent_ids = {"bob"}}));
  EXPECT_FALSE(has({.agent_ids = {"max"}}));
  EXPECT_TRUE(has({.queue_ids = {"q1"}}));
  EXPECT_FALSE(has({.queue_ids = {"ann"}})) << "a queue is no agent";
  EXPECT_TRUE(has({.group_paths = {"root"}}));
  EXPECT_TRUE(has({.group_paths = {"root/team"}}));
  EXPECT_FALSE(has({.group_paths = {"team"}}));
  EXPECT_FALSE(has({.group_paths = {"root/te"}}));
  EXPECT_TRUE(has({.outcome = "sOLD"}));
  EXPECT_TRUE(has({.video = true}));
  EXPECT_TRUE(has({.recorded = true}));
  EXPECT_TRUE(has({.attributes = {{"Level", {"gold"}}}}));
  EXPECT_FALSE(has({.attributes = {{"level", {"gold"}}}})) << "names are exact";
  EXPECT_FALSE(has({.attributes = {{"Leve", {"lGold"}}}}));
  EXPECT_TRUE(has({.ended_from = at(1'800'000'000'000), .ended_until = at(1'800'000'900'001)}));
  // The searcher's reach stands before everything else.
  SearchScope team{false, "root/team"}, other{false, "root/other"}, nobody{false, ""};
  EXPECT_NE(expression({}, team), expression({}, other));
  EXPECT_EQ(expression({}, nobody), "terms:gnone");
  facts.group_path.clear();
  EXPECT_NE((" " + search_terms(facts) + " ").find(" gnone "), std::string::npos);
}

TEST(Search, WordsCannotLeaveTheirQuotes) {
  SearchFilter f;
  f.texts = {{SearchedText::Speaker::customer, "refund OR terms:xall) \"late delivery\" NEAR(a b)"}};
  const std::string e = expression(f);
  EXPECT_EQ(e, "(customer:\"refund\" AND customer:\"OR\" AND customer:\"terms:xall)\" AND customer:\"late delivery\" AND customer:\"NEAR(a\" AND customer:\"b)\")");
}

TEST(Search, WhatHasNoWordIsRefused) {
  for (const char* text : {"", " ", "\"\"", "?!", "\xE2\x80\x93", "\xC2\xBF", "\xE3\x80\x82"}) {
    EXPECT_FALSE(search_expression({.texts = {{SearchedText::Speaker::anybody, text}}}, kAll)) << text;
  }
  for (const char* text : {"7", "\xC3\xA9t\xC3\xA9", "\xE6\x97\xA5\xE6\x9C\xAC", "\xE2\x80\x93 x"}) {
    EXPECT_TRUE(search_expression({.texts = {{SearchedText::Speaker::anybody, text}}}, kAll)) << text;
  }
  EXPECT_FALSE(search_expression({.customer = std::string(kSearchTextBytesMax + 1, 'a')}, kAll));
  EXPECT_FALSE(search_expression({.agent_ids = std::vector<std::string>(kSearchChoicesMax + 1, "a")}, kAll));
  EXPECT_FALSE(search_expression({.attributes = {{"", {"x"}}}}, kAll));
  EXPECT_FALSE(search_expression({.attributes = {{"x", {}}}}, kAll));
}

TEST(Search, ARangeOfEndsIsHoursAndDays) {
  constexpr std::int64_t kHour = 3'600'000, kDay = 24 * kHour;
  const std::int64_t day = 20'000;
  // 23:30 of one day to 01:00 of the day after the next.
  const std::string e = expression({.ended_from = at(day * kDay + 23 * kHour + kHour / 2), .ended_until = at((day + 2) * kDay + kHour)});
  EXPECT_EQ(e, "(terms:h" + std::to_string(day * 24 + 23) + " OR terms:d" + std::to_string(day + 1) + " OR terms:h" + std::to_string((day + 2) * 24) + ")");
  EXPECT_EQ(expression({.ended_from = at(0)}), "terms:xall") << "too wide to be listed";
}

TEST(Search, LongChatsAreKeptToABound) {
  SearchDocument d;
  const std::string word = "abcdefg ";
  std::string text;
  while (text.size() < kSearchTextMax / 2 + 5) text += word;
  add_search_text(d, Role::customer, text);
  add_search_text(d, Role::agent, text);
  EXPECT_LE(d.customer.size() + d.agent.size(), kSearchTextMax);
  EXPECT_TRUE(d.agent.ends_with(word)) << "no half word";
  add_search_text(d, Role::system, "more");
  EXPECT_LE(d.other.size(), 8u);
}

TEST(Search, TokensComeBackAndOthersAreRefused) {
  const SearchToken token{first_number(at(1'800'000'000'000)) + 3, search_fingerprint({.outcome = "x"}, false)};
  const std::string text = to_text(token);
  const auto read = parse_search_token(text);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->number, token.number);
  EXPECT_EQ(read->fingerprint, token.fingerprint);
  for (std::size_t i = 0; i < text.size(); ++i) EXPECT_FALSE(parse_search_token(text.substr(0, i)));
  EXPECT_FALSE(parse_search_token(text + "0"));
  EXPECT_FALSE(parse_search_token(std::string(24, 'f')));
  EXPECT_FALSE(parse_search_token(std::string(24, 'G')));
  const std::vector<SearchFilter> filters = {{}, {.outcome = "x"}, {.customer = "x"}, {.agent_ids = {"a", "b"}}, {.agent_ids = {"ab"}}, {.queue_ids = {"a", "b"}}, {.video = true}, {.recorded = true},
                                             {.attributes = {{"a", {"b"}}}}, {.started_from = at(1)}, {.ended_from = at(1)}, {.started_until = at(1)}, {.texts = {{SearchedText::Speaker::agent, "x"}}}};
  for (std::size_t a = 0; a < filters.size(); ++a) {
    EXPECT_NE(search_fingerprint(filters[a], false), search_fingerprint(filters[a], true));
    for (std::size_t b = 0; b < a; ++b) EXPECT_NE(search_fingerprint(filters[a], false), search_fingerprint(filters[b], false)) << a << " " << b;
  }
}

}  // namespace
}  // namespace upcall::contact
