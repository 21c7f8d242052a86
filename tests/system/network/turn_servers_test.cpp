// From the parameters of an installation to the credentials that a client is given.
#include <fstream>
#include <future>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/bytes.hpp"
#include "crypto/hmac.hpp"
#include "io/clock/system_clock.hpp"
#include "io/net/websocket_client.hpp"
#include "network.hpp"
#include "wire/signal/signal_frame.hpp"

namespace upcall::network {
namespace {

using F = wire::SignalFrame;
const std::string kServer = "turns:turn.example.com:443?transport=tcp";
const std::string kSecret = "a-secret-that-nobody-must-see";

// Joins and leaves, as a client that found no way out does; what its JOIN was answered.
signal::SdkTurnCredentials attempt(story::World& world, const bj::object& join_info) {
  std::promise<signal::SdkTurnCredentials> given;
  std::promise<void> left;
  net::WebSocketClientOptions options;
  options.url = json::text_or(join_info.at("Meeting").at("MediaPlacement").as_object(), "SignalingUrl");
  options.subprotocols = {"_aws_wt_session", json::text_or(join_info.at("Attendee").as_object(), "JoinToken")};
  options.on_message = [&](Bytes message, bool) {
    const auto frame = wire::decode_signal(message);
    if (frame && frame->type() == F::JOIN_ACK) given.set_value(frame->joinack().turn_credentials());
    if (frame && frame->type() == F::LEAVE_ACK) left.set_value();
  };
  options.on_close = [](std::uint16_t) {};
  auto socket = world.need(net::WebSocketClient::connect(std::move(options)), "the signalling socket");
  const auto send = [&](F::Type type) {
    F frame;
    frame.set_type(type);
    if (type == F::JOIN) {
      frame.mutable_join()->set_protocol_version(2);
      frame.mutable_join()->set_audio_session_id(4711);
    } else {
      frame.mutable_leave();
    }
    const std::string bytes = wire::encode_signal(frame, system_now().wall);
    socket->send_binary(as_bytes(bytes));
  };
  auto answer = given.get_future();
  auto gone = left.get_future();
  send(F::JOIN);
  if (answer.wait_for(std::chrono::seconds(10)) != std::future_status::ready) world.trouble("no JOIN_ACK");
  send(F::LEAVE);
  if (gone.wait_for(std::chrono::seconds(10)) != std::future_status::ready) world.trouble("no LEAVE_ACK");
  return answer.get();
}

TEST(TurnServers, AreGivenAtTheSecondAttemptAndTheSecretStaysHere) {
  story::World world;
  EXPECT_THAT(world.refused_admin("configure", {{"turnServers", "http://turn.example.com"}}), testing::HasSubstr("turnServers"));
  world.admin("configure", {{"turnServers", kServer}, {"turnSecret", kSecret}});
  const story::Call call = world.begin_call(false);
  EXPECT_EQ(attempt(world, call.agent_join).uris_size(), 0);
  const auto second = attempt(world, call.agent_join);
  EXPECT_THAT(second.uris(), testing::ElementsAre(kServer));
  EXPECT_EQ(second.password(), to_base64(crypto::hmac_sha1(as_bytes(kSecret), as_bytes(second.username()))));
  EXPECT_EQ(attempt(world, call.customer_join).uris_size(), 0) << "another device";

  EXPECT_EQ(world.terminate_server(Duration::s(20)), 0);
  std::ifstream in(world.log_file());
  std::stringstream log;
  log << in.rdbuf();
  EXPECT_THAT(log.str(), testing::HasSubstr("server.started"));
  for (const std::string& secret : {kSecret, second.password(), second.username()}) EXPECT_THAT(log.str(), testing::Not(testing::HasSubstr(secret)));
}

TEST(TurnServers, WithoutTheirSecretTheServerSaysSoAndServes) {
  story::World world;
  const std::string notes = bj::serialize(world.admin("configure", {{"turnServers", kServer}}));
  EXPECT_THAT(notes, testing::HasSubstr("TURN servers stay as they were"));
  const story::Call call = world.begin_call(false);
  attempt(world, call.agent_join);
  EXPECT_EQ(attempt(world, call.agent_join).uris_size(), 0);
}

}  // namespace
}  // namespace upcall::network
