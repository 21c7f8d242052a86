// What it costs a recording that its last seconds may be forgotten: collecting and sealing with a key for each second
// (journal of version 2) against one key for all (version 1), in the same run. Usage: journal_bench [FILE.json]
// link: upcall_journal
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <new>
#include <vector>

#include "crypto/random.hpp"
#include "journal/writer.hpp"
#include "wire/tap_record.hpp"

namespace {
std::size_t allocations = 0;
}

void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace upcall::bench {
namespace {

// A two-party call of some 2 Mbit/s.
constexpr int kPacketsASecond = 252, kPacketBytes = 1000, kSeconds = 3000, kWarmUp = 30, kRounds = 5;

class NoSink final : public journal::JournalSink {
 public:
  bool open_segment(std::uint32_t) override { return true; }
  bool write(Bytes) override { return true; }
  void close_segment() override {}
  bool write_window(std::uint32_t, const journal::WindowPlace&) override { return true; }
};

double cpu_seconds() {
  timespec t{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

struct Cost {
  double us = 0, allocations = 0;   // a recorded second
};

Cost record(RandomSource* windows) {
  const ByteVector key(journal::kKeySize, 1), payload(kPacketBytes, 7);
  NoSink sink;
  journal::JournalWriter writer(key, {}, 1, {.windows = windows});
  ByteVector raw(kPacketBytes + 100);
  wire::TapPacket packet;
  packet.source = 1;
  packet.payload = payload;
  double begun = 0;
  std::size_t before = 0;
  for (int second = 0; second < kSeconds + kWarmUp; ++second) {
    if (second == kWarmUp) {
      begun = cpu_seconds();
      before = allocations;
    }
    for (int i = 0; i < kPacketsASecond; ++i) {
      packet.at_us = static_cast<std::uint64_t>(second) * 1'000'000 + static_cast<std::uint64_t>(i) * 1'000'000 / kPacketsASecond;
      ++packet.sequence;
      Writer out(raw);
      wire::encode(packet, out);
      writer.add(out.written());
      if ((i + 1) % (kPacketsASecond / 4) == 0) writer.seal(packet.at_us + 1'000'000 / kPacketsASecond, sink);
    }
  }
  return {(cpu_seconds() - begun) / kSeconds * 1e6, static_cast<double>(allocations - before) / kSeconds};
}

int run(const char* file) {
  crypto::SystemRandom random;
  std::vector<double> one, each;
  Cost with_one, with_each;
  for (int i = 0; i < kRounds; ++i) {
    with_one = record(nullptr);
    with_each = record(&random);
    one.push_back(with_one.us);
    each.push_back(with_each.us);
  }
  std::sort(one.begin(), one.end());
  std::sort(each.begin(), each.end());
  const double one_us = one[kRounds / 2], each_us = each[kRounds / 2];
  std::printf("collecting and sealing a recorded second: %.1f us CPU with one key, %.1f with a key a second (%.2f x)\n", one_us, each_us, each_us / one_us);
  std::printf("allocations of the writer a recorded second: %.2f and %.2f\n", with_one.allocations, with_each.allocations);
  if (file == nullptr) return 0;
  FILE* out = std::fopen(file, "w");
  if (out == nullptr) return 1;
  std::fprintf(out, "{\"one_key_us\":%.2f,\"key_a_second_us\":%.2f,\"ratio\":%.4f,\"allocations_one_key\":%.3f,\"allocations_key_a_second\":%.3f}\n", one_us, each_us,
               each_us / one_us, with_one.allocations, with_each.allocations);
  return std::fclose(out) == 0 ? 0 : 1;
}

}  // namespace
}  // namespace upcall::bench

int main(int argc, char** argv) { return upcall::bench::run(argc > 1 ? argv[1] : nullptr); }
