// A call whose media goes through the relay of tests/rigs/relay: the server advertises 127.0.0.2 and listens on 127.0.0.1,
// the relay stands between. One thread.
#pragma once

#include <string>

#include "harness.hpp"

namespace upcall::network {

namespace bj = boost::json;

inline story::WorldOptions through_relay(std::vector<std::string> more = {}) {
  story::WorldOptions out;
  out.more = std::move(more);
  out.media_address = "127.0.0.2=127.0.0.1";
  return out;
}

class RelayProcess {
 public:
  RelayProcess(story::World& world, std::uint64_t seed);
  // The counts after the command was carried out.
  bj::object command(const bj::object& line);
  bj::object counts() { return command({{"counts", true}}); }

 private:
  story::World& world_;
  process::ChildHost host_;
  demo::LineProcess process_;
};

// What the server says of the transports of a live meeting.
bj::object inspect(story::World& world, const std::string& meeting_id);
// The sum over the connections of this drop reason.
double drops(const bj::object& inspection, std::string_view reason);

}  // namespace upcall::network
