// upcall-test-journal SCENARIO DIRECTORY [SECONDS [RUN]]: writes a synthetic journal with a key file beside it.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "crypto/random.hpp"
#include "synthetic_call.hpp"

int main(int argc, char** argv) {
  using namespace upcall;
  if (argc < 3) {
    std::fprintf(stderr, "usage: upcall-test-journal SCENARIO DIRECTORY [SECONDS [RUN-HEX]]\n"
                         "scenarios: two tiny share camera rotation loss drift jump four solo\n");
    return 2;
  }
  const double seconds = argc > 3 ? std::atof(argv[3]) : 6;
  crypto::SystemRandom random;
  const std::uint64_t run = argc > 4 ? std::strtoull(argv[4], nullptr, 16) : random.u64();
  // A run given by hand has a key made of it: the golden journal of the tests can be made again.
  ByteVector key(32);
  random.fill(key);
  if (argc > 4) {
    SeededRandom fixed(run);
    fixed.fill(key);
  }
  const auto call = test::scenario(argv[1], run, static_cast<std::uint32_t>(seconds * 1000));
  const auto records = call ? test::make_call(*call) : tl::unexpected(call.error());
  const auto done = records ? test::write_journal(*records, argv[2], key) : tl::unexpected(records.error());
  if (!done) {
    std::fprintf(stderr, "upcall-test-journal: %s\n", done.error().message.c_str());
    return 1;
  }
  std::printf("%016llx\n", static_cast<unsigned long long>(run));
  return 0;
}
