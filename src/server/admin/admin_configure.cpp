// Parameters of an installation: what is given is set, the rest stays.
#include <algorithm>

#include "io/store/parameter_repository.hpp"
#include "json/json.hpp"
#include "server/admin/admin_parts.hpp"
#include "server/admin/storage_parameters.hpp"

namespace upcall::admin {

namespace bj = boost::json;

namespace {

struct Parameter {
  std::string_view name, otherwise;
  bool secret = false;
};

constexpr Parameter kParameters[] = {
    {"recordingObjectStore", "embedded"}, {"recordingS3Endpoint", ""},    {"recordingS3Region", "us-east-1"},
    {"recordingS3Bucket", ""},            {"recordingS3AccessKeyId", ""}, {"recordingS3SecretAccessKey", "", true},
    {"recordingS3Encryption", "none"},    {"recordingS3CaFile", ""},      {"recordingS3VirtualHost", "false"},
};

Result<void> set(store::Database& db, Context& context, const Parameter& parameter, const std::string& value) {
  std::string stored = value;
  if (parameter.secret && !value.empty()) {
    stored = to_hex(context.sealer.seal(kSecretAccessKeyPurpose, as_bytes(value), context.random));
  }
  if (auto done = store::parameters::set(db, parameter.name, stored); !done) return done;
  return note(db, context, "parameter.changed", parameter.name);
}

}  // namespace

Answer configure(Context& context, const Arguments& arguments) {
  for (const auto& [key, value] : arguments) {
    const std::string_view name(key.data(), key.size());
    if (std::none_of(std::begin(kParameters), std::end(kParameters), [&](const Parameter& p) { return p.name == name; })) {
      return fail(ErrorCode::invalid_argument, "there is no parameter \"" + std::string(name.substr(0, 64)) + "\"");
    }
    if (!value.is_string() || value.get_string().size() > 1024 || !json::is_clean_text(std::string_view(value.get_string())) ||
        value.get_string().find_first_of("\n\t") != bj::string::npos) {
      return fail(ErrorCode::invalid_argument, std::string(name) + " must be a text of at most 1024 bytes on one line");
    }
  }
  // All of it or nothing: a store that is half set up would be tried by every recording.
  return context.store.write([&](store::Database& db) -> Answer {
    bj::object all;
    for (const Parameter& parameter : kParameters) {
      if (const auto given = json::text_at(arguments, parameter.name)) {
        if (auto done = set(db, context, parameter, std::string(*given)); !done) return tl::unexpected(done.error());
      }
      auto value = store::parameters::get_or(db, parameter.name, "");
      if (!value) return tl::unexpected(value.error());
      if (parameter.secret) all[parameter.name] = value->empty() ? "" : "(set)";
      else all[parameter.name] = value->empty() ? std::string(parameter.otherwise) : *value;
    }
    if (auto storage = storage_settings(db, context.sealer); !storage) return tl::unexpected(storage.error());
    return bj::object{{"parameters", std::move(all)}};
  });
}

}  // namespace upcall::admin
