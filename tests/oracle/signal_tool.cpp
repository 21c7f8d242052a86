// Reads signalling messages as hex, one a line, decodes them with our decoder and writes what our encoder makes of
// them; "refused" where we do not take one.
#include <cstdio>
#include <iostream>
#include <string>

#include "wire/signal/signal_frame.hpp"

int main() {
  using namespace upcall;
  std::string line;
  while (std::getline(std::cin, line)) {
    ByteVector bytes;
    for (std::size_t i = 0; i + 1 < line.size(); i += 2) {
      bytes.push_back(static_cast<std::uint8_t>(std::stoul(line.substr(i, 2), nullptr, 16)));
    }
    auto frame = wire::decode_signal(bytes);
    if (!frame) {
      std::puts("refused");
      continue;
    }
    const std::string again = wire::encode_signal(*frame, WallTime::from_unix_ms(static_cast<std::int64_t>(frame->timestamp_ms())));
    for (const char c : again) std::printf("%02x", static_cast<unsigned>(static_cast<unsigned char>(c)));
    std::puts("");
  }
  return 0;
}
