// Queues and routing profiles.
#include <charconv>

#include "base/ids.hpp"
#include "base/wall_text.hpp"
#include "io/store/centre_repository.hpp"
#include "io/store/parameter_repository.hpp"
#include "json/json.hpp"
#include "server/admin/admin_parts.hpp"

namespace upcall::admin {

namespace bj = boost::json;

Answer queue_add(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {"name", "capacity"}); !fine) return tl::unexpected(fine.error());
  auto name = needed_name(arguments, "name");
  if (!name) return tl::unexpected(name.error());
  const std::int64_t capacity = json::integer_at(arguments, "capacity").value_or(0);
  if (capacity < 0 || capacity > 10'000) return fail(ErrorCode::invalid_argument, "capacity is 0 to 10000");
  auto stored = context.store.write([&](store::Database& db) -> Answer {
    const std::string id = make_uuid(context.random);
    if (auto done = store::routing::insert_queue(db, {id, *name, {}, static_cast<std::size_t>(capacity)}, context.now); !done) return tl::unexpected(done.error());
    if (auto done = note(db, context, "queue.added", id); !done) return tl::unexpected(done.error());
    auto instance = store::parameters::get_or(db, "instanceId", "");
    if (!instance) return tl::unexpected(instance.error());
    return bj::object{{"queueId", id}, {"queueArn", arn(*instance, "queue/" + id)}, {"name", *name}};
  });
  if (!stored && stored.error().code == ErrorCode::conflict) return fail(ErrorCode::conflict, "a queue of this name is there already");
  return stored;
}

Answer queue_list(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {}); !fine) return tl::unexpected(fine.error());
  return context.store.read([&](store::Database& db) -> Answer {
    auto all = store::routing::queues(db);
    if (!all) return tl::unexpected(all.error());
    bj::array list;
    for (const contact::Queue& q : *all) list.push_back(bj::object{{"queueId", q.id}, {"name", q.name}, {"capacity", q.capacity}});
    return bj::object{{"queues", std::move(list)}};
  });
}

namespace {

// A queue as a profile serves it: "BasicQueue", "BasicQueue:2", "BasicQueue:2:30" (priority, delay in seconds). Names may
// hold colons, so only numbers at the end count.
struct ServedText {
  std::string queue;
  std::vector<int> numbers;
};

ServedText served_text(const std::string& text) {
  ServedText out{text, {}};
  while (out.numbers.size() < 2) {
    const std::size_t colon = out.queue.rfind(':');
    if (colon == std::string::npos) break;
    int number = 0;
    const char* begin = out.queue.data() + colon + 1;
    const char* end = out.queue.data() + out.queue.size();
    const auto [stop, error] = std::from_chars(begin, end, number);
    if (error != std::errc() || stop != end || begin == end) break;
    out.numbers.insert(out.numbers.begin(), number);
    out.queue.resize(colon);
  }
  return out;
}

}  // namespace

// queue: names, each with an optional priority and delay.
Answer routing_profile_add(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {"name", "queue", "slots", "after-contact-seconds"}); !fine) return tl::unexpected(fine.error());
  auto name = needed_name(arguments, "name");
  if (!name) return tl::unexpected(name.error());
  auto queues = texts(arguments, "queue");
  if (!queues) return tl::unexpected(queues.error());
  const std::int64_t slots = json::integer_at(arguments, "slots").value_or(2);
  if (slots < 1 || slots > 10) return fail(ErrorCode::invalid_argument, "slots is 1 to 10");
  const std::int64_t after = json::integer_at(arguments, "after-contact-seconds").value_or(0);
  if (after < 0 || after > 86'400) return fail(ErrorCode::invalid_argument, "after-contact-seconds is 0 to 86400");
  auto stored = context.store.write([&](store::Database& db) -> Answer {
    auto all = store::routing::queues(db);
    if (!all) return tl::unexpected(all.error());
    contact::RoutingProfile profile{make_uuid(context.random), *name, static_cast<int>(slots), {}, Duration::s(after)};
    for (const std::string& text : *queues) {
      const auto named = [&](const std::string& wanted) {
        return std::find_if(all->begin(), all->end(), [&](const contact::Queue& q) { return q.name == wanted || q.id == wanted; });
      };
      ServedText served = served_text(text);
      auto found = named(text);
      if (found != all->end()) {
        served = {text, {}};
      } else {
        found = named(served.queue);
      }
      const int priority = served.numbers.empty() ? 1 : served.numbers[0];
      const int delay = served.numbers.size() > 1 ? served.numbers[1] : 0;
      if (priority < 1 || priority > 99) return fail(ErrorCode::invalid_argument, "a queue's priority is 1 to 99");
      if (delay < 0 || delay > 9'999) return fail(ErrorCode::invalid_argument, "a queue's delay is 0 to 9999 seconds");
      if (found == all->end()) return fail(ErrorCode::not_found, "there is no queue \"" + served.queue.substr(0, 127) + "\"");
      profile.queues.push_back({found->id, priority, Duration::s(delay)});
    }
    if (auto done = store::routing::insert_profile(db, profile, context.now); !done) return tl::unexpected(done.error());
    if (auto done = note(db, context, "routing_profile.added", profile.id); !done) return tl::unexpected(done.error());
    return bj::object{{"routingProfileId", profile.id}, {"name", profile.name}};
  });
  if (!stored && stored.error().code == ErrorCode::conflict) return fail(ErrorCode::conflict, "a routing profile of this name is there already, or a queue is named twice");
  return stored;
}

Answer agent_status_add(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {"name", "routable"}); !fine) return tl::unexpected(fine.error());
  auto name = needed_name(arguments, "name");
  if (!name) return tl::unexpected(name.error());
  // An agent chooses by name too: it must not mean two things.
  if (contact::agent_status(*name)) return fail(ErrorCode::invalid_argument, "this status is always there");
  const contact::CustomStatus status{make_uuid(context.random), *name, json::boolean_at(arguments, "routable").value_or(false)};
  auto stored = context.store.write([&](store::Database& db) -> Answer {
    if (auto done = store::routing::insert_status(db, status, context.now); !done) return tl::unexpected(done.error());
    if (auto done = note(db, context, "agent_status.added", status.id); !done) return tl::unexpected(done.error());
    return bj::object{{"statusId", status.id}, {"name", status.name}, {"routable", status.routable}};
  });
  if (!stored && stored.error().code == ErrorCode::conflict) return fail(ErrorCode::conflict, "a status of this name is there already");
  return stored;
}

Answer agent_status_list(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {}); !fine) return tl::unexpected(fine.error());
  return context.store.read([&](store::Database& db) -> Answer {
    auto all = store::routing::statuses(db);
    if (!all) return tl::unexpected(all.error());
    bj::array list;
    for (const contact::CustomStatus& s : *all) list.push_back(bj::object{{"statusId", s.id}, {"name", s.name}, {"routable", s.routable}});
    return bj::object{{"statuses", std::move(list)}};
  });
}

// Agents who have it are offline from then on.
Answer agent_status_remove(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {"name"}); !fine) return tl::unexpected(fine.error());
  auto name = needed_name(arguments, "name");
  if (!name) return tl::unexpected(name.error());
  return context.store.write([&](store::Database& db) -> Answer {
    auto removed = store::routing::remove_status(db, *name);
    if (!removed) return tl::unexpected(removed.error());
    if (!*removed) return fail(ErrorCode::not_found, "there is no status of this name");
    if (auto done = note(db, context, "agent_status.removed", *name); !done) return tl::unexpected(done.error());
    return bj::object{{"removed", true}};
  });
}

Answer routing_profile_list(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {}); !fine) return tl::unexpected(fine.error());
  return context.store.read([&](store::Database& db) -> Answer {
    auto all = store::routing::profiles(db);
    auto queues = store::routing::queues(db);
    if (!all) return tl::unexpected(all.error());
    if (!queues) return tl::unexpected(queues.error());
    bj::array list;
    for (const contact::RoutingProfile& p : *all) {
      bj::array served;
      for (const auto& [id, priority, delay] : p.queues) {
        for (const contact::Queue& q : *queues) {
          if (q.id == id) served.push_back(bj::object{{"queueId", id}, {"name", q.name}, {"priority", priority}, {"delaySeconds", delay.ms() / 1'000}});
        }
      }
      list.push_back(bj::object{{"routingProfileId", p.id}, {"name", p.name}, {"slots", p.chat_slots}, {"afterContactSeconds", p.after_contact_limit.ms() / 1'000}, {"queues", std::move(served)}});
    }
    return bj::object{{"routingProfiles", std::move(list)}};
  });
}

}  // namespace upcall::admin
