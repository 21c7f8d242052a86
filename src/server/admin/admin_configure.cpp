// Parameters: what is given is set, all or nothing, and what is not given keeps its value.
#include <functional>
#include <map>

#include "io/store/parameter_repository.hpp"
#include "json/json.hpp"
#include "server/admin/admin_parts.hpp"
#include "server/admin/mail_parameters.hpp"
#include "server/admin/parameter_table.hpp"
#include "server/admin/storage_parameters.hpp"

namespace upcall::admin {

namespace bj = boost::json;

namespace {

// As stored: secrets are sealed, and an empty value is the default.
Result<std::map<std::string, std::string>> checked(Context& context, const Arguments& arguments) {
  std::map<std::string, std::string> out;
  for (const auto& [key, value] : arguments) {
    const ParameterRow* row = find_parameter(key);
    if (row == nullptr) return fail(ErrorCode::invalid_argument, "there is no parameter \"" + std::string(key).substr(0, 64) + "\"");
    if (!value.is_string()) return fail(ErrorCode::invalid_argument, std::string(key) + " must be given as text");
    const std::string_view text = value.get_string();
    auto fine = text.empty() ? Result<std::string>(std::string(row->fallback)) : row->check(*row, text);
    if (!fine) return tl::unexpected(fine.error());
    if (row->secret && !fine->empty()) *fine = to_hex(context.sealer.seal(secret_purpose(key), as_bytes(*fine), context.random));
    out[std::string(key)] = std::move(*fine);
  }
  return out;
}

// In force: what was never set, or taken back, has its default.
Result<std::string> value_of(store::Database& db, const ParameterRow& row) {
  auto stored = store::parameters::get_or(db, row.name, "");
  if (!stored) return stored;
  if (row.secret) return std::string(stored->empty() ? "" : "(set)");
  return stored->empty() ? std::string(row.fallback) : *stored;
}

}  // namespace

Answer configure(Context& context, const Arguments& arguments) {
  auto given = checked(context, arguments);
  if (!given) return tl::unexpected(given.error());
  return context.store.write([&](store::Database& db) -> Answer {
    for (const auto& [name, text] : *given) {
      if (auto done = store::parameters::set(db, name, text); !done) return tl::unexpected(done.error());
      if (auto done = note(db, context, "parameter.changed", name, find_parameter(name)->secret ? "" : text); !done) return tl::unexpected(done.error());
    }
    bj::object all;
    for (const ParameterRow& row : parameters()) {
      auto value = value_of(db, row);
      if (!value) return tl::unexpected(value.error());
      all[row.name] = *value;
    }
    // Rules between several: a store that is half set up would be tried by every recording.
    if (auto capacity = capacity_parameters(db); !capacity) return tl::unexpected(capacity.error());
    if (auto storage = storage_settings(db, context.sealer); !storage) return tl::unexpected(storage.error());
    return bj::object{{"parameters", std::move(all)}};
  });
}

}  // namespace upcall::admin
