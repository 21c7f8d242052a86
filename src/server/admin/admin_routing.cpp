// Queues, routing profiles, contact flows.
#include <charconv>

#include "base/ids.hpp"
#include "base/wall_text.hpp"
#include "contact/flow_import.hpp"
#include "io/store/centre_repository.hpp"
#include "io/store/parameter_repository.hpp"
#include "json/json.hpp"
#include "server/admin/admin_parts.hpp"

namespace upcall::admin {

namespace bj = boost::json;

namespace {

bj::array problems_json(const std::vector<contact::FlowProblem>& problems) {
  bj::array out;
  for (const contact::FlowProblem& p : problems) out.push_back(bj::object{{"blockId", p.block_id}, {"message", p.message}});
  return out;
}

std::string problems_text(const std::vector<contact::FlowProblem>& problems) {
  std::string out = "the flow was not imported:";
  for (const contact::FlowProblem& p : problems) out += "\n  " + (p.block_id.empty() ? "file" : "block " + p.block_id) + ": " + p.message;
  return out;
}

bj::object flow_json(const store::FlowRow& f, std::string_view instance) {
  return {{"contactFlowId", f.id}, {"contactFlowArn", arn(instance, "contact-flow/" + f.id)}, {"name", f.name}, {"type", f.type}, {"updatedAt", to_iso8601(f.updated)}};
}

// Customer queue flows that are named but not there: the hook block would take its Error branch.
Result<bj::array> missing_hooks(store::Database& db, const contact::Flow& flow) {
  bj::array out;
  for (const contact::Block& block : flow.blocks) {
    if (block.type != contact::BlockType::set_event_hook) continue;
    const std::string id = block.hook_flow.substr(block.hook_flow.rfind('/') + 1);
    auto by_name = store::flows::find(db, block.hook_flow);
    if (!by_name) return tl::unexpected(by_name.error());
    auto by_id = store::flows::find(db, id);
    if (!by_id) return tl::unexpected(by_id.error());
    const bool found = (*by_name && (*by_name)->type == "CUSTOMER_QUEUE") || (*by_id && (*by_id)->type == "CUSTOMER_QUEUE");
    if (!found) {
      out.push_back(bj::object{{"blockId", block.id}, {"message", "there is no customer queue flow \"" + block.hook_flow.substr(0, 127) + "\" yet: import it too"}});
    }
  }
  return out;
}

}  // namespace

Answer queue_add(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {"name", "capacity"}); !fine) return tl::unexpected(fine.error());
  auto name = needed_name(arguments, "name");
  if (!name) return tl::unexpected(name.error());
  const std::int64_t capacity = json::integer_at(arguments, "capacity").value_or(0);
  if (capacity < 0 || capacity > 10'000) return fail(ErrorCode::invalid_argument, "capacity is 0 to 10000");
  auto stored = context.store.write([&](store::Database& db) -> Answer {
    const std::string id = make_uuid(context.random);
    if (auto done = store::routing::insert_queue(db, {id, *name, static_cast<std::size_t>(capacity)}, context.now); !done) return tl::unexpected(done.error());
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

Answer flow_validate(Context&, const Arguments& arguments) {
  if (auto fine = only(arguments, {"content"}); !fine) return tl::unexpected(fine.error());
  const auto import = contact::import_flow(json::text_or(arguments, "content"));
  bj::object out{{"valid", import.flow.has_value()}, {"problems", problems_json(import.problems)}};
  if (import.flow) {
    out["name"] = import.flow->name;
    out["type"] = contact::to_string(import.flow->type);
    out["blocks"] = import.flow->blocks.size();
  }
  return out;
}

// A flow of the same name gets the new content and keeps its id. Imported contact flows can be started by customers.
Answer flow_import(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {"content", "name", "default"}); !fine) return tl::unexpected(fine.error());
  std::string content = json::text_or(arguments, "content");
  if (auto name = json::text_at(arguments, "name"); name && !name->empty()) {
    auto document = json::parse_object(content);
    if (document) {
      // The two formats write it with different capitals.
      const std::string_view metadata = document->contains("Actions") ? "Metadata" : "metadata";
      if (json::object_at(*document, metadata) == nullptr) (*document)[metadata] = bj::object{};
      (*document)[metadata].get_object()["name"] = *name;
      content = bj::serialize(*document);
    }
  }
  const auto import = contact::import_flow(content);
  if (!import.flow) return fail(ErrorCode::invalid_argument, problems_text(import.problems));
  const bool is_start = import.flow->type == contact::FlowType::contact_flow;
  const bool make_default = json::boolean_at(arguments, "default").value_or(false);
  if (make_default && !is_start) return fail(ErrorCode::invalid_argument, "a customer queue flow cannot be the default contact flow");
  return context.store.write([&](store::Database& db) -> Answer {
    store::FlowRow row{make_uuid(context.random), import.flow->name, std::string(contact::to_string(import.flow->type)), content, context.now, context.now};
    auto before = store::flows::find(db, row.name);
    if (!before) return tl::unexpected(before.error());
    auto id = store::flows::put(db, row);
    if (!id) return tl::unexpected(id.error());
    row.id = *id;
    if (is_start && !*before) {
      auto open = store::parameters::get_or(db, "chatContactFlowIds", "");
      if (!open) return tl::unexpected(open.error());
      auto done = store::parameters::set(db, "chatContactFlowIds", open->empty() ? row.id : *open + "," + row.id);
      if (!done) return tl::unexpected(done.error());
    }
    if (make_default) {
      if (auto done = store::parameters::set(db, "connectDefaultContactFlowId", row.id); !done) return tl::unexpected(done.error());
    }
    if (auto done = note(db, context, *before ? "flow.updated" : "flow.imported", row.id); !done) return tl::unexpected(done.error());
    auto instance = store::parameters::get_or(db, "instanceId", "");
    if (!instance) return tl::unexpected(instance.error());
    bj::object out = flow_json(row, *instance);
    out["updated"] = before->has_value();
    auto warnings = missing_hooks(db, *import.flow);
    if (!warnings) return tl::unexpected(warnings.error());
    out["warnings"] = std::move(*warnings);
    return out;
  });
}

Answer flow_list(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {}); !fine) return tl::unexpected(fine.error());
  return context.store.read([&](store::Database& db) -> Answer {
    auto all = store::flows::all(db);
    auto instance = store::parameters::get_or(db, "instanceId", "");
    auto fallback = store::parameters::get_or(db, "connectDefaultContactFlowId", "");
    if (!all) return tl::unexpected(all.error());
    if (!instance) return tl::unexpected(instance.error());
    if (!fallback) return tl::unexpected(fallback.error());
    bj::array list;
    for (const store::FlowRow& f : *all) {
      bj::object o = flow_json(f, *instance);
      o["default"] = f.id == *fallback;
      list.push_back(std::move(o));
    }
    return bj::object{{"contactFlows", std::move(list)}};
  });
}

Answer flow_export(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {"flow"}); !fine) return tl::unexpected(fine.error());
  return context.store.read([&](store::Database& db) -> Answer {
    auto found = store::flows::find(db, json::text_or(arguments, "flow"));
    if (!found) return tl::unexpected(found.error());
    if (!*found) return fail(ErrorCode::not_found, "there is no such flow");
    return bj::object{{"contactFlowId", (*found)->id}, {"name", (*found)->name}, {"type", (*found)->type}, {"content", (*found)->content}};
  });
}

}  // namespace upcall::admin
