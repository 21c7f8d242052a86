// Webhooks and command hooks: who is told of what happens.
#include <filesystem>

#include <unistd.h>

#include "base/ids.hpp"
#include "base/wall_text.hpp"
#include "io/store/parameter_repository.hpp"
#include "io/store/webhook_repository.hpp"
#include "json/json.hpp"
#include "server/admin/admin_parts.hpp"
#include "service/hooks/hook_message.hpp"

namespace upcall::admin {

namespace bj = boost::json;

namespace {

// An address, or "command:" and a program that there is.
Result<std::string> target_of(store::Database& db, const Arguments& arguments) {
  const std::string url = json::text_or(arguments, "url"), command = json::text_or(arguments, "command");
  if (url.empty() == command.empty()) return fail(ErrorCode::invalid_argument, "give either an address (--url) or a program (--command)");
  if (!command.empty()) {
    std::error_code error;
    if (!command.starts_with('/') || !std::filesystem::is_regular_file(command, error) || ::access(command.c_str(), X_OK) != 0) {
      return fail(ErrorCode::invalid_argument, "the command must be the whole path of a program that may be run");
    }
    return std::string(service::kCommandScheme) + command;
  }
  auto allowed = store::parameters::get_or(db, "webhookAllowPrivate", "false");
  if (!allowed) return tl::unexpected(allowed.error());
  if (auto fine = service::check_hook_url(url, *allowed == "true"); !fine) return tl::unexpected(fine.error());
  return url;
}

Answer change(Context& context, const Arguments& arguments, const char* action, const std::function<Result<bool>(store::Database&, const std::string&)>& how) {
  if (auto fine = only(arguments, {"webhook"}); !fine) return tl::unexpected(fine.error());
  auto id = needed_name(arguments, "webhook");
  if (!id) return tl::unexpected(id.error());
  return context.store.write([&](store::Database& db) -> Answer {
    auto changed = how(db, *id);
    if (!changed) return tl::unexpected(changed.error());
    if (!*changed) return fail(ErrorCode::not_found, "there is no such webhook");
    if (auto done = note(db, context, action, *id); !done) return tl::unexpected(done.error());
    return bj::object{{"webhookId", *id}};
  });
}

}  // namespace

Answer webhook_add(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {"url", "command", "events"}); !fine) return tl::unexpected(fine.error());
  store::Webhook webhook;
  webhook.id = make_uuid(context.random);
  webhook.events = json::text_or(arguments, "events");
  if (webhook.events.empty()) webhook.events = "recording.*";
  if (auto fine = service::check_hook_events(webhook.events); !fine) return tl::unexpected(fine.error());
  webhook.created = context.now;
  ByteVector secret(32);
  context.random.fill(secret);
  webhook.secret_sealed = context.sealer.seal("webhooks/" + webhook.id, secret, context.random);
  return context.store.write([&](store::Database& db) -> Answer {
    auto present = store::webhooks::all(db);
    if (!present) return tl::unexpected(present.error());
    if (present->size() >= service::kHooksMax) return fail(ErrorCode::exhausted, "there are " + std::to_string(service::kHooksMax) + " webhooks already; remove one first");
    auto target = target_of(db, arguments);
    if (!target) return tl::unexpected(target.error());
    webhook.url = std::move(*target);
    if (auto done = store::webhooks::insert(db, webhook); !done) return tl::unexpected(done.error());
    if (auto done = note(db, context, "webhook.added", webhook.id); !done) return tl::unexpected(done.error());
    return bj::object{{"webhookId", webhook.id}, {"events", webhook.events}, {"secret", service::secret_text(secret)}};
  });
}

Answer webhook_list(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {}); !fine) return tl::unexpected(fine.error());
  return context.store.read([&](store::Database& db) -> Answer {
    auto all = store::webhooks::all(db);
    if (!all) return tl::unexpected(all.error());
    bj::array list;
    for (const store::Webhook& w : *all) {
      auto backlog = store::webhooks::backlog(db, w.id);
      if (!backlog) return tl::unexpected(backlog.error());
      list.push_back(bj::object{{"webhookId", w.id}, {"target", w.url}, {"events", w.events}, {"disabled", w.disabled},
                                {"createdAt", to_iso8601(w.created)}, {"pending", backlog->pending}, {"givenUp", backlog->given_up}});
    }
    return bj::object{{"webhooks", std::move(list)}};
  });
}

Answer webhook_remove(Context& context, const Arguments& arguments) {
  return change(context, arguments, "webhook.removed", [](store::Database& db, const std::string& id) { return store::webhooks::remove(db, id); });
}
Answer webhook_disable(Context& context, const Arguments& arguments) {
  return change(context, arguments, "webhook.disabled", [](store::Database& db, const std::string& id) { return store::webhooks::set_disabled(db, id, true); });
}
Answer webhook_enable(Context& context, const Arguments& arguments) {
  return change(context, arguments, "webhook.enabled", [](store::Database& db, const std::string& id) { return store::webhooks::set_disabled(db, id, false); });
}

}  // namespace upcall::admin
