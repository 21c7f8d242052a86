#include <gtest/gtest.h>

#include "rtc/ice/controlling_agent.hpp"

namespace upcall::ice {
namespace {

class Agent : public testing::Test {
 protected:
  Agent() : random(7), server({"srvr", "server-password-of-24chr"}) { server.set_remote_ufrag("peer"); }

  IceControllingAgent make(std::initializer_list<Path> candidates) {
    const std::vector<Path> list(candidates);
    return IceControllingAgent(t0, {"peer", "client-password-of-24chr"}, server.local(), list, random);
  }
  static Path path(std::uint16_t port) { return {0, NetAddress::v4(127, 0, 0, 1, port)}; }

  SeededRandom random;
  IceLiteServer server;
  CheckOutbox out;
  std::array<std::uint8_t, stun::kBuildBufferSize> reply;
  Instant t0 = Instant::from_ms(5000);
  // The server sees the client under this address whatever path it used.
  const Path client{0, NetAddress::v4(192, 0, 2, 9, 999)};
};

TEST_F(Agent, ConnectsOnTheFirstAnswerAndNominates) {
  auto agent = make({path(40000)});
  EXPECT_EQ(agent.next_deadline(), t0);
  agent.handle_timeout(t0, out);
  ASSERT_EQ(out.items().size(), 1u);
  auto answer = server.handle(t0, client, out.items()[0].bytes(), reply);
  EXPECT_EQ(answer.outcome, CheckOutcome::newly_validated);
  out.clear();
  EXPECT_TRUE(agent.handle(t0, path(40000), answer.reply, out));
  EXPECT_EQ(agent.state(), AgentState::connected);
  EXPECT_EQ(agent.selected(), path(40000));
  EXPECT_EQ(agent.reflexive(), client.remote);
  ASSERT_EQ(out.items().size(), 1u) << "the nomination follows at once";
  answer = server.handle(t0, client, out.items()[0].bytes(), reply);
  EXPECT_EQ(answer.outcome, CheckOutcome::nominated);
  out.clear();
  EXPECT_FALSE(agent.handle(t0, path(40000), answer.reply, out));
  EXPECT_GE(agent.next_deadline(), t0 + Duration::s(4)) << "now only consent";
  EXPECT_LE(agent.next_deadline(), t0 + Duration::s(6));
}

TEST_F(Agent, PacesRetransmitsAndGivesUp) {
  auto agent = make({path(1), path(2)});
  std::vector<std::pair<std::int64_t, std::uint16_t>> sent;
  Instant now = t0;
  for (int i = 0; i < 1000 && agent.state() == AgentState::checking; ++i) {
    now = agent.next_deadline();
    agent.handle_timeout(now, out);
    for (const auto& item : out.items()) sent.emplace_back((now - t0).ms(), item.path.remote.port);
    out.clear();
  }
  EXPECT_EQ(agent.state(), AgentState::failed);
  EXPECT_EQ(now, t0 + IceControllingAgent::kGiveUp);
  ASSERT_GT(sent.size(), 6u);
  EXPECT_EQ(sent[0], std::pair(std::int64_t(0), std::uint16_t(1)));
  EXPECT_EQ(sent[1], std::pair(std::int64_t(20), std::uint16_t(2)));
  EXPECT_EQ(sent[2], std::pair(std::int64_t(100), std::uint16_t(1)));
  EXPECT_EQ(sent[3], std::pair(std::int64_t(120), std::uint16_t(2)));
  EXPECT_EQ(sent[4], std::pair(std::int64_t(300), std::uint16_t(1)));
  EXPECT_TRUE(agent.next_deadline().is_never());
}

TEST_F(Agent, ForgedAnswersAreIgnored) {
  auto agent = make({path(1)});
  agent.handle_timeout(t0, out);
  const auto request = stun::parse(out.items()[0].bytes()).value();
  const auto id = request.transaction_id;
  CheckOutbox sink;
  const auto forge = [&](const stun::TransactionId& tid, std::string_view pwd, stun::Class cls) {
    stun::Builder b(reply, cls, stun::kBindingMethod, tid);
    if (cls == stun::Class::success) b.xor_mapped_address(client.remote); else b.error_code(401);
    return b.integrity(crypto::HmacSha1(as_bytes(pwd))).fingerprint().finish();
  };
  const std::string pwd = server.local().pwd;
  EXPECT_FALSE(agent.handle(t0, path(1), forge(id, "not-the-password-of-24ch", stun::Class::success), sink));
  EXPECT_FALSE(agent.handle(t0, path(1), forge({}, pwd, stun::Class::success), sink));
  EXPECT_FALSE(agent.handle(t0, path(2), forge(id, pwd, stun::Class::success), sink)) << "another source";
  EXPECT_FALSE(agent.handle(t0, path(1), forge(id, pwd, stun::Class::error), sink));
  EXPECT_EQ(agent.state(), AgentState::checking);
  EXPECT_TRUE(agent.handle(t0, path(1), forge(id, pwd, stun::Class::success), sink));
}

TEST_F(Agent, ConsentGoesOnForHoursAndEndsThirtySecondsAfterTheLastAnswer) {
  auto agent = make({path(1)});
  bool server_alive = true;
  Instant now = t0, died;
  int checks = 0;
  while (agent.state() != AgentState::failed) {
    now = agent.next_deadline();
    ASSERT_FALSE(now.is_never());
    agent.handle_timeout(now, out);
    // Answers may add datagrams (the nomination), so go by index.
    for (std::size_t i = 0; i < out.items().size(); ++i) {
      ++checks;
      if (!server_alive) continue;
      const auto answer = server.handle(now, client, out.items()[i].bytes(), reply);
      agent.handle(now, path(1), answer.reply, out);
      died = now;
    }
    out.clear();
    server.handle_timeout(now);
    if (server_alive) {
      ASSERT_TRUE(server.is_validated(client));
    }
    if (now - t0 > Duration::s(7200)) server_alive = false;
  }
  EXPECT_EQ(now - died, IceControllingAgent::kGiveUp);
  EXPECT_GT(checks, 7200 / 6);
  EXPECT_LT(checks, 7200 / 4 + 40);
}

}  // namespace
}  // namespace upcall::ice
