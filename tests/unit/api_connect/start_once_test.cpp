// StartChatContact with a client token: one chat for each, whatever was cut off in between.
#include <gtest/gtest.h>

#include "../centre_api/harness.hpp"
#include "api/connect/chat_start.hpp"
#include "base/ids.hpp"
#include "crypto/hash.hpp"
#include "io/store/started_chat_repository.hpp"

namespace upcall::test {
namespace {

class StartOnce : public ::testing::Test {
 protected:
  api::ConnectAnswer start(const std::string& token, const std::string& key = "UPCAKEY", std::string flow = {}) {
    const wire::HttpRequest request = in.request("PUT", "/aws/connect/contact/chat");
    api::ConnectCall call{api, request, {}, key, "instance", {}};
    return api::start_once(call, token, chat(std::move(flow)));
  }
  contact::StartChat chat(std::string flow = {}) {
    return {flow.empty() ? in.default_flow() : std::move(flow), "Jane", {{"customerName", "Jane"}, {"videoReferenceId", ""}}};
  }
  std::string id_of(const std::string& token) { return to_hex(crypto::sha256(as_bytes(std::string("UPCAKEY") + '\0' + token))); }
  std::size_t chats() {
    return in.service->get<std::size_t>([](const contact::Centre& centre) { return centre.contacts().size(); });
  }
  static std::string at(const api::ConnectAnswer& answer, const char* name) {
    EXPECT_TRUE(answer) << (answer ? "" : answer.error().message);
    return answer ? json::text_or(*answer, name) : "";
  }
  // Whose token it is; empty: nobody's.
  std::string participant_of(const std::string& token) {
    const auto row = in.store->read([&](store::Database& db) { return store::centre::participant_by_token(db, token); });
    return row && *row ? (*row)->participant_id : "";
  }

  Installation in;
  api::ConnectApi api{*in.centre_api, *in.sealer, [](std::string_view, const bj::object&, const std::string&) -> Result<bj::value> { return fail(ErrorCode::internal, "no command"); }};
};

TEST_F(StartOnce, ARepeatedTokenGivesTheFirstAnswer) {
  const auto first = start("t");
  EXPECT_EQ(*start("t"), *first);
  EXPECT_EQ(chats(), 1u);
  EXPECT_NE(at(start("u"), "ContactId"), at(first, "ContactId"));
  EXPECT_NE(at(start("t", "UPCAOTHER"), "ContactId"), at(first, "ContactId")) << "another key's token is another";
  EXPECT_NE(at(start(""), "ContactId"), at(start(""), "ContactId")) << "no token, no memory";
}

TEST_F(StartOnce, ItOutlivesARestart) {
  const auto first = start("t");
  in.stop();
  in.start();
  api::ConnectApi after{*in.centre_api, *in.sealer, {}};
  const wire::HttpRequest request = in.request("PUT", "/aws/connect/contact/chat");
  api::ConnectCall call{after, request, {}, "UPCAKEY", "instance", {}};
  EXPECT_EQ(*api::start_once(call, "t", chat()), *first);
  EXPECT_EQ(participant_of(at(first, "ParticipantToken")), at(first, "ParticipantId"));
}

TEST_F(StartOnce, CutOffBeforeTheChatItBeginsUnderTheIdThatWasChosen) {
  const std::string id = make_uuid(in.random);
  ASSERT_TRUE(in.store->write([&](store::Database& db) { return store::started_chats::begin(db, id_of("t"), id, in.now().wall); }));
  EXPECT_EQ(at(start("t"), "ContactId"), id);
  EXPECT_EQ(chats(), 1u);
}

TEST_F(StartOnce, CutOffBeforeTheAnswerTheCustomerGetsATokenThatIsGood) {
  const std::string id = make_uuid(in.random);
  ASSERT_TRUE(in.store->write([&](store::Database& db) { return store::started_chats::begin(db, id_of("t"), id, in.now().wall); }));
  contact::StartChat command = chat();
  command.contact_id = id;
  const contact::Effects lost = in.service->call(std::move(command));
  ASSERT_FALSE(lost.error);
  const auto answer = start("t");
  EXPECT_EQ(at(answer, "ContactId"), id);
  EXPECT_EQ(at(answer, "ParticipantId"), lost.participants.front().participant.id);
  EXPECT_EQ(participant_of(at(answer, "ParticipantToken")), at(answer, "ParticipantId"));
  EXPECT_EQ(participant_of(lost.participants.front().token), "") << "nobody has heard of the first one";
  EXPECT_EQ(chats(), 1u);
  EXPECT_EQ(*start("t"), *answer);
}

TEST_F(StartOnce, ARefusedStartIsForgotten) {
  const auto refused = start("t", "UPCAKEY", "no-such-flow");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, 404);
  EXPECT_FALSE(at(start("t"), "ContactId").empty());
}

TEST_F(StartOnce, ATokenIsGoodForSevenDays) {
  const std::string first = at(start("t"), "ContactId");
  in.pass(Duration::s(7 * 86'400 - 60));
  EXPECT_EQ(at(start("t"), "ContactId"), first);
  in.pass(Duration::s(120));
  EXPECT_NE(at(start("t"), "ContactId"), first);
}

TEST_F(StartOnce, ItsAnswerIsSealed) {
  const auto answer = start("t");
  const auto row = in.store->read([&](store::Database& db) {
    return db.one("select answer_sealed from started_chats", [](store::Row& r) { return r.blob(0); });
  });
  ASSERT_TRUE(row && *row);
  EXPECT_EQ(as_text(**row).find(at(answer, "ParticipantToken")), std::string_view::npos);
}

}  // namespace
}  // namespace upcall::test
