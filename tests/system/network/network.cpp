#include "network.hpp"

#include "cli/demo/actors.hpp"

namespace upcall::network {

RelayProcess::RelayProcess(story::World& world, std::uint64_t seed)
    : world_(world),
      process_(world.need(demo::LineProcess::start(host_, std::string(UPCALL_BIN_DIR) + "/upcall-test-relay",
                                                   {"127.0.0.2", "127.0.0.1", std::to_string(world.media_port()), std::to_string(seed)}),
                          "the relay's start")) {
  world.need(process_.wait_for([](const bj::object& o) { return o.contains("ready"); }, Duration::s(10)), "the relay");
}

bj::object RelayProcess::command(const bj::object& line) {
  world_.need(process_.send(line), "the relay");
  return world_.need(process_.wait_for([](const bj::object& o) { return o.contains("counts"); }, Duration::s(10)), "the relay's answer").at("counts").as_object();
}

bj::object inspect(story::World& world, const std::string& meeting_id) {
  return world.admin("meeting.show", {{"meeting", meeting_id}}).as_object();
}

double drops(const bj::object& inspection, std::string_view reason) {
  double sum = 0;
  for (const bj::value& c : inspection.at("connections").as_array()) sum += story::number_at(c.at("drops").as_object(), reason);
  return sum;
}

}  // namespace upcall::network
