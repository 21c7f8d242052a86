#include "api/pipeline/pipeline_routes.hpp"

#include <charconv>

#include "api/common/responses.hpp"
#include "io/pipeline_runs/run_store.hpp"
#include "io/store/audit_repository.hpp"
#include "json/json.hpp"
#include "service/pipeline/git_user.hpp"

namespace upcall::api {

namespace bj = boost::json;
using identity::Principal;
using pipeline::Run;
using pipeline::RunStore;

namespace {

constexpr std::string_view kObject = R"({"type":"object"})";
constexpr OperationAuth kStaff = OperationAuth::staff;
constexpr Operation kOperations[] = {
    {"GET", "/api/pipeline", "getPipeline", "The pipeline's repository, branch, user (without the password).", kStaff, "", kObject, "401 403", ""},
    {"GET", "/api/pipeline/runs", "listPipelineRuns", "Runs, the newest first, 20 at most; ?before=number goes on.", kStaff, "", kObject, "400 401 403", ""},
    {"GET", "/api/pipeline/runs/{run}", "getPipelineRun", "One run with its stages.", kStaff, "", kObject, "401 403 404", ""},
    {"GET", "/api/pipeline/runs/{run}/log", "getPipelineLog", "A piece of a stage's log from the byte ?from on (0 without); `next` is where to go on, `over` that nothing comes any more.", kStaff, "", kObject, "400 401 403 404", "stage"},
    {"POST", "/api/pipeline/runs/{run}/retry", "retryPipelineRun", "The same commit once more, as a new run.", kStaff, "", kObject, "401 403 404", ""},
    {"POST", "/api/pipeline/runs/{run}/stop", "stopPipelineRun", "Ends a run that waits or runs.", kStaff, "", kObject, "401 403 404 409", ""},
};

constexpr std::size_t kPage = 20;

wire::HttpResponse no_run(const wire::HttpRequest& r) { return failure(r, ErrorCode::not_found, "no_such_run", "There is no such run."); }

template <class Int>
std::optional<Int> number_from(std::string_view text) {
  Int out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

bj::object shown(const Run& run) {
  auto parsed = json::parse_object(pipeline::to_json(run), pipeline::kRunTextMax);
  bj::object out = parsed ? std::move(*parsed) : bj::object{};
  out.erase("processGroup");
  out["over"] = pipeline::is_over(run.state);
  return out;
}

template <class F>
wire::HttpHandler as_admin(PipelineApi& api, F action) {
  return [&api, action](const wire::HttpRequest& request) -> wire::HttpResponse {
    auto who = api.authenticator.authorize(request);
    if (!who) return failure(request, who.error());
    return action(api, RunStore(api.directory), request, *who);
  };
}

// The same for one run that is there.
template <class F>
wire::HttpHandler of_run(PipelineApi& api, F action) {
  return as_admin(api, [action](PipelineApi& a, const RunStore& runs, const wire::HttpRequest& request, const Principal& who) {
    const auto number = number_from<std::int64_t>(request.route_value("run"));
    if (!number || *number <= 0) return no_run(request);
    auto run = runs.load(*number);
    if (!run) return no_run(request);
    return action(a, runs, request, who, *run);
  });
}

wire::HttpResponse overview(PipelineApi& api, const RunStore&, const wire::HttpRequest& request, const Principal&) {
  auto settings = api.store.read([](store::Database& db) { return service::pipeline_settings(db); });
  if (!settings) return failure(request, settings.error());
  const bool there = !settings->user.empty();
  return success(request, "Pipeline",
                 bj::object{{"initialized", there}, {"repository", settings->repository}, {"branch", settings->branch}, {"stage", settings->stage}, {"onlyWay", settings->only_way},
                            {"username", settings->user}, {"userActive", settings->user_active}, {"url", there ? base_url(request, api.public_url) + "/git/" + settings->repository + ".git" : ""}});
}

wire::HttpResponse list(PipelineApi&, const RunStore& runs, const wire::HttpRequest& request, const Principal&) {
  const auto given = request.query_value("before");
  const auto before = given ? number_from<std::int64_t>(*given) : std::optional<std::int64_t>(INT64_MAX);
  if (!before || *before <= 0) return failure(request, ErrorCode::invalid_argument, "before must be the number of a run.");
  bj::array out;
  const auto numbers = runs.numbers(*before, kPage + 1);
  for (std::size_t i = 0; i < numbers.size() && i < kPage; ++i) {
    if (const auto run = runs.load(numbers[i])) out.push_back(shown(*run));
  }
  bj::object data{{"runs", std::move(out)}};
  if (numbers.size() > kPage) data["next"] = numbers[kPage - 1];
  return success(request, "Runs", std::move(data));
}

wire::HttpResponse log(PipelineApi&, const RunStore& runs, const wire::HttpRequest& request, const Principal&, const Run& run) {
  const auto from = number_from<std::uint64_t>(request.query_value("from").value_or("0"));
  if (!from) return failure(request, ErrorCode::invalid_argument, "from must be a number of bytes.");
  const std::string_view wanted = request.query_value("stage").value_or("");
  for (std::size_t i = 0; i < run.stages.size(); ++i) {
    if (run.stages[i].name != wanted) continue;
    auto piece = runs.read_log(run, i, *from);
    if (!piece) return failure(request, piece.error());
    // A stage that was over before the log was read writes no more.
    const bool over = pipeline::is_over(run.stages[i].state) && piece->next >= piece->size;
    return success(request, "Log", bj::object{{"text", piece->text}, {"next", piece->next}, {"size", piece->size}, {"over", over}});
  }
  return failure(request, ErrorCode::not_found, "no_such_stage", "This run has no such stage.");
}

Result<void> note(PipelineApi& api, const wire::HttpRequest& request, const Principal& who, std::string_view action, std::int64_t number) {
  return api.store.write([&](store::Database& db) { return store::audit::add(db, {request.now.wall, who.id, std::string(action), std::to_string(number), ""}); });
}

wire::HttpResponse retry(PipelineApi& api, const RunStore& runs, const wire::HttpRequest& request, const Principal& who, const Run& run) {
  if (auto noted = note(api, request, who, "pipeline.retry", run.number); !noted) return failure(request, noted.error());
  auto made = runs.enqueue(pipeline::again(run, who.id, request.now.wall));
  if (!made) return failure(request, made.error());
  return success(request, "Retry", shown(*made));
}

wire::HttpResponse stop(PipelineApi& api, const RunStore& runs, const wire::HttpRequest& request, const Principal& who, const Run& run) {
  if (pipeline::is_over(run.state)) return failure(request, ErrorCode::conflict, "run_is_over", "This run is over.");
  if (auto noted = note(api, request, who, "pipeline.stop", run.number); !noted) return failure(request, noted.error());
  if (auto asked = runs.ask_stop(run.number, who.id); !asked) return failure(request, asked.error());
  return success(request, "Stop", shown(run));
}

}  // namespace

void add_pipeline_routes(wire::Router& router, PipelineApi& api, OpenApi& openapi) {
  openapi.add(kOperations);
  router.add("GET", "/api/pipeline", as_admin(api, overview));
  router.add("GET", "/api/pipeline/runs", as_admin(api, list));
  router.add("GET", "/api/pipeline/runs/{run}", of_run(api, [](PipelineApi&, const RunStore&, const wire::HttpRequest& request, const Principal&, const Run& run) { return success(request, "Run", shown(run)); }));
  router.add("GET", "/api/pipeline/runs/{run}/log", of_run(api, log));
  router.add("POST", "/api/pipeline/runs/{run}/retry", of_run(api, retry));
  router.add("POST", "/api/pipeline/runs/{run}/stop", of_run(api, stop));
}

}  // namespace upcall::api
