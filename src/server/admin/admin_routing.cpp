// Queues and routing profiles.
#include <algorithm>
#include <charconv>

#include "base/ids.hpp"
#include "base/wall_text.hpp"
#include "io/store/centre_repository.hpp"
#include "io/store/flow_repository.hpp"
#include "io/store/parameter_repository.hpp"
#include "json/json.hpp"
#include "server/admin/admin_parts.hpp"

namespace upcall::admin {

namespace bj = boost::json;

Answer queue_add(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {"name", "capacity", "hours"}); !fine) return tl::unexpected(fine.error());
  auto name = needed_name(arguments, "name");
  if (!name) return tl::unexpected(name.error());
  const std::string hours = json::text_or(arguments, "hours");  // an id or a name; empty: always open
  const std::int64_t capacity = json::integer_at(arguments, "capacity").value_or(0);
  if (capacity < 0 || capacity > 10'000) return fail(ErrorCode::invalid_argument, "capacity is 0 to 10000");
  auto stored = context.store.write([&](store::Database& db) -> Answer {
    const std::string id = make_uuid(context.random);
    if (auto done = store::routing::insert_queue(db, {id, *name, {}, static_cast<std::size_t>(capacity)}, context.now); !done) return tl::unexpected(done.error());
    if (!hours.empty()) {
      auto all = store::hours::all(db);
      if (!all) return tl::unexpected(all.error());
      const auto found = std::find_if(all->begin(), all->end(), [&](const store::HoursRow& h) { return h.id == hours || h.name == hours; });
      if (found == all->end()) return fail(ErrorCode::not_found, "there are no such hours of operation");
      if (auto assigned = store::hours::assign(db, id, found->id); !assigned) return tl::unexpected(assigned.error());
    }
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

namespace {

// What a profile serves, of texts as "BasicQueue:2:30".
Result<std::vector<contact::ServedQueue>> served_queues(store::Database& db, const std::vector<std::string>& texts) {
  auto all = store::routing::queues(db);
  if (!all) return tl::unexpected(all.error());
  const auto named = [&](const std::string& wanted) {
    return std::find_if(all->begin(), all->end(), [&](const contact::Queue& q) { return q.name == wanted || q.id == wanted; });
  };
  std::vector<contact::ServedQueue> out;
  for (const std::string& text : texts) {
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
    out.push_back({found->id, priority, Duration::s(delay)});
  }
  return out;
}

}  // namespace

// Further queues for a profile that is there; one that it serves already gets the new priority and delay.
Answer routing_profile_serve(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {"name", "queue"}); !fine) return tl::unexpected(fine.error());
  auto name = needed_name(arguments, "name");
  if (!name) return tl::unexpected(name.error());
  auto queues = texts(arguments, "queue");
  if (!queues) return tl::unexpected(queues.error());
  return context.store.write([&](store::Database& db) -> Answer {
    auto profiles = store::routing::profiles(db);
    if (!profiles) return tl::unexpected(profiles.error());
    const auto profile = std::find_if(profiles->begin(), profiles->end(), [&](const contact::RoutingProfile& p) { return p.name == *name || p.id == *name; });
    if (profile == profiles->end()) return fail(ErrorCode::not_found, "there is no such routing profile");
    auto served = served_queues(db, *queues);
    if (!served) return tl::unexpected(served.error());
    for (const contact::ServedQueue& queue : *served) {
      if (auto done = store::routing::put_served(db, profile->id, queue); !done) return tl::unexpected(done.error());
    }
    if (auto done = note(db, context, "routing_profile.changed", profile->id); !done) return tl::unexpected(done.error());
    return bj::object{{"routingProfileId", profile->id}, {"name", profile->name}};
  });
}

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
    contact::RoutingProfile profile{make_uuid(context.random), *name, static_cast<int>(slots), {}, Duration::s(after)};
    auto served = served_queues(db, *queues);
    if (!served) return tl::unexpected(served.error());
    profile.queues = std::move(*served);
    if (auto done = store::routing::insert_profile(db, profile, context.now); !done) return tl::unexpected(done.error());
    if (auto done = note(db, context, "routing_profile.added", profile.id); !done) return tl::unexpected(done.error());
    return bj::object{{"routingProfileId", profile.id}, {"name", profile.name}};
  });
  if (!stored && stored.error().code == ErrorCode::conflict) return fail(ErrorCode::conflict, "a routing profile of this name is there already, or a queue is named twice");
  return stored;
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
