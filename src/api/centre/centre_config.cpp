// What the contact centre knows of people, queues, flows and limits, as the store has it.
#include <charconv>

#include "api/centre/centre_service.hpp"
#include "contact/flow_import.hpp"
#include "io/store/centre_repository.hpp"
#include "io/store/flow_repository.hpp"
#include "io/store/parameter_repository.hpp"
#include "io/time_zones/time_zones.hpp"

namespace upcall::api {

namespace {
constexpr std::int64_t kMinutesMax = 7 * 24 * 60;
}  // namespace

Result<contact::CentreConfig> load_centre_config(store::Database& db, FlowCache* known) {
  contact::CentreConfig config;
  auto queues = store::routing::queues(db);
  auto profiles = store::routing::profiles(db);
  auto agents = store::centre::agents(db);
  auto flows = store::flows::all(db);
  auto hours = store::hours::all(db);
  auto instance = store::parameters::get_or(db, "instanceId", "");
  auto default_flow = store::parameters::get_or(db, "connectDefaultContactFlowId", "");
  auto default_queue = store::parameters::get_or(db, "defaultQueueId", "");
  auto statuses = store::routing::statuses(db);
  if (!statuses) return tl::unexpected(statuses.error());
  if (!queues) return tl::unexpected(queues.error());
  if (!profiles) return tl::unexpected(profiles.error());
  if (!agents) return tl::unexpected(agents.error());
  if (!flows) return tl::unexpected(flows.error());
  if (!hours) return tl::unexpected(hours.error());
  if (!instance) return tl::unexpected(instance.error());
  if (!default_flow) return tl::unexpected(default_flow.error());
  if (!default_queue) return tl::unexpected(default_queue.error());
  config.queues = std::move(*queues);
  config.routing_profiles = std::move(*profiles);
  config.agents = std::move(*agents);
  config.statuses = std::move(*statuses);
  const auto minutes = [&](std::string_view name, Duration& out) -> Result<void> {
    auto text = store::parameters::get_or(db, name, "");
    if (!text) return tl::unexpected(text.error());
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (error == std::errc() && value >= 0 && value <= kMinutesMax) out = Duration::s(value * 60);
    return {};
  };
  contact::CentreLimits& limits = config.limits;
  for (const auto& [name, out] : {std::pair("chatCustomerIdleMinutes", &limits.customer_idle), std::pair("chatCustomerDisconnectMinutes", &limits.customer_disconnect),
                                  std::pair("chatAgentIdleMinutes", &limits.agent_idle), std::pair("chatAgentDisconnectMinutes", &limits.agent_disconnect),
                                  std::pair("chatDurationMinutes", &limits.chat_duration)}) {
    if (auto read = minutes(name, *out); !read) return tl::unexpected(read.error());
  }
  auto message_bytes = store::parameters::get_or(db, "chatMessageBytes", "");
  if (!message_bytes) return tl::unexpected(message_bytes.error());
  std::from_chars(message_bytes->data(), message_bytes->data() + message_bytes->size(), limits.message_bytes);
  config.default_flow_id = std::move(*default_flow);
  config.default_queue_id = std::move(*default_queue);
  for (const store::HoursRow& row : *hours) {
    auto parsed = contact::parse_hours(row.content);
    if (!parsed) continue;
    parsed->id = row.id;
    parsed->name = row.name;
    config.hours.push_back(std::move(*parsed));
  }
  config.time_zones = time_zones::system_zones();
  if (!instance->empty()) config.instance_arn = "arn:aws:connect:local:000000000000:instance/" + *instance;
  FlowCache read;
  for (const store::FlowRow& row : *flows) {
    if (known != nullptr) {
      if (const auto before = known->find(row.id); before != known->end() && before->second.first == row.content) {
        config.flows.emplace(row.id, before->second.second);
        read.insert(known->extract(before));
        continue;
      }
    }
    auto import = contact::import_flow(row.content);
    if (!import.flow) continue;
    config.flows.emplace(row.id, *import.flow);
    if (known != nullptr) read.emplace(row.id, std::pair(row.content, std::move(*import.flow)));
  }
  if (known != nullptr) known->swap(read);
  return config;
}

}  // namespace upcall::api
