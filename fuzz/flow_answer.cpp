// Answers of flow functions, hours of operation, and references in texts: what comes from outside into a running flow.
// link: upcall_contact
#include <cstdlib>

#include "contact/flow_answer.hpp"
#include "contact/flow_reference.hpp"
#include "contact/hours.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace upcall;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto flat = contact::read_flow_answer(text, false);
  const auto nested = contact::read_flow_answer(text, true);
  if (flat && (!nested || *flat != *nested)) std::abort();
  if (nested) {
    const std::string event = contact::flow_event_json({"c", "i", "q", "n", "x", &*nested, &*nested, &*nested, &*nested});
    if (event.empty()) std::abort();
  }
  if (const auto hours = contact::parse_hours(text)) {
    int open = 0;
    for (int day = 0; day < 7; ++day) {
      for (int minute = 0; minute < 1440; minute += 30) open += contact::is_open(*hours, {{2026, 12, 21 + day}, {2026, 12, 20 + day}, day, minute});
    }
    if (open > 0 && hours->periods.empty() && hours->overrides.empty()) std::abort();
  }
  if (contact::expand(text, [](const contact::FlowReference& r) { return r.key(); }).size() > contact::kExpandedMax) std::abort();
  const contact::FlowReference r = contact::parse_reference(text);
  if (r.length > size) std::abort();
  return 0;
}
