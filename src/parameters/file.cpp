#include "parameters/file.hpp"

#include "json/json.hpp"

namespace upcall::parameters {

namespace bj = boost::json;

namespace {

constexpr std::string_view kOutputs = "outputParameters/";

tl::unexpected<Error> bad(const std::string& sentence) { return fail(ErrorCode::invalid_argument, sentence); }

std::optional<std::string> text_of(const bj::value& value) {
  if (value.is_string()) return std::string(std::string_view(value.get_string()));
  if (value.is_bool()) return value.get_bool() ? "true" : "false";
  if (value.is_number()) return bj::serialize(value);
  return std::nullopt;
}

}  // namespace

Result<Values> read_file(std::string_view text) {
  const auto object = json::parse_object(text, kFileMax);
  if (!object) return bad("The file must be one JSON object of names and values, of at most 1 MiB.");
  Values out;
  for (const auto& [key, value] : *object) {
    const std::string_view word(key.data(), key.size());
    if (word.starts_with(kHierarchy) && word.substr(kHierarchy.size()).starts_with(kOutputs)) return bad(std::string(word.substr(0, 128)) + " is an output: it cannot be set.");
    const ParameterRow* row = find_any(word);
    if (row == nullptr) return bad(unknown_parameter(word));
    auto content = text_of(value);
    if (!content) return bad(std::string(row->name) + " must be a text, true, false or a number in the file.");
    if (is_original(*row) && *content == kNotDefined) continue;
    const auto [at, fresh] = out.emplace(row->name, *content);
    if (!fresh && at->second != *content) return bad(std::string(row->name) + " stands in the file twice, with two values.");
  }
  return out;
}

std::string cache_file(const Values& values) {
  std::string out = "{";
  for (const ParameterRow& row : rows()) {
    if (row.secret) continue;
    const auto at = values.find(row.name);
    const std::string_view value = shown(row, at == values.end() ? std::string_view() : std::string_view(at->second));
    const bool bare = row.kind == Kind::boolean && (value == "true" || value == "false");
    out += out.size() == 1 ? "\n\t" : ",\n\t";
    out += bj::serialize(bj::string(std::string(kHierarchy) + std::string(row.name))) + ": " + (bare ? std::string(value) : bj::serialize(bj::string(value)));
  }
  return out + "\n}\n";
}

}  // namespace upcall::parameters
