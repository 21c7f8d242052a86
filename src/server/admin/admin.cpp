#include "server/admin/admin.hpp"

#include <algorithm>

#include "api/web/frontend_config.hpp"
#include "base/ids.hpp"
#include "contact/flow_import.hpp"
#include "io/store/centre_repository.hpp"
#include "io/store/identity_repository.hpp"
#include "io/store/parameter_repository.hpp"
#include "json/json.hpp"
#include "server/admin/admin_parts.hpp"
#include "server/admin/embedded_flows.hpp"
#include "server/admin/stored_parameters.hpp"

namespace upcall::admin {

namespace bj = boost::json;

namespace {

struct CommandRow {
  std::string_view name;
  Answer (*function)(Context&, const Arguments&);
  bool centre;
};

constexpr CommandRow kCommands[] = {
    {"user.add", user_add, true},
    {"user.list", user_list, false},
    {"user.disable", user_disable, true},
    {"user.enable", user_enable, true},
    {"user.set", user_set, true},
    {"user.reset-password", user_reset_password, false},
    {"user.unlock", user_unlock, false},
    {"user.reset-second-factor", user_reset_second_factor, false},
    {"security-profile.add", security_profile_add, false},
    {"security-profile.set", security_profile_set, true},
    {"security-profile.list", security_profile_list, false},
    {"hierarchy.add", hierarchy_add, false},
    {"hierarchy.name-levels", hierarchy_name_levels, false},
    {"hierarchy.list", hierarchy_list, false},
    {"queue.add", queue_add, true},
    {"queue.list", queue_list, false},
    {"routing-profile.add", routing_profile_add, true},
    {"routing-profile.list", routing_profile_list, false},
    {"routing-profile.serve", routing_profile_serve, true},
    {"agent-status.add", agent_status_add, true},
    {"agent-status.set", agent_status_set, true},
    {"agent-status.list", agent_status_list, false},
    {"agent-status.remove", agent_status_remove, true},
    {"access-key.create", access_key_create, false},
    {"access-key.list", access_key_list, false},
    {"oauth-client.add", oauth_client_add, false},
    {"oauth-client.list", oauth_client_list, false},
    {"oauth-client.remove", oauth_client_remove, false},
    {"signing-key.rotate", signing_key_rotate, false},
    {"audit.list", audit_list, false},
    {"audit.export", audit_export, false},
    {"audit.verify", audit_verify, false},
    {"instance.show", instance_show, false},
    {"instance.frontend-config", instance_frontend_config, false},
    {"flow.import", flow_import, true},
    {"flow.rename", flow_rename, true},
    {"flow.validate", flow_validate, false},
    {"flow.list", flow_list, false},
    {"flow.export", flow_export, false},
    {"flow.trace", flow_trace, false},
    {"flow-function.add", flow_function_add, false},
    {"flow-function.list", flow_function_list, false},
    {"flow-function.remove", flow_function_remove, false},
    {"hours.import", hours_import, true},
    {"hours.set", hours_set, true},
    {"hours.list", hours_list, false},
    {"hours.remove", hours_remove, true},
    {"hours.assign", hours_assign, true},
    {"configure", configure, true},
    {"configure.plan", configure_plan, false},
    {"configure.delete", configure_delete, true},
    {"configure.history", configure_history, false},
    {"configure.outputs", configure_outputs, false},
    {"recording.list", recording_list, false},
    {"recording.hold", recording_hold, false},
    {"recording.release", recording_release, false},
    {"retention.add", retention_add, false},
    {"retention.list", retention_list, false},
    {"retention.remove", retention_remove, false},
    {"contact.certificate", contact_certificate, false},
    {"webhook.add", webhook_add, false},
    {"webhook.list", webhook_list, false},
    {"webhook.remove", webhook_remove, false},
    {"webhook.disable", webhook_disable, false},
    {"webhook.enable", webhook_enable, false},
    {"pipeline.settings", pipeline_settings, false},
    {"pipeline.init", pipeline_init, false},
    {"pipeline.user-reset", pipeline_user_reset, false},
    {"pipeline.user-revoke", pipeline_user_revoke, false},
    {"pipeline.secrets", pipeline_secrets, false},
};

const CommandRow* find(std::string_view name) {
  for (const CommandRow& row : kCommands) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

}  // namespace

std::vector<std::string_view> command_names() {
  std::vector<std::string_view> out;
  for (const CommandRow& row : kCommands) out.push_back(row.name);
  return out;
}

namespace {

// Sets a parameter that was never set; the answer is the one in force.
Result<std::string> ensure(store::Database& db, std::string_view name, const std::function<Result<std::string>()>& make) {
  auto present = store::parameters::get(db, name);
  if (!present) return tl::unexpected(present.error());
  if (*present) return **present;
  auto made = make();
  if (!made) return made;
  if (auto done = store::parameters::set(db, name, *made); !done) return tl::unexpected(done.error());
  return made;
}

Result<void> make_profiles(store::Database& db, Context& context) {
  for (const identity::DefaultProfile& profile : identity::default_profiles()) {
    auto found = store::security_profiles::find_name(db, profile.name);
    if (!found) return tl::unexpected(found.error());
    if (*found) continue;
    auto done = store::security_profiles::insert(db, {make_uuid(context.random), std::string(profile.name), profile.permissions});
    if (!done) return done;
  }
  auto playback = ensure(db, "recordingPlaybackSecurityProfileId", [&]() -> Result<std::string> {
    auto found = store::security_profiles::find_name(db, identity::kPlaybackProfileName);
    if (!found) return tl::unexpected(found.error());
    return *found ? (*found)->id : std::string();
  });
  if (!playback) return tl::unexpected(playback.error());
  return {};
}

Result<void> make_routing(store::Database& db, Context& context) {
  auto queue = ensure(db, "defaultQueueId", [&]() -> Result<std::string> {
    std::string id = make_uuid(context.random);
    if (auto done = store::routing::insert_queue(db, {id, "BasicQueue"}, context.now); !done) return tl::unexpected(done.error());
    return id;
  });
  if (!queue) return tl::unexpected(queue.error());
  auto profile = ensure(db, "defaultRoutingProfileId", [&]() -> Result<std::string> {
    std::string id = make_uuid(context.random);
    auto done = store::routing::insert_profile(db, {id, "Basic Routing Profile", 2, {{*queue, 1, {}}}, {}}, context.now);
    if (!done) return tl::unexpected(done.error());
    return id;
  });
  if (!profile) return tl::unexpected(profile.error());
  return {};
}

Result<void> make_flows(store::Database& db, Context& context) {
  std::string default_flow, open;
  for (const EmbeddedFlow& file : embedded_flows()) {
    auto import = contact::import_flow(file.content);
    if (!import.flow) return fail(ErrorCode::internal, "a flow that is built in does not import");
    const std::string type(contact::to_string(import.flow->type));
    auto id = store::flows::put(db, {make_uuid(context.random), import.flow->name, type, std::string(file.content), context.now, context.now});
    if (!id) return tl::unexpected(id.error());
    if (import.flow->type != contact::FlowType::contact_flow) continue;
    if (default_flow.empty()) default_flow = *id;
    open += (open.empty() ? "" : ",") + *id;
  }
  if (auto done = store::parameters::set(db, "connectDefaultContactFlowId", default_flow); !done) return done;
  return store::parameters::set(db, "chatContactFlowIds", open);
}

}  // namespace

std::string arn(std::string_view instance_id, std::string_view what) {
  std::string out = "arn:aws:connect:local:000000000000:instance/" + std::string(instance_id);
  if (!what.empty()) out += "/" + std::string(what);
  return out;
}

Result<void> first_start(Context& context) {
  return context.store.write([&](store::Database& db) -> Result<void> {
    auto instance = ensure(db, "instanceId", [&]() -> Result<std::string> { return make_uuid(context.random); });
    if (!instance) return tl::unexpected(instance.error());
    if (auto done = make_profiles(db, context); !done) return done;
    if (auto done = make_routing(db, context); !done) return done;
    auto flow = store::parameters::get(db, "connectDefaultContactFlowId");
    if (!flow) return tl::unexpected(flow.error());
    return *flow ? Result<void>{} : make_flows(db, context);
  });
}

Answer run(Context& context, std::string_view command, const bj::object& arguments) {
  const CommandRow* row = find(command);
  if (row == nullptr) return fail(ErrorCode::not_found, "there is no command \"" + std::string(command.substr(0, 64)) + "\"");
  return row->function(context, arguments);
}

std::vector<std::string_view> commands() {
  std::vector<std::string_view> out;
  for (const CommandRow& row : kCommands) out.push_back(row.name);
  return out;
}

bool changes_centre(std::string_view command) {
  const CommandRow* row = find(command);
  return row != nullptr && row->centre;
}

Result<std::vector<std::string>> texts(const Arguments& arguments, std::string_view name) {
  std::vector<std::string> out;
  if (const auto one = json::text_at(arguments, name)) return std::vector<std::string>{std::string(*one)};
  const bj::value* value = arguments.if_contains(name);
  if (value == nullptr) return out;
  const bj::array* list = value->if_array();
  for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
    if (!(*list)[i].is_string()) list = nullptr;
    if (list != nullptr) out.emplace_back((*list)[i].get_string().c_str());
  }
  if (list == nullptr) return fail(ErrorCode::invalid_argument, std::string(name) + " must be texts");
  return out;
}

Result<std::string> needed_name(const Arguments& arguments, std::string_view name) {
  std::string text = json::text_or(arguments, name);
  if (text.empty() || text.size() > 127 || !json::is_clean_text(text) || text.find_first_of("\n\t") != std::string::npos) {
    return fail(ErrorCode::invalid_argument, std::string(name) + " must be a text of 1 to 127 bytes");
  }
  return text;
}

Result<void> only(const Arguments& arguments, std::initializer_list<std::string_view> known) {
  for (const auto& [key, value] : arguments) {
    if (std::find(known.begin(), known.end(), std::string_view(key.data(), key.size())) == known.end()) {
      return fail(ErrorCode::invalid_argument, "there is no argument \"" + std::string(key) + "\" here");
    }
  }
  return {};
}

Result<void> note(store::Database& db, const Context& context, std::string_view action, std::string_view target, std::string_view detail) {
  return store::audit::add(db, {context.now, context.actor, std::string(action), std::string(target), std::string(detail)});
}

Answer instance_show(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {}); !fine) return tl::unexpected(fine.error());
  return context.store.read([&](store::Database& db) -> Answer {
    auto all = store::parameters::all(db);
    if (!all) return tl::unexpected(all.error());
    const auto value = [&](std::string_view name) -> std::string {
      for (const auto& [n, v] : *all) {
        if (n == name) return v;
      }
      return {};
    };
    const std::string id = value("instanceId");
    const std::string url = !context.public_url.empty() ? context.public_url : value(kPublicUrl);
    return bj::object{{"instanceId", id},
                      {"instanceArn", arn(id)},
                      {"url", url},
                      {"defaultContactFlowId", value("connectDefaultContactFlowId")},
                      {"defaultQueueId", value("defaultQueueId")},
                      {"defaultRoutingProfileId", value("defaultRoutingProfileId")},
                      {"recordingPlaybackSecurityProfileId", value("recordingPlaybackSecurityProfileId")}};
  });
}

Answer instance_frontend_config(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {}); !fine) return tl::unexpected(fine.error());
  return context.store.read([&](store::Database& db) -> Answer {
    auto url = context.public_url.empty() ? store::parameters::get_or(db, kPublicUrl, "") : Result<std::string>(context.public_url);
    if (!url) return tl::unexpected(url.error());
    if (url->empty()) return fail(ErrorCode::unavailable, "no server has run on this data directory, so its address is not known: start it once");
    auto text = api::frontend_config(db, *url);
    if (!text) return tl::unexpected(text.error());
    return bj::object{{"content", *text}};
  });
}

}  // namespace upcall::admin
