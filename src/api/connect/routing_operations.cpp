// Queues and routing profiles.
#include <algorithm>
#include <span>

#include "api/connect/connect_call.hpp"
#include "io/store/centre_repository.hpp"
#include "io/store/identity_repository.hpp"
#include "json/json.hpp"

namespace upcall::api {

namespace {

namespace bj = boost::json;
using identity::Permission;

constexpr std::size_t kPageMax = 1000;

struct RoutingFacts {
  std::vector<contact::Queue> queues;
  std::vector<contact::RoutingProfile> profiles;
  const contact::Queue* queue(std::string_view id) const {
    const auto found = std::find_if(queues.begin(), queues.end(), [&](const contact::Queue& q) { return q.id == id; });
    return found == queues.end() ? nullptr : &*found;
  }
  const contact::RoutingProfile* profile(std::string_view id) const {
    const auto found = std::find_if(profiles.begin(), profiles.end(), [&](const contact::RoutingProfile& p) { return p.id == id; });
    return found == profiles.end() ? nullptr : &*found;
  }
};

// Agents see what their own panel shows them; the whole is for administrators of routing.
ConnectResult<RoutingFacts> routing_facts(const ConnectCall& call) {
  if (auto may = call.needs(Permission::routing_admin); !may) return tl::unexpected(may.error());
  auto facts = call.api.centre.store.read([](store::Database& db) -> Result<RoutingFacts> {
    auto queues = store::routing::queues(db);
    if (!queues) return tl::unexpected(queues.error());
    auto profiles = store::routing::profiles(db);
    if (!profiles) return tl::unexpected(profiles.error());
    return RoutingFacts{std::move(*queues), std::move(*profiles)};
  });
  if (!facts) return fault_of(facts.error());
  return std::move(*facts);
}

// An id of the body that may be an ARN.
ConnectResult<std::string> id_text(const ConnectCall& call, std::string_view name) {
  auto id = call.text(name, 1, 500);
  if (id && id->starts_with("arn:")) id->erase(0, id->rfind('/') + 1);
  return id;
}

ConnectAnswer list_queues(ConnectCall& call) {
  auto facts = routing_facts(call);
  if (!facts) return tl::unexpected(facts.error());
  bool standard = false, agents = false, any = false;
  for (const auto& [name, value] : call.request.query) {
    if (name != "queueTypes") continue;
    if (value != "STANDARD" && value != "AGENT") return invalid_parameter("queueTypes must be STANDARD or AGENT.");
    any = true;
    (value == "STANDARD" ? standard : agents) = true;
  }
  std::vector<bj::object> all;
  if (standard || !any) {
    for (const contact::Queue& q : facts->queues) all.push_back({{"Id", q.id}, {"Arn", call.arn("queue/" + q.id)}, {"Name", q.name}, {"QueueType", "STANDARD"}});
  }
  if (agents || !any) {
    // Each agent's personal queue.
    auto users = call.api.centre.store.read([](store::Database& db) { return store::centre::agents(db); });
    if (!users) return fault_of(users.error());
    for (const contact::AgentInfo& a : *users) all.push_back({{"Id", a.id}, {"Arn", call.arn("queue/agent/" + a.id)}, {"QueueType", "AGENT"}});
  }
  auto page = page_of(call.request, all.size(), 100, kPageMax);
  if (!page) return tl::unexpected(page.error());
  bj::array list;
  for (std::size_t i = page->begin; i < page->end; ++i) list.push_back(std::move(all[i]));
  bj::object out{{"QueueSummaryList", std::move(list)}};
  if (!page->next_token.empty()) out["NextToken"] = page->next_token;
  return out;
}

ConnectAnswer describe_queue(ConnectCall& call) {
  auto facts = routing_facts(call);
  if (!facts) return tl::unexpected(facts.error());
  const contact::Queue* queue = facts->queue(call.id("queue"));
  if (queue == nullptr) return no_such("queue");
  bj::object out{{"QueueId", queue->id}, {"QueueArn", call.arn("queue/" + queue->id)}, {"Name", queue->name}, {"Status", "ENABLED"},
                 {"HoursOfOperationId", queue->hours_id.empty() ? "always" : queue->hours_id}};
  if (queue->capacity > 0) out["MaxContacts"] = queue->capacity;
  return bj::object{{"Queue", std::move(out)}};
}

ConnectAnswer create_queue(ConnectCall& call) {
  if (auto may = call.needs(Permission::routing_admin); !may) return tl::unexpected(may.error());
  auto name = call.text("Name", 1, 127);
  if (!name) return tl::unexpected(name.error());
  auto hours = id_text(call, "HoursOfOperationId");
  if (!hours) return tl::unexpected(hours.error());
  auto capacity = call.number("MaxContacts", 0, 10'000);
  if (!capacity) return tl::unexpected(capacity.error());
  auto made = call.api.administer("queue.add", {{"name", *name}, {"hours", *hours == "always" ? "" : *hours}, {"capacity", capacity->value_or(0)}}, call.caller.id);
  if (!made) return fault_of(made.error());
  const bj::object& queue = made->as_object();
  return bj::object{{"QueueId", json::text_or(queue, "queueId")}, {"QueueArn", json::text_or(queue, "queueArn")}};
}

ConnectAnswer list_profiles(ConnectCall& call) {
  auto facts = routing_facts(call);
  if (!facts) return tl::unexpected(facts.error());
  auto page = page_of(call.request, facts->profiles.size(), 100, kPageMax);
  if (!page) return tl::unexpected(page.error());
  bj::array list;
  for (std::size_t i = page->begin; i < page->end; ++i) {
    const contact::RoutingProfile& p = facts->profiles[i];
    list.push_back(bj::object{{"Id", p.id}, {"Arn", call.arn("routing-profile/" + p.id)}, {"Name", p.name}});
  }
  bj::object out{{"RoutingProfileSummaryList", std::move(list)}};
  if (!page->next_token.empty()) out["NextToken"] = page->next_token;
  return out;
}

ConnectAnswer describe_profile(ConnectCall& call) {
  auto facts = routing_facts(call);
  if (!facts) return tl::unexpected(facts.error());
  const contact::RoutingProfile* profile = facts->profile(call.id("profile"));
  if (profile == nullptr) return no_such("routing profile");
  return bj::object{{"RoutingProfile", bj::object{{"InstanceId", call.instance_id}, {"RoutingProfileId", profile->id},
                                                  {"RoutingProfileArn", call.arn("routing-profile/" + profile->id)}, {"Name", profile->name},
                                                  {"MediaConcurrencies", bj::array{bj::object{{"Channel", "CHAT"}, {"Concurrency", profile->chat_slots}}}}}}};
}

ConnectAnswer list_profile_queues(ConnectCall& call) {
  auto facts = routing_facts(call);
  if (!facts) return tl::unexpected(facts.error());
  const contact::RoutingProfile* profile = facts->profile(call.id("profile"));
  if (profile == nullptr) return no_such("routing profile");
  auto page = page_of(call.request, profile->queues.size(), 100, kPageMax);
  if (!page) return tl::unexpected(page.error());
  bj::array list;
  for (std::size_t i = page->begin; i < page->end; ++i) {
    const contact::ServedQueue& served = profile->queues[i];
    const contact::Queue* queue = facts->queue(served.queue_id);
    list.push_back(bj::object{{"QueueId", served.queue_id}, {"QueueArn", call.arn("queue/" + served.queue_id)},
                              {"QueueName", queue != nullptr ? queue->name : ""}, {"Priority", served.priority},
                              {"Delay", served.delay.ms() / 1000}, {"Channel", "CHAT"}});
  }
  bj::object out{{"RoutingProfileQueueConfigSummaryList", std::move(list)}};
  if (!page->next_token.empty()) out["NextToken"] = page->next_token;
  return out;
}

// QueueConfigs as the administrator's command has them: "<id>:<priority>:<delay>".
ConnectResult<bj::array> queue_configs(const ConnectCall& call, const RoutingFacts& facts, bool required) {
  const bj::value* value = call.body.if_contains("QueueConfigs");
  bj::array out;
  if (value == nullptr || value->is_null()) {
    if (required) return invalid_parameter("QueueConfigs is required.");
    return out;
  }
  if (!value->is_array() || value->get_array().size() > 10 || (required && value->get_array().empty())) return invalid_parameter("QueueConfigs must be a list of at most 10 queues.");
  for (const bj::value& item : value->get_array()) {
    const bj::object* config = item.if_object();
    const bj::object* reference = config != nullptr ? json::object_at(*config, "QueueReference") : nullptr;
    const std::string id = reference != nullptr ? json::text_or(*reference, "QueueId") : "";
    if (reference == nullptr || json::text_or(*reference, "Channel") != "CHAT") return invalid_parameter("QueueConfigs: QueueReference must have a QueueId and the Channel CHAT.");
    if (facts.queue(id) == nullptr) return no_such("queue");
    const auto priority = json::integer_at(*config, "Priority"), delay = json::integer_at(*config, "Delay");
    if (!priority || *priority < 1 || *priority > 99) return invalid_parameter("QueueConfigs: Priority must be 1 to 99.");
    if (!delay || *delay < 0 || *delay > 9'999) return invalid_parameter("QueueConfigs: Delay must be 0 to 9999.");
    out.push_back(bj::value(id + ":" + std::to_string(*priority) + ":" + std::to_string(*delay)));
  }
  return out;
}

ConnectAnswer create_profile(ConnectCall& call) {
  auto facts = routing_facts(call);
  if (!facts) return tl::unexpected(facts.error());
  auto name = call.text("Name", 1, 127);
  if (!name) return tl::unexpected(name.error());
  auto description = call.text("Description", 1, 250);
  if (!description) return tl::unexpected(description.error());
  auto outbound = id_text(call, "DefaultOutboundQueueId");
  if (!outbound) return tl::unexpected(outbound.error());
  if (facts->queue(*outbound) == nullptr) return no_such("queue");
  auto queues = queue_configs(call, *facts, false);
  if (!queues) return tl::unexpected(queues.error());
  std::int64_t slots = 0;
  const bj::array* channels = json::array_at(call.body, "MediaConcurrencies");
  if (channels == nullptr || channels->empty()) return invalid_parameter("MediaConcurrencies is required.");
  for (const bj::value& item : *channels) {
    const bj::object* channel = item.if_object();
    if (channel == nullptr || json::text_or(*channel, "Channel") != "CHAT") return refuse_call(400, "InvalidRequestException", "MediaConcurrencies: agents have chats here, no other channel.");
    slots = json::integer_at(*channel, "Concurrency").value_or(0);
    if (slots < 1 || slots > 10) return invalid_parameter("MediaConcurrencies: Concurrency must be 1 to 10.");
  }
  auto made = administer(call, Permission::routing_admin, "routing-profile.add", {{"name", *name}, {"queue", std::move(*queues)}, {"slots", slots}});
  if (!made) return tl::unexpected(made.error());
  const std::string id = json::text_or(made->as_object(), "routingProfileId");
  return bj::object{{"RoutingProfileId", id}, {"RoutingProfileArn", call.arn("routing-profile/" + id)}};
}

ConnectAnswer associate_queues(ConnectCall& call) {
  auto facts = routing_facts(call);
  if (!facts) return tl::unexpected(facts.error());
  const contact::RoutingProfile* profile = facts->profile(call.id("profile"));
  if (profile == nullptr) return no_such("routing profile");
  auto queues = queue_configs(call, *facts, true);
  if (!queues) return tl::unexpected(queues.error());
  auto done = administer(call, Permission::routing_admin, "routing-profile.serve", {{"name", profile->id}, {"queue", std::move(*queues)}});
  if (!done) return tl::unexpected(done.error());
  return bj::object{};
}

constexpr ConnectRoute kOperations[] = {
    {"ListQueues", "GET", "/queues-summary/{instance}", ConnectRate::usual, list_queues},
    {"DescribeQueue", "GET", "/queues/{instance}/{queue}", ConnectRate::usual, describe_queue},
    {"CreateQueue", "PUT", "/queues/{instance}", ConnectRate::usual, create_queue},
    {"ListRoutingProfiles", "GET", "/routing-profiles-summary/{instance}", ConnectRate::usual, list_profiles},
    {"DescribeRoutingProfile", "GET", "/routing-profiles/{instance}/{profile}", ConnectRate::usual, describe_profile},
    {"CreateRoutingProfile", "PUT", "/routing-profiles/{instance}", ConnectRate::usual, create_profile},
    {"AssociateRoutingProfileQueues", "POST", "/routing-profiles/{instance}/{profile}/associate-queues", ConnectRate::usual, associate_queues},
    {"ListRoutingProfileQueues", "GET", "/routing-profiles/{instance}/{profile}/queues", ConnectRate::usual, list_profile_queues},
};

}  // namespace

std::span<const ConnectRoute> routing_operations() { return kOperations; }

}  // namespace upcall::api
