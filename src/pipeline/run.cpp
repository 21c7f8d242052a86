#include "pipeline/run.hpp"

#include <utility>

#include "base/wall_text.hpp"
#include "json/json.hpp"
#include "pipeline/definition.hpp"

namespace upcall::pipeline {

namespace bj = boost::json;

namespace {

constexpr std::pair<State, std::string_view> kStates[] = {
    {State::waiting, "waiting"}, {State::running, "running"}, {State::succeeded, "succeeded"}, {State::failed, "failed"},
    {State::timed_out, "timedOut"}, {State::stopped, "stopped"}, {State::interrupted, "interrupted"}, {State::skipped, "skipped"}};

void put(bj::object& into, const char* key, const std::optional<WallTime>& time) {
  if (time) into[key] = to_iso8601(*time);
}

bool take(const bj::object& from, const char* key, std::optional<WallTime>& time) {
  const auto text = json::text_at(from, key);
  if (!text) return !from.contains(key);
  const auto parsed = parse_iso8601(*text);
  if (parsed) time = *parsed;
  return parsed.has_value();
}

}  // namespace

std::string_view to_string(State state) {
  for (const auto& [value, name] : kStates) {
    if (value == state) return name;
  }
  return "";
}

std::optional<State> state_from(std::string_view text) {
  for (const auto& [value, name] : kStates) {
    if (name == text) return value;
  }
  return std::nullopt;
}

std::string to_json(const Run& run) {
  bj::object out{{"number", run.number}, {"repository", run.repository}, {"branch", run.branch}, {"commit", run.commit}, {"author", run.author}, {"subject", run.subject},
                 {"by", run.by}, {"stage", run.stage}, {"state", to_string(run.state)}, {"message", run.message}, {"definitionChanged", run.definition_changed}};
  if (run.retry_of > 0) out["retryOf"] = run.retry_of;
  if (run.process_group > 0) out["processGroup"] = run.process_group;
  put(out, "queued", run.queued);
  put(out, "started", run.started);
  put(out, "ended", run.ended);
  bj::array stages;
  for (const StageRecord& s : run.stages) {
    bj::object one{{"name", s.name}, {"state", to_string(s.state)}, {"message", s.message}};
    put(one, "started", s.started);
    put(one, "ended", s.ended);
    stages.push_back(std::move(one));
  }
  out["stages"] = std::move(stages);
  return bj::serialize(out);
}

ParseResult<Run> parse_run(std::string_view text) {
  auto parsed = json::parse_object(text, kRunTextMax);
  if (!parsed) return tl::unexpected(parsed.error());
  const bj::object& o = *parsed;
  Run out;
  out.number = json::integer_at(o, "number").value_or(0);
  out.repository = json::text_or(o, "repository");
  out.branch = json::text_or(o, "branch");
  out.commit = json::text_or(o, "commit");
  out.author = json::text_or(o, "author");
  out.subject = json::text_or(o, "subject");
  out.by = json::text_or(o, "by");
  out.stage = json::text_or(o, "stage");
  out.message = json::text_or(o, "message");
  out.definition_changed = json::boolean_at(o, "definitionChanged").value_or(false);
  out.retry_of = json::integer_at(o, "retryOf").value_or(0);
  out.process_group = json::integer_at(o, "processGroup").value_or(0);
  const auto state = state_from(json::text_or(o, "state"));
  std::optional<WallTime> queued;
  if (out.number <= 0 || !state || *state == State::skipped || !take(o, "queued", queued) || !queued || !take(o, "started", out.started) || !take(o, "ended", out.ended)) return fail(ParseError::malformed);
  out.state = *state;
  out.queued = *queued;
  const bj::array* stages = json::array_at(o, "stages");
  if (stages == nullptr || stages->size() > kStagesMax + 2) return fail(ParseError::malformed);
  for (const bj::value& v : *stages) {
    const bj::object* one = v.if_object();
    if (one == nullptr) return fail(ParseError::malformed);
    StageRecord s;
    s.name = json::text_or(*one, "name");
    s.message = json::text_or(*one, "message");
    const auto at = state_from(json::text_or(*one, "state"));
    if (!at || !take(*one, "started", s.started) || !take(*one, "ended", s.ended)) return fail(ParseError::malformed);
    s.state = *at;
    out.stages.push_back(std::move(s));
  }
  return out;
}

Run again(const Run& old, std::string_view by, WallTime now) {
  Run out;
  out.repository = old.repository;
  out.branch = old.branch;
  out.commit = old.commit;
  out.author = old.author;
  out.subject = old.subject;
  out.stage = old.stage;
  out.by = by;
  out.retry_of = old.number;
  out.queued = now;
  return out;
}

void interrupt(Run& run, WallTime now) {
  if (run.state != State::running) return;
  run.state = State::interrupted;
  run.message = "The runner ended in the middle of this run.";
  run.ended = now;
  run.process_group = 0;
  for (StageRecord& s : run.stages) {
    if (s.state == State::running) {
      s.state = State::interrupted;
      s.ended = now;
    } else if (s.state == State::waiting) {
      s.state = State::skipped;
    }
  }
}

}  // namespace upcall::pipeline
