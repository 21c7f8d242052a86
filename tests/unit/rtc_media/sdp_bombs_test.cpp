// Descriptions that are made to cost much: each is refused or read within 5 ms of CPU time and 1 MiB of memory. The
// allocator of this test program is counted; sanitizers bring their own, and times of their own, so they skip this.
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <new>

#include <malloc.h>

#include "rtc/sdp/session_description.hpp"

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

namespace {

std::size_t live_bytes = 0, most_bytes = 0;

void* counted(std::size_t size) {
  void* const memory = std::malloc(size == 0 ? 1 : size);
  if (memory != nullptr) live_bytes += ::malloc_usable_size(memory);
  most_bytes = std::max(most_bytes, live_bytes);
  return memory;
}
void uncounted(void* memory) {
  if (memory != nullptr) live_bytes -= ::malloc_usable_size(memory);
  std::free(memory);
}

}  // namespace

void* operator new(std::size_t size) {
  void* const memory = counted(size);
  if (memory == nullptr) std::abort();
  return memory;
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return counted(size); }
void operator delete(void* memory) noexcept { uncounted(memory); }
void operator delete(void* memory, std::size_t) noexcept { uncounted(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { uncounted(memory); }

namespace upcall::rtc {
namespace {

struct Cost {
  std::size_t bytes = 0;
  double ms = 0;
};

// Of the cheapest of some tries: what else runs on the machine is not its doing.
Cost cost_of(const std::string& text) {
  Cost least{~std::size_t(0), 1e9};
  for (int i = 0; i < 5; ++i) {
    timespec begin{}, end{};
    const std::size_t before = live_bytes;
    most_bytes = live_bytes;
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
    { const auto parsed = parse_sdp(text); }
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
    least.bytes = std::min(least.bytes, most_bytes - before);
    least.ms = std::min(least.ms, static_cast<double>(end.tv_sec - begin.tv_sec) * 1e3 + static_cast<double>(end.tv_nsec - begin.tv_nsec) / 1e6);
  }
  return least;
}

std::string repeated(const std::string& what, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += what;
  return out;
}
std::string numbered(const std::string& before, const std::string& after, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += before + std::to_string(i) + after;
  return out;
}

const std::string kHead = "v=0\r\n";
const std::string kPayloads = [] {
  std::string out = "m=video 9 X";
  for (int i = 0; i < 64; ++i) out += " " + std::to_string(i);
  return out + "\r\n";
}();

struct Bomb {
  const char* name;
  std::string text;
};
std::vector<Bomb> bombs() {
  std::vector<Bomb> out;
  out.push_back({"10 000 lines in a section", kHead + "m=video 9 X 96\r\n" + repeated("a=x\r\n", 10'000)});
  out.push_back({"10 000 lines before any section", kHead + repeated("a=x\r\n", 10'000)});
  out.push_back({"1 000 payload types in a line", kHead + "m=video 9 X" + numbered(" ", "", 1000) + "\r\n"});
  out.push_back({"64 x 64 payload types", kHead + repeated(kPayloads, 64)});
  out.push_back({"feedback for all of them", kHead + repeated(kPayloads + repeated("a=rtcp-fb:* nack pli\r\n", 16), 64)});
  out.push_back({"feedback with long names", kHead + repeated(kPayloads + repeated("a=rtcp-fb:* " + std::string(200, 'x') + "\r\n", 16), 64)});
  out.push_back({"nested simulcast", kHead + repeated("m=video 9 X 96\r\n" + numbered("a=rid:", " send\r\n", 16) + "a=simulcast:send " + numbered("~", ";", 500) + "\r\n", 64)});
  out.push_back({"candidates", kHead + repeated("m=video 9 X 96\r\n" + repeated("a=candidate:1 1 udp 1 a 1 typ a\r\n", 64), 64)});
  out.push_back({"extensions", kHead + repeated("m=video 9 X 96\r\n" + repeated("a=extmap:1 a\r\n", 64), 64)});
  out.push_back({"sources", kHead + repeated("m=video 9 X 96\r\n" + numbered("a=ssrc:", " cname:x\r\n", 32), 64)});
  out.push_back({"an attribute of 200 KiB", kHead + "m=video 9 X 96\r\na=msid:" + std::string(200 * 1024, 'x') + "\r\n"});
  out.push_back({"a parameter line of 200 KiB", kHead + "m=video 9 X 96\r\na=fmtp:96 " + std::string(200 * 1024, 'x') + "\r\n"});
  out.push_back({"1 MiB", kHead + "a=x:" + std::string(1024 * 1024, 'x') + "\r\n"});
  out.push_back({"a group of everything", kHead + "a=group:BUNDLE" + numbered(" ", "", 40'000) + "\r\n"});
  return out;
}

TEST(SdpBombs, CostLittleMemoryAndTime) {
  for (const Bomb& bomb : bombs()) {
    const Cost cost = cost_of(bomb.text);
    EXPECT_LE(cost.bytes, std::size_t(1024) * 1024) << bomb.name;
    EXPECT_LE(cost.ms, 5.0) << bomb.name;
  }
}

TEST(SdpBombs, WhatIsOverALimitIsRefused) {
  const auto error = [](const std::string& text) {
    const auto parsed = parse_sdp(text);
    return parsed ? std::optional<ParseError>() : parsed.error();
  };
  const std::string section = kHead + "m=video 9 X 96\r\n";
  EXPECT_FALSE(error(section + repeated("a=x\r\n", kSdpLinesPerSectionMax)));
  EXPECT_EQ(error(section + repeated("a=x\r\n", kSdpLinesPerSectionMax + 1)), ParseError::too_long);
  EXPECT_EQ(error(kHead + "m=video 9 X" + numbered(" ", "", 65) + "\r\n"), ParseError::malformed);
  EXPECT_EQ(error(kHead + repeated(kPayloads, 49)), ParseError::too_long);
  EXPECT_FALSE(error(kHead + repeated(kPayloads, 48)));
  EXPECT_FALSE(error(section + numbered("a=extmap:1 x", "\r\n", 64)));
  EXPECT_EQ(error(section + numbered("a=extmap:1 x", "\r\n", 65)), ParseError::malformed);
  EXPECT_FALSE(error(section + numbered("a=ssrc:", " x\r\n", 32)));
  EXPECT_EQ(error(section + numbered("a=ssrc:", " x\r\n", 33)), ParseError::malformed);
  EXPECT_FALSE(error(section + numbered("a=rid:", " send\r\n", 16)));
  EXPECT_EQ(error(section + numbered("a=rid:", " send\r\n", 17)), ParseError::malformed);
  EXPECT_FALSE(error(kHead + repeated(kPayloads + repeated("a=rtcp-fb:* nack\r\n", 16), 4)));
  EXPECT_EQ(error(kHead + repeated(kPayloads + repeated("a=rtcp-fb:* nack\r\n", 16), 5)), ParseError::malformed);
}

}  // namespace
}  // namespace upcall::rtc

#endif
