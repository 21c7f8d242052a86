#include "contact/flow_reference.hpp"

#include <gtest/gtest.h>

#include <map>

#include "contact/flow_condition.hpp"

namespace upcall::contact {
namespace {

std::map<std::string, std::string> values;

std::string put_in(std::string_view text) {
  return expand(text, [](const FlowReference& r) {
    const auto found = values.find(r.path.empty() ? r.root : r.root + "|" + r.key());
    return found != values.end() ? found->second : std::string();
  });
}

TEST(FlowReference, EndsAtTheFirstCharacterThatCannotBelongToIt) {
  values = {{"Attributes|customerName", "Zoë"}, {"Attributes|a-b", "x"}, {"Attributes|two words", "y"}, {"ContactId", "c-1"},
            {"External|list.0.id", "z"}, {"SegmentAttributes|connect:Subtype", "connect:Chat"}, {"Queue|Name", "Sales"}};
  EXPECT_EQ(put_in("Hi, $.Attributes.customerName! Welcome"), "Hi, Zoë! Welcome");
  EXPECT_EQ(put_in("$.Attributes['a-b']."), "x.");
  EXPECT_EQ(put_in("$.Attributes['two words'], $.Attributes[\"two words\"]"), "y, y");
  EXPECT_EQ(put_in("[$.Attributes.missing]"), "[]");
  EXPECT_EQ(put_in("$.Attributes.customerName.And more"), "Zoë.And more") << "an attribute's name has no dots";
  EXPECT_EQ(put_in("Id $.ContactId. Thanks"), "Id c-1. Thanks");
  EXPECT_EQ(put_in("$.External.list[0].id and $.External.list.0.id."), "z and z.");
  EXPECT_EQ(put_in("($.SegmentAttributes['connect:Subtype'])"), "(connect:Chat)");
  EXPECT_EQ(put_in("Welcome to $.Queue.Name."), "Welcome to Sales.");
  EXPECT_EQ(put_in("or $5 or $."), "or $5 or $.");
  EXPECT_EQ(put_in("$.Attributes['never closed"), "['never closed") << "a root alone is empty";
  EXPECT_EQ(put_in("$.System.ContactId"), "") << "there is no $.System";
}

TEST(FlowReference, AnExpandedTextIsBoundedAndWhole) {
  values = {{"Attributes|big", std::string(20'000, 'x')}, {"Attributes|wide", "x" + std::string()}};
  EXPECT_EQ(put_in("$.Attributes.big").size(), kExpandedMax);
  std::string wide;
  while (wide.size() < 20'000) wide += "ë";
  values["Attributes|wide"] = "x" + wide;
  const std::string cut = put_in("$.Attributes.wide");
  EXPECT_EQ(cut.size(), kExpandedMax - 1) << "not inside a character";
}

FlowCondition test(FlowCondition::Op op, std::string operand) { return {op, std::move(operand), {}, 0}; }

TEST(FlowCondition, EveryOperator) {
  using Op = FlowCondition::Op;
  struct Case {
    Op op;
    const char* operand;
    const char* value;
    bool matches;
  };
  const Case cases[] = {
      {Op::equals, "a", "a", true},          {Op::equals, "a", "A", false},         {Op::equals, "", "", true},
      {Op::contains, "b", "abc", true},      {Op::contains, "x", "abc", false},     {Op::starts_with, "ab", "abc", true},
      {Op::starts_with, "bc", "abc", false}, {Op::ends_with, "bc", "abc", true},    {Op::ends_with, "ab", "abc", false},
      {Op::greater, "1", "2", true},         {Op::greater, "2", "2", false},        {Op::greater_or_equal, "2", "2", true},
      {Op::less, "2", "1.5", true},          {Op::less, "2", "2", false},           {Op::less_or_equal, "2", "2", true},
      {Op::less_or_equal, "2", "3", false},  {Op::greater_or_equal, "0", "-1", false},
  };
  for (const Case& c : cases) EXPECT_EQ(matches(test(c.op, c.operand), c.value), c.matches) << c.operand << " " << c.value;
}

// Ordinary visitors have an empty reference: it is no number, not zero.
TEST(FlowCondition, NumbersAreComparedOnlyWhenBothAreNumbers) {
  const auto ge = test(FlowCondition::Op::greater_or_equal, "0");
  EXPECT_TRUE(matches(ge, "0"));
  EXPECT_TRUE(matches(ge, "12345678"));
  for (const char* no : {"", " ", "abc", "1x", "nan", "inf", "-"}) EXPECT_FALSE(matches(ge, no)) << no;
  EXPECT_FALSE(matches(test(FlowCondition::Op::less, "x"), "1"));
}

TEST(FlowCondition, Combined) {
  using Op = FlowCondition::Op;
  FlowCondition both{Op::all_of, "", {test(Op::greater, "1"), test(Op::less, "5")}, 0};
  EXPECT_TRUE(matches(both, "3"));
  EXPECT_FALSE(matches(both, "7"));
  FlowCondition neither{Op::none_of, "", {both, test(Op::equals, "9")}, 0};
  EXPECT_TRUE(matches(neither, "7"));
  EXPECT_FALSE(matches(neither, "9"));
  FlowCondition either{Op::one_of, "", {both, test(Op::equals, "9")}, 0};
  EXPECT_TRUE(matches(either, "9"));
  EXPECT_FALSE(matches(either, "8"));
}

TEST(FlowCondition, WhatACustomerAnswersIsRecognised) {
  Block b;
  b.conditions = {test(FlowCondition::Op::equals, "Sales"), test(FlowCondition::Op::equals, "Support")};
  b.intents = {{"Sales", {"buy", "1"}}, {"Support", {"not working", "broken", "2"}}};
  EXPECT_EQ(recognised(b, " sales "), "Sales");
  EXPECT_EQ(recognised(b, "I want to BUY one"), "Sales");
  EXPECT_EQ(recognised(b, "my camera is not working."), "Support");
  EXPECT_EQ(recognised(b, "2"), "Support");
  EXPECT_EQ(recognised(b, "12"), std::nullopt) << "a keyword is a whole word";
  EXPECT_EQ(recognised(b, "buyer"), std::nullopt);
  EXPECT_EQ(recognised(b, ""), std::nullopt);
}

}  // namespace
}  // namespace upcall::contact
