// Private to this folder: one function a command.
#pragma once

#include "identity/permission.hpp"
#include "server/admin/admin.hpp"

namespace upcall::admin {

using Arguments = boost::json::object;
using Answer = Result<boost::json::value>;

Answer user_add(Context& context, const Arguments& arguments);
Answer user_list(Context& context, const Arguments& arguments);
Answer user_disable(Context& context, const Arguments& arguments);
Answer user_enable(Context& context, const Arguments& arguments);
Answer user_set(Context& context, const Arguments& arguments);
Answer user_reset_password(Context& context, const Arguments& arguments);
Answer user_unlock(Context& context, const Arguments& arguments);
Answer user_reset_second_factor(Context& context, const Arguments& arguments);
Answer security_profile_set(Context& context, const Arguments& arguments);
Answer oauth_client_add(Context& context, const Arguments& arguments);
Answer oauth_client_list(Context& context, const Arguments& arguments);
Answer oauth_client_remove(Context& context, const Arguments& arguments);
Answer signing_key_rotate(Context& context, const Arguments& arguments);
Answer audit_verify(Context& context, const Arguments& arguments);
Answer audit_list(Context& context, const Arguments& arguments);
Answer audit_export(Context& context, const Arguments& arguments);
Answer security_profile_add(Context& context, const Arguments& arguments);
Answer security_profile_list(Context& context, const Arguments& arguments);
Answer hierarchy_add(Context& context, const Arguments& arguments);
Answer hierarchy_name_levels(Context& context, const Arguments& arguments);
Answer hierarchy_list(Context& context, const Arguments& arguments);
Answer access_key_create(Context& context, const Arguments& arguments);
Answer access_key_list(Context& context, const Arguments& arguments);
Answer queue_add(Context& context, const Arguments& arguments);
Answer queue_list(Context& context, const Arguments& arguments);
Answer routing_profile_add(Context& context, const Arguments& arguments);
Answer routing_profile_list(Context& context, const Arguments& arguments);
Answer routing_profile_serve(Context& context, const Arguments& arguments);
Answer agent_status_add(Context& context, const Arguments& arguments);
Answer agent_status_set(Context& context, const Arguments& arguments);
Answer agent_status_list(Context& context, const Arguments& arguments);
Answer agent_status_remove(Context& context, const Arguments& arguments);
Answer configure(Context& context, const Arguments& arguments);
Answer configure_plan(Context& context, const Arguments& arguments);
Answer configure_delete(Context& context, const Arguments& arguments);
Answer configure_history(Context& context, const Arguments& arguments);
Answer configure_outputs(Context& context, const Arguments& arguments);
Answer instance_show(Context& context, const Arguments& arguments);
Answer instance_frontend_config(Context& context, const Arguments& arguments);
Answer flow_import(Context& context, const Arguments& arguments);
Answer flow_validate(Context& context, const Arguments& arguments);
Answer flow_rename(Context& context, const Arguments& arguments);
Answer flow_list(Context& context, const Arguments& arguments);
Answer flow_export(Context& context, const Arguments& arguments);
Answer flow_trace(Context& context, const Arguments& arguments);
Answer flow_function_add(Context& context, const Arguments& arguments);
Answer flow_function_list(Context& context, const Arguments& arguments);
Answer flow_function_remove(Context& context, const Arguments& arguments);
Answer hours_import(Context& context, const Arguments& arguments);
Answer hours_set(Context& context, const Arguments& arguments);
Answer hours_list(Context& context, const Arguments& arguments);
Answer hours_remove(Context& context, const Arguments& arguments);
Answer hours_assign(Context& context, const Arguments& arguments);
Answer recording_list(Context& context, const Arguments& arguments);
Answer recording_hold(Context& context, const Arguments& arguments);
Answer recording_release(Context& context, const Arguments& arguments);
Answer retention_add(Context& context, const Arguments& arguments);
Answer retention_list(Context& context, const Arguments& arguments);
Answer retention_remove(Context& context, const Arguments& arguments);
Answer contact_certificate(Context& context, const Arguments& arguments);
Answer webhook_add(Context& context, const Arguments& arguments);
Answer webhook_list(Context& context, const Arguments& arguments);
Answer webhook_remove(Context& context, const Arguments& arguments);
Answer webhook_disable(Context& context, const Arguments& arguments);
Answer webhook_enable(Context& context, const Arguments& arguments);
Answer pipeline_settings(Context& context, const Arguments& arguments);
Answer pipeline_init(Context& context, const Arguments& arguments);
Answer pipeline_user_reset(Context& context, const Arguments& arguments);
Answer pipeline_user_revoke(Context& context, const Arguments& arguments);
Answer pipeline_secrets(Context& context, const Arguments& arguments);

// Every command there is.
std::vector<std::string_view> command_names();
// A list argument: an array of texts, or one text.
Result<std::vector<std::string>> texts(const Arguments& arguments, std::string_view name);
// A needed name of 1 to 127 bytes of clean text.
Result<std::string> needed_name(const Arguments& arguments, std::string_view name);
// Any argument that is not among `known` is an error: a typing mistake must not be ignored.
Result<void> only(const Arguments& arguments, std::initializer_list<std::string_view> known);
Result<void> note(store::Database& db, const Context& context, std::string_view action, std::string_view target, std::string_view detail = {});
// For somebody who must choose an own one at the first log-in.
std::string temporary_password(RandomSource& random);
Result<identity::PermissionSet> permissions_from(const std::vector<std::string>& names);
// The group at the end of "A/B/C", made when it is missing (five levels at most).
Result<std::string> group_at(store::Database& db, Context& context, std::string_view path);

}  // namespace upcall::admin
