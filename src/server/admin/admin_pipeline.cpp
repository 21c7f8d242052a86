// The pipeline's repository and its user. The repository itself is made by `upcall pipeline init`, which asks here first.
#include "io/store/parameter_repository.hpp"
#include "json/json.hpp"
#include "parameters/table.hpp"
#include "server/admin/admin_parts.hpp"
#include "server/admin/mail_parameters.hpp"
#include "server/admin/stored_parameters.hpp"
#include "service/pipeline/git_user.hpp"

namespace upcall::admin {

namespace bj = boost::json;

namespace {

std::string output(std::string_view name) { return std::string(kOutputPrefix) + std::string(name); }

Result<bj::object> shown(store::Database& db, const Context& context) {
  auto s = service::pipeline_settings(db);
  if (!s) return tl::unexpected(s.error());
  auto url = store::parameters::get_or(db, output("RepositoryURL"), "");
  if (!url) return tl::unexpected(url.error());
  if (!context.public_url.empty()) *url = context.public_url + "/git/" + s->repository + ".git";
  return bj::object{{"repository", s->repository}, {"branch", s->branch}, {"stage", s->stage}, {"createNewRepository", s->create_new}, {"source", s->source}, {"onlyWay", s->only_way},
                    {"username", s->user}, {"userState", s->user.empty() ? "none" : s->user_active ? "active" : "revoked"}, {"url", *url}};
}

Result<void> take(store::Database& db, const Arguments& arguments, const char* argument, const char* parameter, bool (*fine)(std::string_view), const char* rule) {
  const std::string value = json::text_or(arguments, argument);
  if (value.empty()) return {};
  if (!fine(value)) return fail(ErrorCode::invalid_argument, std::string(argument) + " must be " + rule);
  return store::parameters::set(db, parameter, value);
}

bool is_stage_name(std::string_view name) { return service::is_repository_name(name) && name.size() <= 63; }

}  // namespace

Answer pipeline_settings(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {}); !fine) return tl::unexpected(fine.error());
  return context.store.read([&](store::Database& db) -> Answer {
    auto out = shown(db, context);
    if (!out) return tl::unexpected(out.error());
    return std::move(*out);
  });
}

Answer pipeline_init(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {"repository", "branch", "stage"}); !fine) return tl::unexpected(fine.error());
  return context.store.write([&](store::Database& db) -> Answer {
    if (auto done = take(db, arguments, "repository", "cdkPipelineRepositoryName", service::is_repository_name, "a name of letters, digits, . _ and -"); !done) return tl::unexpected(done.error());
    if (auto done = take(db, arguments, "branch", "cdkPipelineRepositoryBranchName", service::is_branch_name, "the name of a branch"); !done) return tl::unexpected(done.error());
    if (auto done = take(db, arguments, "stage", "cdkPipelineStageName", is_stage_name, "a name of letters, digits, . _ and -, 63 at most"); !done) return tl::unexpected(done.error());
    auto settings = service::pipeline_settings(db);
    if (!settings) return tl::unexpected(settings.error());
    // Parameters are checked by whoever sets them; a name that goes into a path is checked here all the same.
    if (!service::is_repository_name(settings->repository)) return fail(ErrorCode::invalid_argument, "cdkPipelineRepositoryName is no name of letters, digits, . _ and -");
    if (!service::is_branch_name(settings->branch)) return fail(ErrorCode::invalid_argument, "cdkPipelineRepositoryBranchName is no name of a branch");
    const std::string user = "codecommit-user-" + settings->repository;
    std::string password;
    if (settings->user != user) {
      auto made = service::reset_git_password(db, context.random, user);
      if (!made) return tl::unexpected(made.error());
      password = std::move(*made);
    }
    if (auto done = store::parameters::set(db, output("RepositoryUsername"), user); !done) return tl::unexpected(done.error());
    if (!context.public_url.empty()) {
      if (auto done = store::parameters::set(db, output("RepositoryURL"), context.public_url + "/git/" + settings->repository + ".git"); !done) return tl::unexpected(done.error());
      if (auto done = store::parameters::set(db, output("RepositoryUserURL"), context.public_url + "/pipeline"); !done) return tl::unexpected(done.error());
    }
    if (auto done = note(db, context, "pipeline.init", settings->repository, settings->branch); !done) return tl::unexpected(done.error());
    auto out = shown(db, context);
    if (!out) return tl::unexpected(out.error());
    if (!password.empty()) (*out)["password"] = password;
    return std::move(*out);
  });
}

Answer pipeline_user_reset(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {}); !fine) return tl::unexpected(fine.error());
  return context.store.write([&](store::Database& db) -> Answer {
    auto settings = service::pipeline_settings(db);
    if (!settings) return tl::unexpected(settings.error());
    if (settings->user.empty()) return fail(ErrorCode::not_found, "there is no repository yet: upcall pipeline init");
    auto password = service::reset_git_password(db, context.random, settings->user);
    if (!password) return tl::unexpected(password.error());
    if (auto done = note(db, context, "pipeline.user-reset", settings->user); !done) return tl::unexpected(done.error());
    return bj::object{{"username", settings->user}, {"password", *password}};
  });
}

Answer pipeline_user_revoke(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {}); !fine) return tl::unexpected(fine.error());
  return context.store.write([&](store::Database& db) -> Answer {
    auto settings = service::pipeline_settings(db);
    if (!settings) return tl::unexpected(settings.error());
    if (settings->user.empty()) return fail(ErrorCode::not_found, "there is no repository yet: upcall pipeline init");
    if (auto done = service::revoke_git_user(db); !done) return tl::unexpected(done.error());
    if (auto done = note(db, context, "pipeline.user-revoke", settings->user); !done) return tl::unexpected(done.error());
    return bj::object{{"username", settings->user}, {"userState", "revoked"}};
  });
}

// For the runner, which keeps them out of its logs. Whoever reaches this socket reads the store anyway.
Answer pipeline_secrets(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {}); !fine) return tl::unexpected(fine.error());
  return context.store.read([&](store::Database& db) -> Answer {
    bj::array list;
    for (const parameters::ParameterRow& row : parameters::rows()) {
      if (!row.secret) continue;
      auto text = secret_parameter(db, context.sealer, row.name);
      if (!text) return tl::unexpected(text.error());
      if (!text->empty()) list.emplace_back(*text);
    }
    return bj::object{{"secrets", std::move(list)}};
  });
}

}  // namespace upcall::admin
