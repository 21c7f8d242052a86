// Hours of operation. Days that differ (overrides) are imported by the command line and stay when the week is changed here.
#include <algorithm>
#include <span>

#include "api/connect/connect_call.hpp"
#include "contact/hours.hpp"
#include "io/store/centre_repository.hpp"
#include "io/store/flow_repository.hpp"
#include "json/json.hpp"

namespace upcall::api {

namespace {

namespace bj = boost::json;
using identity::Permission;

// What a queue without hours has. It is nobody's row and cannot be changed.
constexpr std::string_view kAlways = "always";

store::HoursRow always_open() {
  bj::array week;
  for (const char* day : {"MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"}) {
    const bj::object midnight{{"Hours", 0}, {"Minutes", 0}};
    week.push_back(bj::object{{"Day", day}, {"StartTime", midnight}, {"EndTime", midnight}});
  }
  return {std::string(kAlways), "Always open", bj::serialize(bj::object{{"TimeZone", "UTC"}, {"Config", std::move(week)}}), {}, {}};
}

ConnectResult<std::vector<store::HoursRow>> all_hours(const ConnectCall& call) {
  if (auto may = call.needs(Permission::routing_admin); !may) return tl::unexpected(may.error());
  auto rows = call.api.centre.store.read([](store::Database& db) { return store::hours::all(db); });
  if (!rows) return fault_of(rows.error());
  rows->insert(rows->begin(), always_open());
  return std::move(*rows);
}

ConnectResult<store::HoursRow> find_hours(const ConnectCall& call) {
  auto all = all_hours(call);
  if (!all) return tl::unexpected(all.error());
  const std::string id = call.id("hours");
  const auto found = std::find_if(all->begin(), all->end(), [&](const store::HoursRow& h) { return h.id == id; });
  if (found == all->end()) return no_such("hours of operation");
  return std::move(*found);
}

ConnectResult<store::HoursRow> find_own_hours(const ConnectCall& call) {
  auto hours = find_hours(call);
  if (hours && hours->id == kAlways) return invalid_parameter("These hours are always there, as they are.");
  return hours;
}

ConnectAnswer list_hours(ConnectCall& call) {
  auto all = all_hours(call);
  if (!all) return tl::unexpected(all.error());
  std::vector<bj::object> list;
  for (const store::HoursRow& h : *all) list.push_back({{"Id", h.id}, {"Arn", call.arn("operating-hours/" + h.id)}, {"Name", h.name}});
  return listed(call, "HoursOfOperationSummaryList", std::move(list));
}

ConnectAnswer describe_hours(ConnectCall& call) {
  auto hours = find_hours(call);
  if (!hours) return tl::unexpected(hours.error());
  auto content = json::parse_object(hours->content, contact::kHoursMaxText);
  if (!content) return fault_of({ErrorCode::internal, "hours"});
  const bj::array* config = json::array_at(*content, "Config");
  bj::object out{{"HoursOfOperationId", hours->id}, {"HoursOfOperationArn", call.arn("operating-hours/" + hours->id)}, {"Name", hours->name},
                 {"Description", json::text_or(*content, "Description")}, {"TimeZone", json::text_or(*content, "TimeZone")}, {"Config", config != nullptr ? *config : bj::array{}}};
  if (hours->id != kAlways) out["LastModifiedTime"] = epoch_seconds(hours->updated);
  return bj::object{{"HoursOfOperation", std::move(out)}};
}

// What is given of Description, TimeZone and Config goes into `content`, which stays a file as the command line imports it.
Result<void, ConnectFault> take_content(const ConnectCall& call, bj::object& content, bool whole) {
  if (call.body.contains("Description")) {
    auto description = call.text("Description", whole ? 1 : 0, 250, false);
    if (!description) return tl::unexpected(description.error());
    content["Description"] = *description;
  }
  auto zone = call.text("TimeZone", 1, 64, whole);
  if (!zone) return tl::unexpected(zone.error());
  if (!zone->empty()) content["TimeZone"] = *zone;
  const bj::value* config = call.body.if_contains("Config");
  if (config == nullptr || config->is_null()) {
    if (whole) return invalid_parameter("Config is required.");
  } else {
    if (!config->is_array() || config->get_array().size() > contact::kHoursMaxPeriods) return invalid_parameter("Config must be a list of at most 100 periods.");
    content["Config"] = *config;
  }
  if (auto parsed = contact::parse_hours(bj::serialize(content)); !parsed) return invalid_parameter("Config: " + parsed.error().message + ".");
  return {};
}

ConnectAnswer create_hours(ConnectCall& call) {
  auto all = all_hours(call);
  if (!all) return tl::unexpected(all.error());
  auto name = call.text("Name", 1, 127);
  if (!name) return tl::unexpected(name.error());
  bj::object content;
  if (auto taken = take_content(call, content, true); !taken) return tl::unexpected(taken.error());
  if (std::any_of(all->begin(), all->end(), [&](const store::HoursRow& h) { return h.name == *name; })) {
    return refuse_call(409, "DuplicateResourceException", "There are hours of operation of this name already.");
  }
  auto made = administer(call, Permission::routing_admin, "hours.import", {{"name", *name}, {"content", bj::serialize(content)}});
  if (!made) return tl::unexpected(made.error());
  const std::string id = json::text_or(made->as_object(), "hoursOfOperationId");
  return bj::object{{"HoursOfOperationId", id}, {"HoursOfOperationArn", call.arn("operating-hours/" + id)}};
}

ConnectAnswer update_hours(ConnectCall& call) {
  auto hours = find_own_hours(call);
  if (!hours) return tl::unexpected(hours.error());
  auto name = call.text("Name", 1, 127, false);
  if (!name) return tl::unexpected(name.error());
  auto content = json::parse_object(hours->content, contact::kHoursMaxText);
  if (!content) return fault_of({ErrorCode::internal, "hours"});
  if (auto taken = take_content(call, *content, false); !taken) return tl::unexpected(taken.error());
  auto done = administer(call, Permission::routing_admin, "hours.set", {{"id", hours->id}, {"name", name->empty() ? hours->name : *name}, {"content", bj::serialize(*content)}});
  if (!done) return tl::unexpected(done.error());
  return bj::object{};
}

// Its queues would be open day and night: they get others first.
ConnectAnswer delete_hours(ConnectCall& call) {
  auto hours = find_own_hours(call);
  if (!hours) return tl::unexpected(hours.error());
  auto queues = call.api.centre.store.read([](store::Database& db) { return store::routing::queues(db); });
  if (!queues) return fault_of(queues.error());
  const auto user = std::find_if(queues->begin(), queues->end(), [&](const contact::Queue& q) { return q.hours_id == hours->id; });
  if (user != queues->end()) return refuse_call(400, "InvalidRequestException", "The queue " + user->name + " has these hours of operation.");
  auto done = administer(call, Permission::routing_admin, "hours.remove", {{"name", hours->id}});
  if (!done) return tl::unexpected(done.error());
  return bj::object{};
}

constexpr ConnectRoute kOperations[] = {
    {"ListHoursOfOperations", "GET", "/hours-of-operations-summary/{instance}", ConnectRate::usual, list_hours},
    {"DescribeHoursOfOperation", "GET", "/hours-of-operations/{instance}/{hours}", ConnectRate::usual, describe_hours},
    {"CreateHoursOfOperation", "PUT", "/hours-of-operations/{instance}", ConnectRate::usual, create_hours},
    {"UpdateHoursOfOperation", "POST", "/hours-of-operations/{instance}/{hours}", ConnectRate::usual, update_hours},
    {"DeleteHoursOfOperation", "DELETE", "/hours-of-operations/{instance}/{hours}", ConnectRate::usual, delete_hours},
};

}  // namespace

std::span<const ConnectRoute> hours_operations() { return kOperations; }

}  // namespace upcall::api
