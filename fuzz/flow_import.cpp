// Contact flow files: an import never crashes, and what it accepts runs in bounded steps whatever the attributes are.
// link: upcall_contact
#include <cstdlib>

#include "contact/flow_export.hpp"
#include "contact/flow_import.hpp"
#include "contact/flow_reference.hpp"
#include "contact/flow_runner.hpp"

namespace {

using namespace upcall;
using Values = std::vector<std::pair<std::string, std::string>>;

class CountingHost final : public contact::FlowHost {
 public:
  CountingHost(const contact::Flow& flow, std::uint8_t seed) : flow_(flow), seed_(seed) { attributes_["videoReferenceId"] = std::to_string(seed); }
  const contact::Flow* flow(std::string_view) const override { return &flow_; }
  std::string find_flow(const contact::FlowResource&, bool) const override { return bit(0) ? "f" : ""; }
  void say(std::string_view text) override {
    if (text.size() > contact::kExpandedMax || ++said_ > contact::kFlowMaxSaid) std::abort();
  }
  bool set_attributes(const Values& values) override {
    for (const auto& [name, value] : values) attributes_[name] = value;
    return bit(1);
  }
  bool set_data(const Values&) override { return bit(1); }
  bool tag(const Values&) override { return bit(1); }
  void untag(const std::vector<std::string>&) override {}
  void set_priority(std::int64_t) override {}
  void adjust_age(Duration) override {}
  bool set_hook(std::string_view, const contact::FlowResource&) override { return bit(0); }
  bool set_queue(const contact::FlowResource&, bool) override { return bit(1); }
  Transfer transfer() override { return static_cast<Transfer>(seed_ % 3); }
  Transfer dequeue(const contact::FlowResource&, bool) override { return static_cast<Transfer>(seed_ % 3); }
  std::optional<bool> open(const contact::FlowResource&) const override { return bit(2); }
  std::optional<std::int64_t> metric(std::string_view, const contact::FlowResource&, bool) const override { return seed_; }
  std::optional<contact::Attributes> metrics(const contact::FlowResource&, bool) const override { return attributes_; }
  int percent() override { return 1 + seed_ * 12; }
  std::string call(const contact::FlowCall&) override { return bit(1) ? "call" : ""; }
  void traced(contact::FlowStep) override {
    if (++steps_ > 2 * contact::kFlowMaxSteps) std::abort();
  }
  const contact::Attributes& attributes() const override { return attributes_; }
  std::string system_value(std::string_view path) const override { return std::string(path); }
  void begin_run() { steps_ = said_ = 0; }

 private:
  bool bit(int n) const { return (seed_ >> n & 1) != 0; }
  const contact::Flow& flow_;
  std::uint8_t seed_;
  int steps_ = 0, said_ = 0;
  contact::Attributes attributes_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto import = contact::import_flow({reinterpret_cast<const char*>(data), size});
  if (import.flow.has_value() == !import.problems.empty()) std::abort();
  if (!import.flow) return 0;
  // What is written is read again as the same; what a format cannot say is told.
  for (const auto format : {contact::FlowFormat::actions, contact::FlowFormat::legacy}) {
    const auto written = contact::export_flow(*import.flow, format);
    if (written.text.has_value() == !written.problems.empty()) std::abort();
    if (!written.text) continue;
    const auto again = contact::import_flow(*written.text);
    if (!again.flow || contact::export_flow(*again.flow, format).text != written.text) std::abort();
  }
  for (std::uint8_t seed = 0; seed < 8; ++seed) {
    CountingHost host(*import.flow, seed);
    std::string flow_id = "f";
    contact::FlowPosition position;
    position.block = import.flow->start;
    Instant now = Instant::from_ms(1);
    contact::FlowInput input;
    for (int turn = 0; turn < 5; ++turn) {
      host.begin_run();
      if (contact::run_flow(flow_id, position, host, now, input) != contact::FlowOutcome::waiting) break;
      if ((seed & 1) != 0) now = position.deadline;
      input = {static_cast<contact::FlowInput::Kind>(turn % 4), R"({"a":{"b":[1,"x"]}})", position.call_id};
    }
  }
  return 0;
}
