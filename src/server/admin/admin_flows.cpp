// Contact flows: import, export, and what they did.
#include <algorithm>

#include "base/ids.hpp"
#include "base/wall_text.hpp"
#include "contact/flow_export.hpp"
#include "contact/flow_import.hpp"
#include "io/store/centre_repository.hpp"
#include "io/store/flow_repository.hpp"
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

std::string problems_text(std::string out, const std::vector<contact::FlowProblem>& problems) {
  for (const contact::FlowProblem& p : problems) out += "\n  " + (p.block_id.empty() ? "file" : "block " + p.block_id) + ": " + p.message;
  return out;
}

bj::object flow_json(const store::FlowRow& f, std::string_view instance) {
  return {{"contactFlowId", f.id}, {"contactFlowArn", arn(instance, "contact-flow/" + f.id)}, {"name", f.name}, {"type", f.type}, {"updatedAt", to_iso8601(f.updated)}};
}

std::string last_part(const std::string& id) { return id.substr(id.rfind('/') + 1); }

// What a block names, of those things that may not be there.
enum class Named { nothing, queue_flow, contact_flow, module, queue, hours, function };

Named named_by(const contact::Block& block) {
  using contact::BlockType;
  switch (block.type) {
    case BlockType::set_event_hook: return block.kind == "CustomerQueue" ? Named::queue_flow : block.kind == "CustomerRemaining" ? Named::contact_flow : Named::nothing;
    case BlockType::transfer_to_flow: return Named::contact_flow;
    case BlockType::invoke_module: return Named::module;
    case BlockType::set_queue:
    case BlockType::dequeue_transfer:
    case BlockType::check_metric:
    case BlockType::get_metrics: return block.of_agent ? Named::nothing : Named::queue;
    case BlockType::check_hours: return Named::hours;
    case BlockType::invoke_function: return Named::function;
    default: return Named::nothing;
  }
}

Result<bool> is_there(store::Database& db, Named what, const std::string& name) {
  const auto fits = [&](std::string_view id, std::string_view called) { return name == id || name == called || last_part(name) == id; };
  switch (what) {
    case Named::queue: {
      auto all = store::routing::queues(db);
      if (!all) return tl::unexpected(all.error());
      return std::any_of(all->begin(), all->end(), [&](const contact::Queue& q) { return fits(q.id, q.name); });
    }
    case Named::hours: {
      auto all = store::hours::all(db);
      if (!all) return tl::unexpected(all.error());
      return std::any_of(all->begin(), all->end(), [&](const store::HoursRow& h) { return fits(h.id, h.name); });
    }
    case Named::function: {
      auto found = store::flow_functions::find(db, name);
      if (!found) return tl::unexpected(found.error());
      return found->has_value();
    }
    default: break;
  }
  auto row = store::flows::find(db, name);
  if (row && !*row) row = store::flows::find(db, last_part(name));
  if (!row) return tl::unexpected(row.error());
  if (!*row) return false;
  const std::string& type = (*row)->type;
  return what == Named::queue_flow ? type == "CUSTOMER_QUEUE" : what == Named::module ? type == "MODULE" : type != "MODULE" && type != "CUSTOMER_QUEUE";
}

std::string what_is_missing(Named what, const std::string& name) {
  const std::string quoted = "\"" + name.substr(0, 127) + "\"";
  switch (what) {
    case Named::queue_flow: return "there is no customer queue flow " + quoted + " yet: import it too";
    case Named::contact_flow: return "there is no contact flow " + quoted + " yet: import it too";
    case Named::module: return "there is no flow module " + quoted + " yet: import it too";
    case Named::queue: return "there is no queue " + quoted + " yet (upcall queue add)";
    case Named::hours: return "there are no hours of operation " + quoted + " yet (upcall hours import)";
    default: return "there is no function " + quoted + " yet (upcall flow-function add)";
  }
}

// What is named but not there: the block would take its error branch. Names that come from attributes are known only when
// the flow runs.
Result<bj::array> missing_resources(store::Database& db, const contact::Flow& flow) {
  bj::array out;
  for (const contact::Block& block : flow.blocks) {
    const Named what = named_by(block);
    if (what == Named::nothing || block.resource.empty() || block.resource.id.find("$.") != std::string::npos) continue;
    bool found = block.type == contact::BlockType::transfer_to_flow && block.resource.id == flow.name;
    for (const std::string& name : {block.resource.id, block.resource.name}) {
      if (name.empty() || found) continue;
      auto there = is_there(db, what, name);
      if (!there) return tl::unexpected(there.error());
      found = *there;
    }
    const std::string& name = block.resource.name.empty() ? block.resource.id : block.resource.name;
    if (!found) out.push_back(bj::object{{"blockId", block.id}, {"message", what_is_missing(what, name)}});
  }
  return out;
}

}  // namespace

Answer flow_validate(Context&, const Arguments& arguments) {
  if (auto fine = only(arguments, {"content"}); !fine) return tl::unexpected(fine.error());
  const auto import = contact::import_flow(json::text_or(arguments, "content"));
  bj::object out{{"valid", import.flow.has_value()}, {"problems", problems_json(import.problems)}, {"warnings", problems_json(import.warnings)}};
  if (import.flow) {
    out["name"] = import.flow->name;
    out["type"] = contact::to_string(import.flow->type);
    out["blocks"] = import.flow->blocks.size();
  }
  return out;
}

namespace {

// The file with another name in it; what is no file stays as it is.
std::string named(const std::string& content, std::string_view name) {
  auto document = json::parse_object(content);
  if (!document) return content;
  // The two formats write it with different capitals.
  const std::string_view metadata = document->contains("Actions") ? "Metadata" : "metadata";
  if (json::object_at(*document, metadata) == nullptr) (*document)[metadata] = bj::object{};
  (*document)[metadata].get_object()["name"] = name;
  return bj::serialize(*document);
}

}  // namespace

// Keeps its id, by which contacts, queues and other flows know it.
Answer flow_rename(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {"flow", "name"}); !fine) return tl::unexpected(fine.error());
  auto name = needed_name(arguments, "name");
  if (!name) return tl::unexpected(name.error());
  const std::string wanted = json::text_or(arguments, "flow");
  return context.store.write([&](store::Database& db) -> Answer {
    auto found = store::flows::find(db, wanted);
    if (!found) return tl::unexpected(found.error());
    if (!*found) return fail(ErrorCode::not_found, "there is no flow '" + wanted + "'");
    store::FlowRow row = **found;
    auto taken = store::flows::find(db, *name);
    if (!taken) return tl::unexpected(taken.error());
    if (*taken && (*taken)->id != row.id) return fail(ErrorCode::conflict, "there is a flow '" + *name + "' already");
    row.content = named(row.content, *name);
    row.name = *name;
    if (auto done = store::flows::rename(db, row.id, row.name, row.content, context.now); !done) return tl::unexpected(done.error());
    if (auto done = note(db, context, "flow.renamed", row.id); !done) return tl::unexpected(done.error());
    auto instance = store::parameters::get_or(db, "instanceId", "");
    if (!instance) return tl::unexpected(instance.error());
    return flow_json(row, *instance);
  });
}

// A flow of the same name gets the new content and keeps its id. Imported contact flows can be started by customers.
Answer flow_import(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {"content", "name", "default"}); !fine) return tl::unexpected(fine.error());
  std::string content = json::text_or(arguments, "content");
  if (auto name = json::text_at(arguments, "name"); name && !name->empty()) content = named(content, *name);
  const auto import = contact::import_flow(content);
  if (!import.flow) return fail(ErrorCode::invalid_argument, problems_text("the flow was not imported:", import.problems));
  const bool is_start = import.flow->type == contact::FlowType::contact_flow;
  const bool make_default = json::boolean_at(arguments, "default").value_or(false);
  if (make_default && !is_start) return fail(ErrorCode::invalid_argument, "only a contact flow can be the default contact flow");
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
      auto was = store::parameters::get_or(db, "connectDefaultContactFlowId", "");
      if (!was) return tl::unexpected(was.error());
      if (auto done = store::parameters::set(db, "connectDefaultContactFlowId", row.id); !done) return tl::unexpected(done.error());
      if (*was != row.id) {
        if (auto done = store::parameters::add_history(db, {{0, 0, context.now, context.actor, "connectDefaultContactFlowId", *was, row.id}}); !done) return tl::unexpected(done.error());
      }
    }
    if (auto done = note(db, context, *before ? "flow.updated" : "flow.imported", row.id); !done) return tl::unexpected(done.error());
    auto instance = store::parameters::get_or(db, "instanceId", "");
    if (!instance) return tl::unexpected(instance.error());
    bj::object out = flow_json(row, *instance);
    out["updated"] = before->has_value();
    auto warnings = missing_resources(db, *import.flow);
    if (!warnings) return tl::unexpected(warnings.error());
    for (bj::value& told : problems_json(import.warnings)) warnings->push_back(std::move(told));
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
  if (auto fine = only(arguments, {"flow", "format"}); !fine) return tl::unexpected(fine.error());
  const std::string format = json::text_or(arguments, "format");
  if (!format.empty() && format != "legacy" && format != "2019-10-30") return fail(ErrorCode::invalid_argument, "the format is legacy or 2019-10-30; without: as it was imported");
  auto row = context.store.read([&](store::Database& db) -> Result<store::FlowRow> {
    auto found = store::flows::find(db, json::text_or(arguments, "flow"));
    if (!found) return tl::unexpected(found.error());
    if (!*found) return fail(ErrorCode::not_found, "there is no such flow");
    return std::move(**found);
  });
  if (!row) return tl::unexpected(row.error());
  bj::object out{{"contactFlowId", row->id}, {"name", row->name}, {"type", row->type}, {"content", row->content}};
  if (format.empty()) return out;
  const auto import = contact::import_flow(row->content);
  if (!import.flow) return fail(ErrorCode::conflict, problems_text("the flow does not import any more:", import.problems));
  const auto written = contact::export_flow(*import.flow, format == "legacy" ? contact::FlowFormat::legacy : contact::FlowFormat::actions);
  if (!written.text) return fail(ErrorCode::conflict, problems_text("the flow cannot be written in this format:", written.problems));
  out["content"] = *written.text;
  return out;
}

Answer flow_trace(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {"contact"}); !fine) return tl::unexpected(fine.error());
  const std::string id = json::text_or(arguments, "contact");
  return context.store.read([&](store::Database& db) -> Answer {
    auto contact = store::centre::find_contact(db, id);
    if (!contact) return tl::unexpected(contact.error());
    if (!*contact) return fail(ErrorCode::not_found, "there is no such contact");
    auto steps = store::flow_steps::of_contact(db, id);
    if (!steps) return tl::unexpected(steps.error());
    bj::array list;
    for (const store::FlowStepRow& s : *steps) {
      bj::object step{{"number", s.number}, {"at", to_iso8601(s.at)}, {"flow", s.flow}, {"block", s.block}, {"type", s.type}, {"result", s.result}};
      if (!s.note.empty()) step["note"] = s.note;
      list.push_back(std::move(step));
    }
    // Older ones than these are not kept.
    const std::uint64_t before = steps->empty() ? 0 : steps->front().number - 1;
    return bj::object{{"contactId", id}, {"state", (*contact)->state}, {"notKept", before}, {"steps", std::move(list)}};
  });
}

}  // namespace upcall::admin
