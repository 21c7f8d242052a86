#include "sfu/allocation.hpp"

#include <algorithm>

namespace upcall::sfu {

namespace {

constexpr std::size_t kDemandsMax = 64;
constexpr std::uint64_t kSparePercent = 15, kAmplePercent = 50;     // to spare when a picture begins or grows

bool follows(const VideoDemand& d) { return d.most_bps != 0; }

// The largest layer that the receiver can use.
int most_useful(const VideoDemand& d) {
  int top = static_cast<int>(d.layers) - 1;
  while (top > 0 && d.target_bps != 0 && d.layer_bps[static_cast<std::size_t>(top)] > d.target_bps * 5 / 4) --top;
  return top;
}

std::uint64_t bps_of(const VideoDemand& d, int layer) {
  if (layer == kHeld) return 0;
  return follows(d) ? d.least_bps : d.layer_bps[static_cast<std::size_t>(layer)];
}

// What must be free for it to be given this layer.
std::uint64_t price(const VideoDemand& d, int layer) {
  const std::uint64_t bps = bps_of(d, layer);
  return layer > d.now ? bps + bps * (d.tried ? kAmplePercent : kSparePercent) / 100 : bps;
}

}  // namespace

bool allocate(std::uint64_t available_bps, std::span<const VideoDemand> demands, std::span<VideoGrant> grants, std::size_t cameras_most) {
  std::array<std::size_t, kDemandsMax> order{};
  std::size_t count = std::min(demands.size(), kDemandsMax);
  for (std::size_t i = 0; i < count; ++i) order[i] = i;
  std::stable_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), [&](std::size_t a, std::size_t b) {
    if (demands[a].content != demands[b].content) return demands[a].content;
    if (demands[a].priority != demands[b].priority) return demands[a].priority > demands[b].priority;
    return demands[a].spoke && !demands[b].spoke;
  });
  std::uint64_t left = available_bps;
  bool less = false;

  const auto give = [&](std::size_t i, int layer) {
    const VideoDemand& d = demands[i];
    const std::uint64_t had = bps_of(d, grants[i].layer);
    const std::uint64_t all = left + had;
    if ((layer > d.now && !d.may_rise) || price(d, layer) > all) return false;
    left = all - bps_of(d, layer);
    grants[i] = {layer, bps_of(d, layer)};
    return true;
  };

  for (std::size_t i = 0; i < count; ++i) grants[i] = {};
  // Content stands first, and all of it stays.
  const auto contents = static_cast<std::size_t>(std::count_if(demands.begin(), demands.begin() + static_cast<std::ptrdiff_t>(count), [](const VideoDemand& d) { return d.content; }));
  while (count - contents > cameras_most) grants[order[--count]].shed = true;
  for (std::size_t k = 0; k < count; ++k) {
    if (!give(order[k], 0)) less = true;
  }
  // Content to its top first, then cameras a layer at a time.
  for (std::size_t k = 0; k < count; ++k) {
    const std::size_t i = order[k];
    if (!demands[i].content) continue;
    while (grants[i].layer != kHeld && grants[i].layer < most_useful(demands[i]) && give(i, grants[i].layer + 1)) {
    }
  }
  for (bool again = true; again;) {
    again = false;
    for (std::size_t k = 0; k < count; ++k) {
      const std::size_t i = order[k];
      if (grants[i].layer == kHeld || grants[i].layer >= most_useful(demands[i])) continue;
      if (give(i, grants[i].layer + 1)) again = true;
    }
  }
  // Publishers that follow: content up to what it can come to, then cameras in equal shares.
  const auto lacks = [&](std::size_t i) {
    return grants[i].layer != kHeld && follows(demands[i]) && grants[i].bps < demands[i].most_bps ? demands[i].most_bps - grants[i].bps : 0;
  };
  for (std::size_t k = 0; k < count; ++k) {
    const std::size_t i = order[k];
    if (!demands[i].content) continue;
    const std::uint64_t more = std::min(left, lacks(i));
    grants[i].bps += more;
    left -= more;
  }
  // Until all is given or nobody lacks anything: what one does not need is the others'.
  for (std::size_t round = 0; round < count && left > 0; ++round) {
    std::size_t hungry = 0;
    for (std::size_t k = 0; k < count; ++k) hungry += lacks(order[k]) > 0;
    if (hungry == 0) break;
    for (std::size_t k = 0; k < count; ++k) {
      const std::size_t i = order[k];
      if (lacks(i) == 0) continue;
      const std::uint64_t share = std::min(left / hungry, lacks(i));
      --hungry;
      grants[i].bps += share;
      left -= share;
    }
  }
  for (std::size_t k = 0; k < count; ++k) {
    const std::size_t i = order[k];
    const VideoDemand& d = demands[i];
    if (grants[i].layer == kHeld) continue;
    if (follows(d) ? grants[i].bps < d.most_bps : grants[i].layer < most_useful(d)) less = true;
    if (follows(d) && grants[i].bps >= d.most_bps) grants[i].bps += left;   // nobody else needs it: no reason to hold its encoder back
  }
  return less;
}

}  // namespace upcall::sfu
