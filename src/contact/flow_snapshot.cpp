#include "contact/flow_snapshot.hpp"

namespace upcall::contact {

namespace bj = boost::json;

bj::object attributes_json(const Attributes& values) {
  bj::object out;
  for (const auto& [name, value] : values) out[name] = value;
  return out;
}

Attributes attributes_from(const bj::object& object, std::string_view name) {
  Attributes out;
  const bj::object* values = json::object_at(object, name);
  if (values == nullptr) return out;
  for (const auto& [key, value] : *values) {
    if (value.is_string()) out.emplace(std::string(key), std::string(value.get_string()));
  }
  return out;
}

void write_position(const FlowPosition& p, bj::object& out) {
  const auto put = [&](std::string_view name, const Attributes& values) {
    if (!values.empty()) out[name] = attributes_json(values);
  };
  put("attributes", p.flow_attributes);
  put("external", p.external);
  put("metrics", p.metrics);
  put("lex", p.lex);
  if (!p.call_id.empty()) out["call"] = p.call_id;
  if (!p.input.empty()) out["input"] = p.input;
  if (!p.rounds.empty()) {
    bj::object rounds;
    for (const auto& [block, made] : p.rounds) rounds[block] = made;
    out["rounds"] = std::move(rounds);
  }
  if (!p.callers.empty()) {
    bj::array callers;
    for (const FlowCaller& c : p.callers) {
      callers.push_back(bj::object{{"flow", c.flow_id}, {"block", c.block_id}, {"attributes", attributes_json(c.flow_attributes)}, {"external", attributes_json(c.external)}});
    }
    out["callers"] = std::move(callers);
  }
}

void read_position(const bj::object& o, FlowPosition& p) {
  p.flow_attributes = attributes_from(o, "attributes");
  p.external = attributes_from(o, "external");
  p.metrics = attributes_from(o, "metrics");
  p.lex = attributes_from(o, "lex");
  p.call_id = json::text_or(o, "call");
  p.input = json::text_or(o, "input");
  if (const bj::object* rounds = json::object_at(o, "rounds")) {
    for (const auto& [block, made] : *rounds) {
      if (made.is_int64() && made.get_int64() >= 0 && made.get_int64() <= 100) p.rounds.emplace(std::string(block), static_cast<int>(made.get_int64()));
    }
  }
  if (const bj::array* callers = json::array_at(o, "callers")) {
    for (const bj::value& value : *callers) {
      const bj::object* c = value.if_object();
      if (c == nullptr || p.callers.size() >= kFlowMaxModules) continue;
      p.callers.push_back({json::text_or(*c, "flow"), json::text_or(*c, "block"), attributes_from(*c, "attributes"), attributes_from(*c, "external")});
    }
  }
}

}  // namespace upcall::contact
