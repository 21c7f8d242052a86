// The master key: where it comes from, its exchange with a kill at any step, and what is left of a deleted recording.
#include "server/keys/master_keys.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "api/auth/authenticator.hpp"
#include "crypto/random.hpp"
#include "io/objects/directory_object_store.hpp"
#include "io/store/credential_repository.hpp"
#include "io/store/meeting_repository.hpp"
#include "io/store/parameter_repository.hpp"
#include "io/store/recording_repository.hpp"
#include "server/admin/admin.hpp"
#include "service/retention/record_signer.hpp"
#include "service/retention/retention_service.hpp"

namespace upcall::server {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

const WallTime kNow = WallTime::from_unix_ms(1'800'000'000'000);
constexpr std::string_view kFilm = "what was said in the call";
constexpr const char* kObject = "RECORDINGS/2027/01/15/08/one.mp4";

std::string slurp(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class MasterKeys : public ::testing::Test {
 protected:
  MasterKeys() {
    std::string pattern = testing::TempDir() + "upcall-keys-XXXXXX";
    dir = ::mkdtemp(pattern.data());
  }
  ~MasterKeys() override { fs::remove_all(dir); }

  std::unique_ptr<store::Store> open() { return must(store::Store::open({dir, 1})); }
  std::string command(const std::string& name, const std::string& script) {
    const std::string path = dir + "-" + name;
    std::ofstream(path) << "#!/bin/sh\n" << script << "\n";
    ::chmod(path.c_str(), 0700);
    commands.push_back(path);
    return path;
  }
  std::string tells(const std::string& name, char digit) { return command(name, "echo " + std::string(64, digit)); }

  // A directory with one of everything that is sealed.
  void fill() {
    auto s = open();
    auto sealer = must(open_sealer(*s, "", random));
    admin::Context context{*s, *sealer, random, kNow, "", "test"};
    must(admin::first_start(context));
    (void)must(api::Authenticator::open(*s, *sealer, random, "https://upcall.example", kNow));
    (void)must(service::RecordSigner::open(*s, *sealer, random));
    key_id = std::string(must(admin::run(context, "access-key.create", {{"name", "k"}})).as_object().at("accessKeyId").as_string());
    must(admin::run(context, "webhook.add", {{"url", "https://hooks.example/x"}}));
    must(admin::run(context, "configure", {{"recordingS3SecretAccessKey", "bucket-secret"}}));
    must(s->write([&](store::Database& db) -> Result<int> {
      store::Meeting meeting;
      meeting.meeting_id = meeting.external_meeting_id = "m-1";
      meeting.created = kNow;
      if (auto done = store::meetings::insert(db, meeting); !done) return tl::unexpected(done.error());
      store::Attendee attendee;
      attendee.attendee_id = "a-1";
      attendee.meeting_id = "m-1";
      attendee.external_user_id = "u-1";
      attendee.join_token_hash = "hash";
      attendee.join_token_sealed = sealer->seal("attendees/a-1", as_bytes("join token"), random);
      if (auto done = store::meetings::insert_attendee(db, attendee); !done) return tl::unexpected(done.error());
      store::Recording row;
      row.recording_id = "r-1";
      row.meeting_id = row.external_meeting_id = "m-1";
      row.object_key = kObject;
      row.state = store::RecordingState::stored;
      row.requested = kNow;
      row.stopped = kNow;
      if (auto done = store::recordings::insert(db, row); !done) return tl::unexpected(done.error());
      if (auto done = store::recordings::insert_key(db, "r-1", sealer->seal("recording_keys/r-1", ByteVector(32, 7), random)); !done) return tl::unexpected(done.error());
      return 0;
    }));
    auto files = must(objects::DirectoryObjectStore::open_root(dir + "/objects", sealer->derive("objects"), random));
    for (const char* name : {kObject, "RECORDINGS/2027/01/15/08/two.mp4", "RECORDINGS/2027/02/three.mp4"}) {
      auto upload = must(files->begin_upload(name, "video/mp4"));
      must(upload->put_part(1, as_bytes(kFilm)));
      must(upload->complete(kNow));
    }
  }
  // Everything opens with the directory's key of now.
  void expect_whole(const std::string& with = "") {
    auto s = open();
    auto sealer = must(open_sealer(*s, with, random));
    EXPECT_TRUE(api::Authenticator::open(*s, *sealer, random, "https://upcall.example", kNow));
    auto authenticator = must(api::Authenticator::open(*s, *sealer, random, "https://upcall.example", kNow));
    EXPECT_EQ(must(authenticator->key_holder(key_id)).secret.size(), 40u);
    EXPECT_TRUE(service::RecordSigner::open(*s, *sealer, random));
    const auto rows = must(s->read([](store::Database& db) -> Result<std::vector<std::pair<std::string, ByteVector>>> {
      std::vector<std::pair<std::string, ByteVector>> out;
      for (const auto& [sql, table] : {std::pair<const char*, std::string>{"select attendee_id, join_token_sealed from attendees", "attendees/"},
                                       {"select recording_id, wrapped_key from recording_keys", "recording_keys/"},
                                       {"select id, secret_sealed from webhooks", "webhooks/"}}) {
        auto some = db.all(sql, [&](store::Row& r) { return std::pair(table + r.text(0), r.blob(1)); });
        if (!some) return tl::unexpected(some.error());
        out.insert(out.end(), some->begin(), some->end());
      }
      return out;
    }));
    EXPECT_EQ(rows.size(), 3u);
    for (const auto& [purpose, sealed] : rows) EXPECT_TRUE(sealer->unseal(purpose, sealed)) << purpose;
    const auto secret = must(s->read([](store::Database& db) { return store::parameters::get_or(db, "recordingS3SecretAccessKey", ""); }));
    EXPECT_EQ(as_text(must(sealer->unseal("parameters/recordingS3SecretAccessKey", *from_hex(secret)))), "bucket-secret");
    auto files = must(objects::DirectoryObjectStore::open_root(dir + "/objects", sealer->derive("objects"), random));
    EXPECT_EQ(must(files->list("")).size(), 3u);
    auto film = must(files->open(kObject));
    std::string text(film->size(), '\0');
    must(film->read(0, MutBytes(reinterpret_cast<std::uint8_t*>(text.data()), text.size())));
    EXPECT_EQ(text, kFilm);
    EXPECT_EQ(must(s->read([](store::Database& db) { return store::parameters::get_or(db, "masterKeyPrevious", ""); })), "") << "the old key is still there";
    EXPECT_FALSE(fs::exists(dir + "/master.key.next"));
  }

  std::string dir, key_id;
  std::vector<std::string> commands;
  crypto::SystemRandom random;
  const struct Cleaner {
    std::vector<std::string>& list;
    ~Cleaner() {
      for (const std::string& path : list) fs::remove(path);
    }
  } cleaner{commands};
};

TEST_F(MasterKeys, AFileIsMadeOnceAndNeverReplacedByAccident) {
  fill();
  const std::string first = slurp(dir + "/master.key");
  EXPECT_EQ(first.size(), 32u);
  expect_whole();
  fs::rename(dir + "/master.key", dir + "/away");
  {
    auto s = open();
    EXPECT_EQ(open_sealer(*s, "", random).error().code, ErrorCode::not_found);
    EXPECT_FALSE(fs::exists(dir + "/master.key"));
    EXPECT_EQ(open_sealer(*s, tells("other", '5'), random).error().code, ErrorCode::forbidden);
  }
  must(store::make_master_key_file(dir + "/master.key", random));
  EXPECT_EQ(open_sealer(*open(), "", random).error().code, ErrorCode::forbidden);
  fs::rename(dir + "/away", dir + "/master.key");
  expect_whole();
}

TEST_F(MasterKeys, ADirectoryOfBeforeKeysHadIdsIsCheckedByWhatItHolds) {
  fill();
  must(open()->write([](store::Database& db) { return db.run("delete from parameters where name like 'masterKey%'"); }));
  EXPECT_EQ(open_sealer(*open(), tells("other", '5'), random).error().code, ErrorCode::forbidden);
  expect_whole();
}

TEST_F(MasterKeys, ACommandTellsTheKey) {
  const std::string one = tells("one", '1');
  {
    auto s = open();
    auto sealer = must(open_sealer(*s, one, random));
    EXPECT_FALSE(fs::exists(dir + "/master.key"));
    // It is remembered: commands without a server need no flag.
    const auto sealed = sealer->seal("x", as_bytes("y"), random);
    EXPECT_TRUE(must(open_sealer(*s, "", random))->unseal("x", sealed));
  }
  for (const auto& [name, script, said] : {std::tuple<const char*, const char*, const char*>{"failing", "echo 11; exit 3", "failed"},
                                           {"wordy", "echo secret words", "32 bytes"},
                                           {"endless", "while :; do echo 0000000000000000000000000000000000000000; done", "more than a key"}}) {
    const auto key = master_key_from_command(command(name, script));
    ASSERT_FALSE(key) << name;
    EXPECT_THAT(key.error().message, HasSubstr(said));
    EXPECT_EQ(key.error().message.find("secret words"), std::string::npos);
  }
  EXPECT_EQ(master_key_from_command(dir + "/none").error().code, ErrorCode::not_found);
}

TEST(MasterKeyText, WholeKeysOnly) {
  const std::string hex(64, 'a');
  EXPECT_TRUE(store::parse_master_key(hex + "\n"));
  const std::string base64 = to_base64(ByteVector(32, 9));
  EXPECT_EQ(store::parse_master_key(base64)->value[31], 9);
  for (std::size_t n = 0; n < 64; ++n) EXPECT_FALSE(store::parse_master_key(hex.substr(0, n)) && n != 44) << n;
  for (std::size_t n = 0; n < base64.size(); ++n) EXPECT_FALSE(store::parse_master_key(base64.substr(0, n))) << n;
  EXPECT_FALSE(store::parse_master_key(hex + "a"));
  EXPECT_FALSE(store::parse_master_key(std::string(64, 'x')));
}

TEST_F(MasterKeys, RotationSealsEverythingAnewAndTouchesNoFilm) {
  fill();
  const std::string before = slurp(dir + "/master.key");
  std::map<std::string, std::string> films;
  for (const auto& file : fs::directory_iterator(dir + "/objects/data")) films[file.path()] = slurp(file.path());
  const auto done = must(rotate_master_key(*open(), {}, random));
  EXPECT_EQ(done.rows, 7u);
  EXPECT_EQ(done.objects, 3u);
  EXPECT_EQ(done.unreadable, 0u);
  EXPECT_NE(slurp(dir + "/master.key"), before);
  for (const auto& [path, bytes] : films) EXPECT_EQ(slurp(path), bytes);
  expect_whole();
  std::ofstream(dir + "/master.key", std::ios::binary) << before;
  EXPECT_EQ(open_sealer(*open(), "", random).error().code, ErrorCode::forbidden) << "the old key is of no use any more";
}

TEST_F(MasterKeys, RotationFromFileToCommandAndBack) {
  fill();
  const std::string one = tells("one", '1'), two = tells("two", '2');
  must(rotate_master_key(*open(), {.new_command = one}, random));
  EXPECT_FALSE(fs::exists(dir + "/master.key"));
  expect_whole();
  EXPECT_EQ(rotate_master_key(*open(), {.new_command = one}, random).error().code, ErrorCode::conflict);
  must(rotate_master_key(*open(), {.new_command = two}, random));
  expect_whole();
  must(rotate_master_key(*open(), {}, random));
  EXPECT_TRUE(fs::exists(dir + "/master.key"));
  expect_whole();
}

TEST_F(MasterKeys, AKillAtAnyStepLosesNothing) {
  fill();
  const std::string one = tells("one", '1');
  std::string to;
  for (int round = 0; round < 2; ++round) {  // to another file, to a command
    for (int die_at = 0; die_at < 7; ++die_at) {
      const auto rotate_and_die = [&] {
        auto s = open();
        int step = 0;
        RotationOptions options;
        options.new_command = to;
        options.after_step = [&](const char*) {
          if (step++ == die_at) ::_exit(9);
        };
        (void)rotate_master_key(*s, options, random);
        ::_exit(0);
      };
      // key, rows, file, three objects, forgotten.
      EXPECT_EXIT(rotate_and_die(), testing::ExitedWithCode(9), "") << die_at;
      expect_whole();
      if (!to.empty()) must(rotate_master_key(*open(), {}, random));
    }
    to = one;
  }
}

TEST_F(MasterKeys, NoSealedColumnIsForgotten) {
  auto s = open();
  const auto columns = must(s->read([](store::Database& db) {
    return db.all("select m.name || '.' || c.name from sqlite_schema m join pragma_table_info(m.name) c where m.type='table' and "
                  "(c.name like '%sealed%' or c.name like '%wrapped%') order by 1", [](store::Row& r) { return r.text(0); });
  }));
  EXPECT_THAT(columns, testing::ElementsAre("access_keys.secret_sealed", "attendees.join_token_sealed", "flow_functions.secret_sealed", "recording_keys.wrapped_key", "second_factors.secret_sealed", "signing_keys.private_sealed", "started_chats.answer_sealed",
                                            "webhooks.secret_sealed")) << "server/keys/rewrap_rows.cpp must know it";
}

// Tries to open a sealed value of `size` bytes at every place of every file.
std::size_t found(const std::string& dir, const std::string& purpose, std::size_t size, store::Sealer& sealer) {
  std::size_t count = 0;
  for (const auto& file : fs::recursive_directory_iterator(dir)) {
    if (!file.is_regular_file()) continue;
    const std::string text = slurp(file.path());
    for (std::size_t at = 0; at + size <= text.size(); ++at) count += sealer.unseal(purpose, as_bytes(std::string_view(text).substr(at, size))).has_value();
  }
  return count;
}

bool holds(const std::string& dir, std::string_view bytes) {
  for (const auto& file : fs::recursive_directory_iterator(dir)) {
    if (file.is_regular_file() && slurp(file.path()).find(bytes) != std::string::npos) return true;
  }
  return false;
}

TEST_F(MasterKeys, NothingThatIsLeftOfADeletedRecordingCanBeDecrypted) {
  fill();
  auto s = open();
  auto sealer = must(open_sealer(*s, "", random));
  auto files = must(objects::DirectoryObjectStore::open_root(dir + "/objects", sealer->derive("objects"), random));
  auto signer = must(service::RecordSigner::open(*s, *sealer, random));
  constexpr std::size_t kWrapped = 12 + 32 + 16;
  const std::string index = slurp(dir + "/objects/index/" + kObject + "~object");
  ASSERT_FALSE(index.empty());
  const std::string sealed_key = index.substr(16, 32);   // the object's own key, as it lies sealed in its index
  ASSERT_GE(found(dir, "recording_keys/r-1", kWrapped, *sealer), 1u) << "the search finds what is there";
  ASSERT_TRUE(holds(dir, sealed_key));
  service::RetentionService retention({}, *s, *files, *signer, random, [] { return Now{Instant::from_ms(1), kNow}; });
  must(retention.remove("r-1", "test", "because"));
  must(s->write([](store::Database&) -> Result<int> { return 0; }));  // behind the scrub
  must(s->write([](store::Database&) -> Result<int> { return 0; }));
  ASSERT_TRUE(s->scrubbed());
  EXPECT_EQ(found(dir, "recording_keys/r-1", kWrapped, *sealer), 0u);
  EXPECT_FALSE(holds(dir, sealed_key));
  EXPECT_EQ(files->stat(kObject).error().code, ErrorCode::not_found);
  EXPECT_TRUE(files->stat("RECORDINGS/2027/02/three.mp4")) << "the others stay";
}

}  // namespace
}  // namespace upcall::server
