// Parameters: what is given is set, all or nothing, and what is not given keeps its value.
#include <functional>
#include <map>

#include "io/store/parameter_repository.hpp"
#include "json/json.hpp"
#include "server/admin/admin_parts.hpp"
#include "server/admin/parameter_table.hpp"

namespace upcall::admin {

namespace bj = boost::json;

Answer configure_set(Context& context, const Arguments& arguments) {
  std::map<std::string, std::string> given;
  for (const auto& [key, value] : arguments) {
    const ParameterRow* row = find_parameter(key);
    if (row == nullptr) return fail(ErrorCode::invalid_argument, "there is no parameter \"" + std::string(key).substr(0, 64) + "\"");
    if (!value.is_string()) return fail(ErrorCode::invalid_argument, std::string(key) + " must be given as text");
    auto checked = row->check(*row, std::string_view(value.as_string()));
    if (!checked) return tl::unexpected(checked.error());
    given[std::string(key)] = std::move(*checked);
  }
  return context.store.write([&](store::Database& db) -> Answer {
    std::optional<Error> trouble;
    const auto value = [&](std::string_view name) -> std::string {
      if (const auto at = given.find(std::string(name)); at != given.end()) return at->second;
      auto stored = store::parameters::get_or(db, name, find_parameter(name)->fallback);
      if (!stored) trouble = stored.error();
      return stored ? *stored : std::string();
    };
    if (auto fine = check_together(value); !fine) return tl::unexpected(fine.error());
    if (trouble) return tl::unexpected(*trouble);
    bj::object changed;
    for (const auto& [name, text] : given) {
      if (auto done = store::parameters::set(db, name, text); !done) return tl::unexpected(done.error());
      if (auto done = note(db, context, "parameter.set", name, text); !done) return tl::unexpected(done.error());
      changed[name] = text;
    }
    return changed;
  });
}

Answer configure_list(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {}); !fine) return tl::unexpected(fine.error());
  return context.store.read([&](store::Database& db) -> Answer {
    bj::object all;
    for (const ParameterRow& row : parameters()) {
      auto value = store::parameters::get_or(db, row.name, row.fallback);
      if (!value) return tl::unexpected(value.error());
      all[row.name] = *value;
    }
    return all;
  });
}

}  // namespace upcall::admin
