// service::instance_id: made once, found again, and made anew when it cannot be read.
#include <gtest/gtest.h>

#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "base/ids.hpp"
#include "crypto/random.hpp"
#include "service/recording/instance_id.hpp"

namespace upcall::service {
namespace {

TEST(InstanceId, IsMadeOnceForADirectory) {
  std::string pattern = (std::filesystem::temp_directory_path() / "upcall-instance-XXXXXX").string();
  ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
  crypto::SystemRandom random;
  const auto first = instance_id(pattern, random);
  ASSERT_TRUE(first.has_value());
  EXPECT_TRUE(is_uuid(*first));
  EXPECT_EQ(instance_id(pattern, random).value_or(""), *first);
  std::ofstream(pattern + "/instance") << "torn";
  const auto second = instance_id(pattern, random);
  ASSERT_TRUE(second.has_value());
  EXPECT_TRUE(is_uuid(*second));
  EXPECT_NE(*second, *first);
  std::filesystem::remove_all(pattern);
  EXPECT_EQ(instance_id(pattern, random).error().code, ErrorCode::unavailable);
}

}  // namespace
}  // namespace upcall::service
