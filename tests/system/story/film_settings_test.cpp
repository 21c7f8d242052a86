// How films are made by an installation's own parameters, and what is said of them for good.
#include <gtest/gtest.h>

#include <filesystem>

#include "base/ids.hpp"
#include "crypto/hash.hpp"
#include "crypto/signature.hpp"
#include "harness.hpp"
#include "service/recording/film_manifest.hpp"

namespace upcall::story {
namespace {

bj::object recorded(World& world, Call& call, int ms, const std::function<void()>& meanwhile = [] {}) {
  EXPECT_EQ(world.start_recording(call), 200);
  const auto from = world.clock_ms();
  meanwhile();
  while (world.clock_ms() < from + ms) world.expect_media(call, Duration::s(10));
  EXPECT_EQ(world.stop_recording(call), 200);
  return world.wait_stored(call);
}

TEST(FilmSettings, SizeAndRateAreThoseOfTheStartAlsoAfterARestart) {
  World world;
  const auto set = [&](const char* width, const char* height, const char* rate) {
    world.set_parameter("recordingScreenWidth", width);
    world.set_parameter("recordingScreenHeight", height);
    world.set_parameter("recordingScreenFrameRate", rate);
  };
  set("1280", "720", "15");
  Call call = world.begin_call();
  // Changed meanwhile, and the server dies: the film stays what it was begun as.
  ASSERT_EQ(world.start_recording(call), 200);
  world.expect_media(call, Duration::s(10));
  set("720", "1280", "24");
  world.kill_server();
  world.start_server();
  const auto from = world.clock_ms();
  while (world.clock_ms() < from + 1500) world.expect_media(call, Duration::s(20));
  ASSERT_EQ(world.stop_recording(call), 200);
  bj::object entry = world.wait_stored(call);
  bj::object film = world.film(entry);
  EXPECT_EQ(number_at(film, "width"), 1280);
  EXPECT_EQ(number_at(film, "height"), 720);
  EXPECT_EQ(number_at(film, "fps"), 15);
  world.people_in(film);
  // The next one is made by the new ones.
  entry = recorded(world, call, 1500);
  film = world.film(entry);
  EXPECT_EQ(number_at(film, "width"), 720);
  EXPECT_EQ(number_at(film, "height"), 1280);
  EXPECT_EQ(number_at(film, "fps"), 24);
  world.people_in(film);
  EXPECT_NE(world.refused_admin("configure.set", {{"recordingLayout", "round"}}), "");
  EXPECT_NE(world.refused_admin("configure.set", {{"recordingScreenWidth", "641"}}), "");
}

TEST(FilmSettings, AManifestStandsBesideTheFilmForWhoMayWatchIt) {
  World world;
  crypto::SystemRandom random;
  const std::string password = make_token(random, 12);
  world.admin("user.add", {{"username", "otto@example.com"}, {"email", "otto@example.com"}, {"password", password}, {"name", "Otto"},
                           {"security-profile", bj::array{"QualityAnalyst", "VideoCallRecordingPlayback"}}, {"hierarchy-group", "Elsewhere"}});
  world.set_parameter("recordingScreenWidth", "854");
  world.set_parameter("recordingScreenHeight", "480");
  Call call = world.begin_call();
  std::string path;
  const bj::object entry = recorded(world, call, 2500, [&] {
    path = "/api/recording/manifest/" + json::text_or(world.recording(call), "recordingId");
    EXPECT_EQ(world.need(world.supervisor().call("GET", path), "manifest").status, 404) << "not yet";
  });
  const auto answer = world.need(world.supervisor().call("GET", path), "manifest");
  ASSERT_EQ(answer.status, 200);
  const auto jwk = world.need(world.supervisor().expect(200, "GET", "/api/recording/manifest-key"), "key").body;
  const auto key = crypto::Es256PublicKey::from_point(from_base64url(json::text_or(jwk, "x")).value(), from_base64url(json::text_or(jwk, "y")).value()).value();
  const std::string text = bj::serialize(answer.body);
  const auto clear = service::verified_manifest(text, key);
  ASSERT_TRUE(clear.has_value()) << clear.error().message;
  std::string tampered = text;
  tampered.replace(tampered.find("Carl Customer"), 4, "Karl");
  EXPECT_FALSE(service::verified_manifest(tampered, key));

  const bj::object m = json::parse_object(*clear).value();
  std::string names;
  for (const bj::value& p : *json::array_at(m, "participants")) {
    names += json::text_or(p.as_object(), "name") + ",";
    EXPECT_GT(number_at(json::array_at(p.as_object(), "spans")->at(0).as_object(), "leftMs"), 2000);
  }
  EXPECT_NE(names.find("Alice Agent,"), std::string::npos) << names;
  EXPECT_NE(names.find("Carl Customer,"), std::string::npos) << names;
  const bj::object& film = *json::object_at(m, "film");
  EXPECT_EQ(number_at(film, "size"), number_at(entry, "sizeBytes"));
  EXPECT_EQ(number_at(film, "width"), 854);
  EXPECT_EQ(json::text_or(film, "layout"), "auto");
  // The fragments are those of the film as it is downloaded.
  net::HttpClient player;
  const std::string whole = world.need(player.get(json::text_or(entry, "recordingURL")), "the film").body;
  EXPECT_EQ(json::text_or(film, "sha256"), to_hex(crypto::sha256(as_bytes(whole))));
  const bj::array& fragments = *json::array_at(m, "fragments");
  ASSERT_GE(fragments.size(), 1u);
  for (const bj::value& v : fragments) {
    const bj::object& f = v.as_object();
    const std::string part = whole.substr(static_cast<std::size_t>(number_at(f, "offset")), static_cast<std::size_t>(number_at(f, "size")));
    EXPECT_EQ(json::text_or(f, "sha256"), to_hex(crypto::sha256(as_bytes(part))));
  }
  // Once the film was looked at, what was found is in it too, under a signature of its own.
  std::string looked_at;
  world.until("what the check found is in the manifest", Duration::s(20), [&] {
    looked_at = bj::serialize(world.need(world.supervisor().call("GET", path), "manifest").body);
    return looked_at.find("\"check\":") != std::string::npos;
  });
  const auto checked = service::verified_manifest(looked_at, key);
  ASSERT_TRUE(checked.has_value()) << checked.error().message;
  const auto whole_again = json::parse_object(*checked);
  ASSERT_TRUE(whole_again.has_value());
  const bj::object& check = whole_again->at("health").as_object().at("check").as_object();
  EXPECT_LE(std::abs(number_at(check, "avOffsetMs")), 40);
  EXPECT_TRUE(json::array_at(check, "findings")->empty()) << bj::serialize(check);
  // Who may not watch the film does not read of it.
  demo::ApiClient otto = world.client();
  world.need(otto.log_in("otto@example.com", password), "log-in");
  EXPECT_EQ(world.need(otto.call("GET", path), "manifest").status, 403);
  EXPECT_EQ(world.need(world.agent().call("GET", path), "manifest").status, 403);
  demo::ApiClient nobody = world.client();
  EXPECT_EQ(world.need(nobody.call("GET", path), "manifest").status, 401);
  EXPECT_EQ(world.need(world.supervisor().call("GET", "/api/recording/manifest/none"), "manifest").status, 404);
}

TEST(FilmSettings, AnotherFilmIsMadeOfAJournalThatIsKept) {
  World world;
  world.set_parameter("recordingJournalKeepDays", "1");
  Call call = world.begin_call();
  const bj::object entry = recorded(world, call, 2500);
  const std::string id = json::text_or(entry, "recordingId"), kept = world.data_dir() + "/spool/" + id;
  world.until("the journal is kept", Duration::s(20), [&] { return std::filesystem::exists(kept + "/kept"); });
  EXPECT_FALSE(std::filesystem::exists(kept + "/film.upf")) << "only the journal is";
  EXPECT_NE(world.refused_admin("recording.compose", {{"recording", id}, {"layout", "round"}}), "");
  EXPECT_NE(world.refused_admin("recording.compose", {{"recording", "nobody"}}), "");
  const bj::value made = world.admin("recording.compose", {{"recording", id}, {"layout", "speaker"}, {"width", 640}, {"height", 360}});
  const std::string other = json::text_or(made.as_object(), "recordingId");
  ASSERT_NE(other, id);
  const auto find = [&](const std::string& wanted) {
    const auto summary = world.need(world.supervisor().expect(200, "GET", "/api/recording/recording-summary?externalMeetingId=" + call.meeting), "summary");
    for (const bj::value& v : *json::array_at(summary.body, "data")) {
      if (json::text_or(v.as_object(), "recordingId") == wanted) return v.as_object();
    }
    return bj::object{};
  };
  world.until("the other film", Duration::s(60), [&] { return json::text_or(find(other), "status") == "stored"; });
  const bj::object second = find(other);
  const bj::object film = world.film(second);
  EXPECT_EQ(number_at(film, "width"), 640);
  world.people_in(film);
  EXPECT_NEAR(static_cast<double>(number_at(second, "durationMs")), static_cast<double>(number_at(entry, "durationMs")), 100);
  EXPECT_EQ(json::text_or(*json::object_at(second, "facts"), "composed_from"), id);
  EXPECT_EQ(number_at(world.film(find(id)), "width"), 1920) << "the first one stays";
  world.until("nothing of the other one in the spool", Duration::s(20), [&] { return !std::filesystem::exists(world.data_dir() + "/spool/" + other); });
  // A restart leaves the journal; deleting its recording does not, and the other film stays.
  world.kill_server();
  world.start_server();
  EXPECT_TRUE(std::filesystem::exists(kept + "/kept"));
  world.admin("recording.delete", {{"recording", id}, {"reason", "a test"}});
  world.until("the journal is gone too", Duration::s(10), [&] { return !std::filesystem::exists(kept); });
  EXPECT_NE(world.refused_admin("recording.compose", {{"recording", id}}), "");
  EXPECT_EQ(json::text_or(find(other), "status"), "stored");
}

}  // namespace
}  // namespace upcall::story
