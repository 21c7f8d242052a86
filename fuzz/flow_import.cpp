// Contact flow files: an import never crashes, and what it accepts runs in bounded steps whatever the attributes are.
// link: upcall_contact
#include <cstdlib>

#include "contact/flow_import.hpp"
#include "contact/flow_runner.hpp"

namespace {

using namespace upcall;

class CountingHost final : public contact::FlowHost {
 public:
  explicit CountingHost(std::uint8_t seed) : seed_(seed) { attributes_["videoReferenceId"] = std::to_string(seed); }
  void say(std::string_view text) override {
    if (text.size() > contact::kExpandedMax) std::abort();
  }
  void set_attribute(const std::string& name, std::string value) override { attributes_[name] = std::move(value); }
  void set_priority(int) override {}
  bool set_queue_flow(std::string_view) override { return (seed_ & 1) != 0; }
  bool set_queue(std::string_view) override { return (seed_ & 2) != 0; }
  bool set_agent_queue(std::string_view) override { return (seed_ & 4) != 0; }
  Transfer transfer() override { return static_cast<Transfer>(seed_ % 3); }
  const contact::Attributes& attributes() const override { return attributes_; }
  std::string system_value(std::string_view path) const override { return std::string(path); }

 private:
  std::uint8_t seed_;
  contact::Attributes attributes_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto import = contact::import_flow({reinterpret_cast<const char*>(data), size});
  if (import.flow.has_value() == !import.problems.empty()) std::abort();
  if (!import.flow) return 0;
  for (std::uint8_t seed = 0; seed < 8; ++seed) {
    CountingHost host(seed);
    contact::FlowPosition position{import.flow->start, false, Instant::never()};
    Instant now = Instant::from_ms(1);
    for (int turn = 0; turn < 5 && contact::run_flow(*import.flow, position, host, now) == contact::FlowOutcome::waiting; ++turn) {
      now = position.deadline;
    }
  }
  return 0;
}
