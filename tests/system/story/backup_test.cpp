// A server under load is backed up and destroyed; what is put back elsewhere is it: people log in, contacts are found, the
// film plays, the recording that ran is finished, the audit is whole.
#include <gtest/gtest.h>

#include <filesystem>

#include "base/ids.hpp"
#include "harness.hpp"
#include "io/store/database.hpp"
#include "server/backup/backup.hpp"

namespace upcall::story {
namespace {

namespace fs = std::filesystem;

std::size_t found(World& world, const std::string& query) {
  const auto answer = world.need(world.supervisor().expect(200, "GET", "/api/contact-search?" + query), "a search");
  return answer.data().at("contacts").as_array().size();
}

std::string start_chat(World& world, const std::string& flow) {
  const bj::object chat{{"ContactFlowId", flow}, {"ParticipantDetails", {{"DisplayName", "Lena Load"}}}, {"Attributes", {{"customerEmailAddress", "lena@example.com"}, {"videoReferenceId", ""}}}};
  demo::ApiClient web = world.client();
  const auto started = world.need(web.expect(200, "POST", "/api/chat/start", &chat), "a chat");
  return json::text_or(started.data().at("startChatResult").as_object(), "ContactId");
}

TEST(Backup, WhatIsPutBackElsewhereIsTheServer) {
  World world;
  const std::string flow = json::text_or(world.admin("instance.show", {}).as_object(), "defaultContactFlowId");
  // A film that is stored, and a contact that is over.
  Call first = world.begin_call();
  ASSERT_EQ(world.start_recording(first), 200);
  const auto from = world.clock_ms();
  while (world.clock_ms() < from + 1500) world.expect_media(first, Duration::s(10));
  ASSERT_EQ(world.stop_recording(first), 200);
  const bj::object stored = world.wait_stored(first);
  const bj::object words{{"content", "quincunx"}};
  world.need(world.agent().expect(200, "POST", "/api/agent/contacts/" + first.contact + "/items", &words), "a message");
  ASSERT_EQ(world.end_meeting(first), 200);
  world.need(world.agent().expect(200, "POST", "/api/agent/contacts/" + first.contact + "/end"), "end");
  world.need(world.agent().expect(200, "POST", "/api/agent/contacts/" + first.contact + "/clear"), "clear");
  world.until("the contact to be found", Duration::s(10), [&] { return found(world, "text=quincunx") == 1; });
  // A recording that runs.
  Call running = world.begin_meeting();
  ASSERT_EQ(world.start_recording(running), 200);
  world.wait_recording(running, [](const bj::object& e) { return json::text_at(e, "status") == "recording"; }, Duration::s(10));
  const auto begun = world.clock_ms();
  while (world.clock_ms() < begun + 2500) world.expect_media(running, Duration::s(10));

  const Call talking = world.begin_call(false);
  std::vector<std::string> chats;
  for (int i = 0; i < 6; ++i) chats.push_back(start_chat(world, flow));
  const std::string file = fs::temp_directory_path() / ("upcall-" + fs::path(world.data_dir()).filename().string() + ".backup");
  process::ChildHost host;
  process::ChildOptions options;
  options.program = std::string(UPCALL_BIN_DIR) + "/upcall";
  options.arguments = {"backup", "create", "--data-dir", world.data_dir(), "--out", file, "--with-recordings"};
  auto child = world.need(host.spawn(std::move(options)), "the backup");
  std::optional<process::ChildExit> exit;
  int meanwhile = 0;
  while (!(exit = child->wait(Duration()))) {
    const bj::object message{{"content", "word " + std::to_string(++meanwhile)}};
    world.need(world.agent().expect(200, "POST", "/api/agent/contacts/" + talking.contact + "/items", &message), "a message meanwhile");
  }
  ASSERT_TRUE(exit->ok());
  EXPECT_GT(meanwhile, 0) << "the server was not held up";
  const std::string key = file + ".key", restored = file + ".data";
  fs::copy_file(world.data_dir() + "/master.key", key);
  world.kill_server();
  const auto put_back = backup::restore({file, restored, key});
  ASSERT_TRUE(put_back) << put_back.error().message;
  EXPECT_FALSE(put_back->with_keys);
  {
    auto db = world.need(store::Database::open(restored + "/upcall.db", store::Database::Mode::read_only), "the database");
    for (const std::string& contact : chats) {
      const auto row = db->one("select 1 from contacts where id=?1", [](store::Row& r) { return r.i64(0); }, contact);
      EXPECT_TRUE(row && *row) << contact;
    }
  }
  world.move_to(restored);
  fs::remove(file);
  fs::remove(key);
  world.start_server();

  demo::ApiClient supervisor = world.client();
  world.need(supervisor.log_in("sam@example.com", world.secrets.at(1)), "the supervisor's log-in");
  EXPECT_EQ(found(world, "text=quincunx"), 1u);
  const bj::object again = world.wait_stored(first);
  EXPECT_EQ(json::text_or(again, "recordingId"), json::text_or(stored, "recordingId"));
  world.people_in(world.film(again));
  // The recording that ran is taken up, and its film has what was said before the backup.
  ASSERT_EQ(world.end_meeting(running), 200);
  const bj::object film = world.film(world.wait_stored(running));
  EXPECT_GT(number_at(film, "duration_s"), 1.5);
  EXPECT_TRUE(world.admin("audit.verify", {}).is_object());
  EXPECT_EQ(world.ready_status(), 200);
}

}  // namespace
}  // namespace upcall::story
