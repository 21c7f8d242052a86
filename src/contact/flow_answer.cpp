#include "contact/flow_answer.hpp"

#include "json/json.hpp"

namespace upcall::contact {

namespace bj = boost::json;

namespace {

bool scalar(const bj::value& value, std::string& out) {
  if (value.is_string()) {
    out = std::string(value.get_string());
    return json::is_clean_text(out);
  }
  if (!value.is_number() && !value.is_bool() && !value.is_null()) return false;
  out = value.is_null() ? "" : bj::serialize(value);
  return true;
}

bool flatten(const std::string& key, const bj::value& value, Attributes& out) {
  if (const bj::object* object = value.if_object()) {
    for (const auto& [name, inner] : *object) {
      if (!flatten(key.empty() ? std::string(name) : key + "." + std::string(name), inner, out)) return false;
    }
    return true;
  }
  if (const bj::array* array = value.if_array()) {
    for (std::size_t i = 0; i < array->size(); ++i) {
      if (!flatten(key + "." + std::to_string(i), (*array)[i], out)) return false;
    }
    return true;
  }
  std::string text;
  if (!json::is_clean_text(key) || !scalar(value, text) || out.size() >= kFlowAnswerValues) return false;
  out.insert_or_assign(key, std::move(text));
  return true;
}

bj::object values(const Attributes* from) {
  bj::object out;
  if (from != nullptr) {
    for (const auto& [name, value] : *from) out[name] = value;
  }
  return out;
}

bj::value field(const Attributes* from, std::string_view name) {
  if (from == nullptr) return nullptr;
  const auto found = from->find(name);
  return found != from->end() ? bj::value(found->second) : bj::value(nullptr);
}

}  // namespace

ParseResult<Attributes> read_flow_answer(std::string_view text, bool nested) {
  auto parsed = json::parse_object(text, kFlowAnswerMax);
  if (!parsed) return fail(parsed.error());
  Attributes out;
  for (const auto& [name, value] : *parsed) {
    if (!nested && (value.is_object() || value.is_array())) return fail(ParseError::unsupported);
    if (!flatten(std::string(name), value, out)) return fail(ParseError::malformed);
  }
  // Names of nested values repeat their parents': a small answer can become a large one.
  std::size_t bytes = 0;
  for (const auto& [name, value] : out) bytes += name.size() + value.size();
  if (bytes > 2 * kFlowVariablesMax) return fail(ParseError::too_long);
  return out;
}

std::string flow_event_json(const FlowEvent& e) {
  bj::object references;
  if (e.data != nullptr) {
    for (const auto& [name, value] : *e.data) {
      if (name.starts_with("References.")) references[name.substr(11)] = bj::object{{"Type", "STRING"}, {"Value", value}};
    }
  }
  bj::value queue = nullptr;
  if (!e.queue_name.empty()) queue = bj::object{{"ARN", e.queue_arn}, {"Name", e.queue_name}};
  bj::object data{{"Attributes", values(e.attributes)},
                  {"Channel", "CHAT"},
                  {"ContactId", e.contact_id},
                  {"CustomerEndpoint", nullptr},
                  {"CustomerId", field(e.data, "CustomerId")},
                  {"Description", field(e.data, "Description")},
                  {"InitialContactId", e.contact_id},
                  {"InitiationMethod", "API"},
                  {"InstanceARN", e.instance_arn},
                  {"LanguageCode", field(e.data, "LanguageCode")},
                  {"MediaStreams", bj::object{{"Customer", bj::object{{"Audio", nullptr}}}}},
                  {"Name", field(e.data, "Name")},
                  {"PreviousContactId", e.contact_id},
                  {"Queue", std::move(queue)},
                  {"References", std::move(references)},
                  {"SystemEndpoint", nullptr},
                  {"Tags", values(e.tags)}};
  return bj::serialize(bj::object{{"Name", "ContactFlowEvent"}, {"Details", bj::object{{"ContactData", std::move(data)}, {"Parameters", values(e.parameters)}}}});
}

}  // namespace upcall::contact
