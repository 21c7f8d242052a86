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
  if (auto fine = only(arguments, {"name"}); !fine) return tl::unexpected(fine.error());
  auto name = needed_name(arguments, "name");
  if (!name) return tl::unexpected(name.error());
  auto stored = context.store.write([&](store::Database& db) -> Answer {
    const std::string id = make_uuid(context.random);
    if (auto done = store::routing::insert_queue(db, {id, *name}, context.now); !done) return tl::unexpected(done.error());
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
    for (const contact::Queue& q : *all) list.push_back(bj::object{{"queueId", q.id}, {"name", q.name}});
    return bj::object{{"queues", std::move(list)}};
  });
}

// queue: names, each with an optional priority, "BasicQueue" or "BasicQueue:2".
Answer routing_profile_add(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {"name", "queue", "slots"}); !fine) return tl::unexpected(fine.error());
  auto name = needed_name(arguments, "name");
  if (!name) return tl::unexpected(name.error());
  auto queues = texts(arguments, "queue");
  if (!queues) return tl::unexpected(queues.error());
  const std::int64_t slots = json::integer_at(arguments, "slots").value_or(2);
  if (slots < 1 || slots > 10) return fail(ErrorCode::invalid_argument, "slots is 1 to 10");
  auto stored = context.store.write([&](store::Database& db) -> Answer {
    auto all = store::routing::queues(db);
    if (!all) return tl::unexpected(all.error());
    contact::RoutingProfile profile{make_uuid(context.random), *name, static_cast<int>(slots), {}};
    for (const std::string& text : *queues) {
      std::string queue = text;
      int priority = 1;
      if (const std::size_t colon = text.rfind(':'); colon != std::string::npos) {
        const auto [end, error] = std::from_chars(text.data() + colon + 1, text.data() + text.size(), priority);
        if (error != std::errc() || end != text.data() + text.size() || priority < 1 || priority > 99) {
          return fail(ErrorCode::invalid_argument, "a queue's priority is 1 to 99");
        }
        queue.resize(colon);
      }
      const auto found = std::find_if(all->begin(), all->end(), [&](const contact::Queue& q) { return q.name == queue || q.id == queue; });
      if (found == all->end()) return fail(ErrorCode::not_found, "there is no queue \"" + queue.substr(0, 127) + "\"");
      profile.queues.emplace_back(found->id, priority);
    }
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
      for (const auto& [id, priority] : p.queues) {
        for (const contact::Queue& q : *queues) {
          if (q.id == id) served.push_back(bj::object{{"queueId", id}, {"name", q.name}, {"priority", priority}});
        }
      }
      list.push_back(bj::object{{"routingProfileId", p.id}, {"name", p.name}, {"slots", p.chat_slots}, {"queues", std::move(served)}});
    }
    return bj::object{{"routingProfiles", std::move(list)}};
  });
}

}  // namespace upcall::admin
