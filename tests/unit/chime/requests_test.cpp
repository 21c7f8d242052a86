// Bodies of the vendor's meetings interface: every limit of its model, at the limit and behind it.
#include <gtest/gtest.h>

#include "chime/fields.hpp"
#include "chime/requests.hpp"
#include "json/json.hpp"

namespace upcall::test {
namespace {

namespace bj = boost::json;
using chime::Letters;
using wire::MediaCapability;

bj::object body(const std::string& more = {}) {
  auto out = json::parse_object(R"({"ClientRequestToken":"t1","MediaRegion":"eu-central-1","ExternalMeetingId":"m1")" + (more.empty() ? "" : "," + more) + "}");
  EXPECT_TRUE(out) << more;
  return out ? std::move(*out) : bj::object{};
}
bool taken(const std::string& more, bool with_attendees = false) {
  const auto read = chime::read_meeting_request(body(more), with_attendees);
  if (!read) { EXPECT_EQ(read.error().kind, chime::FaultKind::bad_request); }
  return read.has_value();
}
std::string quoted(const char* name, std::size_t length) { return "\"" + std::string(name) + "\":\"" + std::string(length, 'x') + "\""; }

TEST(ChimeRequests, LengthsCountCharacters) {
  std::string umlauts;
  for (int i = 0; i < 64; ++i) umlauts += "ä";
  EXPECT_TRUE(chime::fits(umlauts, 2, 64, Letters::external));
  EXPECT_FALSE(chime::fits(umlauts + "ä", 2, 64, Letters::external));
  EXPECT_FALSE(chime::fits("ä", 2, 64, Letters::external)) << "two bytes, one character";
  EXPECT_FALSE(chime::fits("a\xff", 2, 64, Letters::external));
}

TEST(ChimeRequests, LettersOfEachKind) {
  EXPECT_TRUE(chime::fits("a-_&@+=,(){}[]/«».:|'\"#Z9Àÿ ", 2, 64, Letters::external));
  for (const char* bad : {"a*", "a%", "a€", "a\\", "a<b", "aws:x", "AwS:x"}) EXPECT_FALSE(chime::fits(bad, 2, 64, Letters::external)) << bad;
  EXPECT_TRUE(chime::fits("xaws:", 2, 64, Letters::external));
  EXPECT_TRUE(chime::fits("A-b_9", 2, 64, Letters::token));
  EXPECT_FALSE(chime::fits("a.b", 2, 64, Letters::token));
  EXPECT_TRUE(chime::fits("aaab-!@#$", 2, 256, Letters::tenant));
  EXPECT_FALSE(chime::fits("baaaa", 2, 256, Letters::tenant)) << "four times in a row";
  EXPECT_TRUE(chime::fits("aaabaaa", 2, 256, Letters::tenant));
  EXPECT_TRUE(chime::fits("Key+,-./0=9:;<_", 1, 128, Letters::tag_key));
  EXPECT_FALSE(chime::fits("a b", 1, 128, Letters::tag_key));
  EXPECT_TRUE(chime::fits("a b@c", 0, 256, Letters::tag_value));
  EXPECT_TRUE(chime::fits("", 0, 256, Letters::tag_value));
  EXPECT_FALSE(chime::fits("a&b", 0, 256, Letters::tag_value));
}

TEST(ChimeRequests, EveryFieldAtItsLimitAndBehind) {
  EXPECT_TRUE(taken(""));
  EXPECT_TRUE(taken(quoted("MeetingHostId", 64)));
  EXPECT_FALSE(taken(quoted("MeetingHostId", 65)));
  EXPECT_FALSE(taken(quoted("MeetingHostId", 1)));
  EXPECT_TRUE(taken(R"("MeetingHostId":null)")) << "null is absent";
  EXPECT_TRUE(taken(R"("TenantIds":["a1","a2","a3","a4","a5"])"));
  EXPECT_FALSE(taken(R"("TenantIds":["a1","a2","a3","a4","a5","a6"])"));
  EXPECT_FALSE(taken(R"("TenantIds":[])"));
  EXPECT_FALSE(taken(R"("TenantIds":"a1")"));
  EXPECT_TRUE(taken(R"("MediaPlacementNetworkType":"Ipv4Only")"));
  EXPECT_FALSE(taken(R"("MediaPlacementNetworkType":"ipv4only")"));
  EXPECT_FALSE(taken(R"("PrimaryMeetingId":"another")"));
  EXPECT_TRUE(taken(R"("NotificationsConfiguration":{})"));
  EXPECT_FALSE(taken(R"("NotificationsConfiguration":{"SqsQueueArn":"arn:aws:sqs:x"})"));
  EXPECT_FALSE(taken(R"("Tags":[{"Key":"a","Value":"1"},{"Key":"a","Value":"2"}])"));
  EXPECT_FALSE(taken(R"("Tags":[{"Key":"a"}])"));
  for (const char* name : {"ClientRequestToken", "MediaRegion", "ExternalMeetingId"}) {
    bj::object without = body();
    without.erase(name);
    EXPECT_FALSE(chime::read_meeting_request(without, false)) << name;
    bj::object number = body();
    number[name] = 5;
    EXPECT_FALSE(chime::read_meeting_request(number, false)) << name;
  }
}

TEST(ChimeRequests, FeaturesAndTheirDefaults) {
  const auto plain = chime::read_meeting_request(body(), false);
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->facts.features, (chime::MeetingFeatures{"UNAVAILABLE", "HD", "FHD", 250}));
  const auto large = chime::read_meeting_request(body(R"("MeetingFeatures":{"Video":{"MaxResolution":"FHD"}})"), false);
  ASSERT_TRUE(large);
  EXPECT_EQ(large->facts.features.max_count, 25);
  EXPECT_TRUE(taken(R"("MeetingFeatures":{"Attendee":{"MaxCount":250}})"));
  EXPECT_FALSE(taken(R"("MeetingFeatures":{"Attendee":{"MaxCount":251}})"));
  EXPECT_FALSE(taken(R"("MeetingFeatures":{"Attendee":{"MaxCount":"20"}})"));
  EXPECT_TRUE(taken(R"("MeetingFeatures":{"Content":{"MaxResolution":"UHD"},"Attendee":{"MaxCount":25}})"));
  EXPECT_FALSE(taken(R"("MeetingFeatures":{"Content":{"MaxResolution":"UHD"},"Attendee":{"MaxCount":26}})"));
  EXPECT_FALSE(taken(R"("MeetingFeatures":{"Video":{"MaxResolution":"UHD"}})"));
  EXPECT_FALSE(taken(R"("MeetingFeatures":{"Audio":"yes"})"));
}

TEST(ChimeRequests, FactsAreReadBackAsTheyWereWritten) {
  const auto read = chime::read_meeting_request(body(R"("MeetingHostId":"host","TenantIds":["t1"],"MeetingFeatures":{"Audio":{"EchoReduction":"AVAILABLE"},"Video":{"MaxResolution":"None"},"Attendee":{"MaxCount":7}})"), false);
  ASSERT_TRUE(read);
  const auto back = chime::facts_from(bj::serialize(bj::object{{"chime", read->facts.to_json()}}));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->to_json(), read->facts.to_json());
  EXPECT_EQ(back->features.max_count, 7);
  EXPECT_FALSE(chime::facts_from("{}"));
  EXPECT_FALSE(chime::facts_from("no json"));
}

TEST(ChimeRequests, ParametersTellRequestsApart) {
  const auto of = [](const std::string& more) { return chime::read_meeting_request(body(more), true)->parameters(); };
  const std::string ann = R"("Attendees":[{"ExternalUserId":"ann"}])";
  EXPECT_EQ(of(ann), of(ann));
  for (const char* other : {R"("Attendees":[{"ExternalUserId":"bob"}])", R"("Attendees":[{"ExternalUserId":"ann"},{"ExternalUserId":"bob"}])",
                            R"("Attendees":[{"ExternalUserId":"ann","Capabilities":{"Audio":"None","Video":"None","Content":"None"}}])",
                            R"("Attendees":[{"ExternalUserId":"ann"}],"MeetingHostId":"host")", R"("Attendees":[{"ExternalUserId":"ann"}],"Tags":[{"Key":"a","Value":"b"}])"}) {
    EXPECT_NE(of(other), of(ann)) << other;
  }
}

TEST(ChimeRequests, OneBadAttendeeOfABatchIsItsOwnFault) {
  const auto read = chime::read_attendee_list(body(R"("Attendees":[{"ExternalUserId":"ann"},{"ExternalUserId":"aws:x"},{"ExternalUserId":"bob","Capabilities":{"Audio":"Loud"}}])"), 100);
  ASSERT_TRUE(read);
  EXPECT_FALSE((*read)[0].fault);
  EXPECT_TRUE((*read)[1].fault);
  EXPECT_TRUE((*read)[2].fault);
  EXPECT_FALSE(chime::read_attendee_list(body(R"("Attendees":[])"), 100));
  EXPECT_FALSE(chime::read_attendee_list(body(R"("Attendees":[{"ExternalUserId":"a"}])"), 100));
  EXPECT_FALSE(chime::read_attendee_list(body(R"("Attendees":["ann"])"), 100));
  std::string many;
  for (int i = 0; i < 21; ++i) many += std::string(i == 0 ? "" : ",") + "{\"ExternalUserId\":\"u" + std::to_string(i) + "\"}";
  EXPECT_FALSE(taken("\"Attendees\":[" + many + "]", true));
  EXPECT_TRUE(chime::read_attendee_list(body("\"Attendees\":[" + many + "]"), 100));
}

TEST(ChimeRequests, CapabilitiesAndWhatCannotBeTogether) {
  using C = wire::AttendeeCapabilities;
  constexpr auto kAll = MediaCapability::send_receive, kNone = MediaCapability::none, kSend = MediaCapability::send, kReceive = MediaCapability::receive;
  chime::MeetingFeatures features;
  EXPECT_EQ(*chime::capabilities_for(features, std::nullopt), C());
  for (const auto video : {kAll, kNone, kSend, kReceive}) {
    for (const auto content : {kAll, kNone, kSend, kReceive}) {
      const bool possible = !wire::may_receive(content) || wire::may_receive(video);
      EXPECT_EQ(chime::capabilities_for(features, C{kAll, video, content}).has_value(), possible) << wire::to_string(video) << " " << wire::to_string(content);
    }
  }
  features.video = "None";
  EXPECT_EQ(*chime::capabilities_for(features, std::nullopt), (C{kAll, kReceive, kAll})) << "content cannot be received without video";
  EXPECT_FALSE(chime::capabilities_for(features, C{kAll, kReceive, kNone}));
  EXPECT_TRUE(chime::capabilities_for(features, C{kAll, kNone, kSend}));
  features.content = "None";
  EXPECT_EQ(*chime::capabilities_for(features, std::nullopt), (C{kAll, kNone, kNone}));
  EXPECT_FALSE(chime::capabilities_for(features, C{kAll, kNone, kSend}));
}

TEST(ChimeRequests, CapabilitiesAsText) {
  const wire::AttendeeCapabilities some{MediaCapability::send, MediaCapability::none, MediaCapability::receive};
  EXPECT_EQ(wire::to_text(some), "Send None Receive");
  EXPECT_EQ(wire::attendee_capabilities_from("Send None Receive"), some);
  EXPECT_EQ(wire::attendee_capabilities_from(""), wire::AttendeeCapabilities());
  for (const char* bad : {"Send", "Send None", "Send None Receive ", "Send None receive", "Send  None", "Send None Receive Send"}) EXPECT_FALSE(wire::attendee_capabilities_from(bad)) << bad;
}

TEST(ChimeRequests, Guids) {
  EXPECT_EQ(*chime::guid("ABCDEF01-2345-6789-abcd-ef0123456789", "x"), "abcdef01-2345-6789-abcd-ef0123456789");
  for (const char* bad : {"", "abcdef01-2345-6789-abcd-ef012345678", "abcdef01-2345-6789-abcd-ef01234567890", "abcdef01x2345-6789-abcd-ef0123456789", "gbcdef01-2345-6789-abcd-ef0123456789"}) {
    EXPECT_FALSE(chime::guid(bad, "x")) << bad;
  }
}

TEST(ChimeRequests, TruncatedBodiesAreRefused) {
  const std::string whole = bj::serialize(body(R"("Attendees":[{"ExternalUserId":"ann"}],"Tags":[{"Key":"a","Value":"b"}])"));
  ASSERT_TRUE(json::parse_object(whole));
  for (std::size_t n = 0; n < whole.size(); ++n) {
    const auto cut = json::parse_object(std::string_view(whole).substr(0, n));
    EXPECT_FALSE(cut && chime::read_meeting_request(*cut, true)) << n;
  }
}

// Of every body that is read: deeper ones would take the stack.
TEST(Json, ThirtyTwoLevelsAreReadAndNotOneMore) {
  const auto nested = [](std::size_t levels) {
    std::string out;
    for (std::size_t i = 0; i < levels; ++i) out += i % 2 == 0 ? R"({"a":)" : "[";
    out += "1";
    for (std::size_t i = levels; i-- > 0;) out += i % 2 == 0 ? "}" : "]";
    return out;
  };
  EXPECT_TRUE(json::parse(nested(json::kMaxDepth)));
  EXPECT_FALSE(json::parse(nested(json::kMaxDepth + 1)));
  EXPECT_FALSE(json::parse(std::string(100'000, '[')));
  EXPECT_FALSE(json::parse("\"" + std::string(json::kMaxText, 'x') + "\""));
}

}  // namespace
}  // namespace upcall::test
