// What is for one destination stands together, nothing is lost or changes places with what is for the same one.
#include <gtest/gtest.h>

#include <map>

#include "base/rng.hpp"
#include "io/udp/by_destination.hpp"

namespace upcall::udp {
namespace {

ice::Path path(std::uint32_t socket, std::uint16_t port) { return {socket, NetAddress::v4(192, 0, 2, 7, port)}; }

TEST(ByDestination, BringsTogetherWhatIsForOneAndKeepsItsOrder) {
  auto order = std::make_unique<ByDestination>();
  SeededRandom random(11);
  for (int round = 0; round < 200; ++round) {
    std::vector<sfu::Transmit> batch(random.below(ByDestination::kMax + 1));
    const auto ports = static_cast<std::uint32_t>(1 + random.below(300));
    for (auto& t : batch) t.path = path(static_cast<std::uint32_t>(random.below(2)), static_cast<std::uint16_t>(1 + random.below(ports)));
    const auto indexes = order->order(batch);
    ASSERT_EQ(indexes.size(), batch.size());
    std::map<std::pair<std::uint32_t, std::uint16_t>, int> last;   // of each destination
    const ice::Path* before = nullptr;
    for (const std::uint16_t i : indexes) {
      const ice::Path& p = batch[i].path;
      const auto [at, is_first] = last.try_emplace({p.local_index, p.remote.port}, -1);
      ASSERT_TRUE(is_first || (before != nullptr && *before == p)) << "a destination comes twice";
      ASSERT_LT(at->second, int(i)) << "it keeps its order";
      at->second = int(i);
      before = &p;
    }
  }
}

TEST(ByDestination, DestinationsComeInTheOrderOfTheirFirst) {
  auto order = std::make_unique<ByDestination>();
  std::vector<sfu::Transmit> batch;
  for (const std::uint16_t port : {5, 9, 5, 1, 9, 5}) batch.push_back({path(0, port), {}});
  const auto got = order->order(batch);
  EXPECT_EQ(std::vector<int>(got.begin(), got.end()), (std::vector<int>{0, 2, 5, 1, 4, 3}));
  EXPECT_TRUE(order->order({}).empty());
}

}  // namespace
}  // namespace upcall::udp
