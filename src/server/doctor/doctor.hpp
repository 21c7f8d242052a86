// Looks for the commonest faults of an installation and says what to do. Changes nothing but probes that it removes again;
// works beside a running server and without one.
//
// Blocks, some seconds where nothing answers. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/rng.hpp"
#include "base/time.hpp"
#include "io/udp/media_thread.hpp"

namespace upcall::doctor {

enum class Verdict : std::uint8_t {
  well,
  note,    // cannot be checked from here, or worth knowing: no fault
  fault,
};

struct Finding {
  std::string check;     // a stable word: "port", "certificate", …
  Verdict verdict = Verdict::well;
  std::string what;
  std::string why, advice;  // empty when all is well
};

// How the server is started: a running one says so itself, otherwise its options or their file do.
struct Installation {
  std::string data_dir;
  bool running = false;
  bool silent = false;                       // somebody has its socket and does not answer
  std::int64_t pid = 0;
  std::string listen_address = "127.0.0.1";
  std::uint16_t port = 8080;
  std::string public_url;                    // empty: none
  std::string look_at_url;                   // asked instead of the public URL; empty: that one
  std::vector<udp::MediaAddress> media;
  std::string tls_cert, tls_key;
  bool tls_self_signed = false;
  std::string recorder_program;
  std::uint64_t spool_limit_mib = 0;

  bool tls() const { return tls_self_signed || !tls_cert.empty(); }
  // Where the server itself is asked from here.
  std::string local_url() const;
};

// In the order in which they are to be mended.
std::vector<Finding> examine(const Installation& installation, RandomSource& random, const Now& now);

}  // namespace upcall::doctor
