#include "io/net/admin_socket.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <thread>
#include <vector>

namespace upcall::net {
namespace {

class AdminSocketTest : public ::testing::Test {
 protected:
  AdminSocketTest() {
    std::string form = (std::filesystem::temp_directory_path() / "admin-XXXXXX").string();
    dir_ = ::mkdtemp(form.data());
    path_ = dir_ + "/admin.sock";
  }
  ~AdminSocketTest() override { std::filesystem::remove_all(dir_); }
  std::string dir_, path_;
};

TEST_F(AdminSocketTest, AnswersLinesAndKeepsOthersOut) {
  auto server = AdminSocketServer::start(path_, [](std::string_view line) { return "{\n\"got\":" + std::string(line) + "}"; });
  ASSERT_TRUE(server) << server.error().message;
  struct stat info{};
  ASSERT_EQ(::stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_EQ(admin_call(path_, "{\"a\":\n1}", Duration::s(5)).value(), "{ \"got\":{\"a\": 1}}");
  const std::string large(500'000, 'x');
  EXPECT_EQ(admin_call(path_, large, Duration::s(5))->size(), large.size() + 9);
  EXPECT_EQ(AdminSocketServer::start(path_, {}).error().code, ErrorCode::conflict);
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([this, i] {
      for (int k = 0; k < 20; ++k) EXPECT_EQ(admin_call(path_, std::to_string(i), Duration::s(5)).value(), "{ \"got\":" + std::to_string(i) + "}");
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(admin_call(path_, std::string(kAdminLineMax * 2, 'x'), Duration::s(5)).error().code, ErrorCode::unavailable);
}

TEST_F(AdminSocketTest, AStaleFileIsReplacedAndNobodyThereIsNotFound) {
  EXPECT_EQ(admin_call(path_, "x", Duration::s(1)).error().code, ErrorCode::not_found);
  { auto first = AdminSocketServer::start(path_, [](std::string_view) { return "1"; }); ASSERT_TRUE(first); }
  EXPECT_FALSE(std::filesystem::exists(path_));
  { FILE* f = std::fopen(path_.c_str(), "w"); ASSERT_TRUE(f); std::fclose(f); }
  auto second = AdminSocketServer::start(path_, [](std::string_view) { return "2"; });
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(admin_call(path_, "x", Duration::s(5)).value(), "2");
  EXPECT_EQ(AdminSocketServer::start("/tmp/" + std::string(120, 'x'), {}).error().code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace upcall::net
