#include "deployment/state.hpp"

#include <algorithm>

#include "json/json.hpp"

namespace upcall::deployment {

namespace bj = boost::json;

namespace {

Error wrong(std::string_view member) { return {ErrorCode::corrupt, "deployment.json: \"" + std::string(member) + "\" is not what it should be"}; }

Result<Placement> placement(const bj::object& in, std::string_view member) {
  Placement out;
  const auto* value = in.if_contains(member);
  if (value == nullptr) return out;
  if (!value->is_object()) return tl::unexpected(wrong(member));
  for (const auto& [name, release] : value->get_object()) {
    const auto part = part_from(name);
    if (!part || !release.is_string() || !is_release_name(release.get_string())) return tl::unexpected(wrong(member));
    out[*part] = std::string(release.get_string());
  }
  return out;
}

bj::object to_object(const Placement& placement) {
  bj::object out;
  for (const auto& [part, release] : placement) out[to_string(part)] = release;
  return out;
}

}  // namespace

Result<State> parse_state(std::string_view text) {
  auto root = json::parse_object(text);
  if (!root) return fail(ErrorCode::corrupt, "deployment.json is not a JSON object");
  State out;
  auto parts = placement(*root, "parts");
  if (!parts) return tl::unexpected(parts.error());
  out.parts = std::move(*parts);
  auto previous = placement(*root, "previous");
  if (!previous) return tl::unexpected(previous.error());
  out.previous = std::move(*previous);
  if (const auto* history = root->if_contains("history")) {
    if (!history->is_array()) return tl::unexpected(wrong("history"));
    for (const bj::value& value : history->get_array()) {
      if (!value.is_object()) return tl::unexpected(wrong("history"));
      const bj::object& event = value.get_object();
      add_event(out, {json::text_or(event, "at"), json::text_or(event, "what"), json::text_or(event, "release"), json::text_or(event, "note")});
    }
  }
  return out;
}

std::string to_json(const State& state) {
  bj::array history;
  for (const Event& e : state.history) history.push_back(bj::object{{"at", e.at}, {"what", e.what}, {"release", e.release}, {"note", e.note}});
  return bj::serialize(bj::object{{"parts", to_object(state.parts)}, {"previous", to_object(state.previous)}, {"history", std::move(history)}});
}

void add_event(State& state, Event event) {
  state.history.push_back(std::move(event));
  if (state.history.size() > kHistory) state.history.erase(state.history.begin(), state.history.end() - static_cast<std::ptrdiff_t>(kHistory));
}

bool is_release_name(std::string_view name) {
  if (name.empty() || name.size() > 100 || name.front() == '.') return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '+' || c == '-';
  });
}

}  // namespace upcall::deployment
