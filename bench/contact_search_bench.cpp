// A search among a million finished contacts by each condition, through the store's own functions; then an erasure. Contacts
// of 1 000 agents in 100 groups of 10 below one root, 20 queues of unequal size, 45 days; some 45 words a contact out of
// 20 000. CPU time; baseline: looking at the row of every contact.
// Usage: contact_search_bench [CONTACTS] [FILE.json]
// link: upcall_io_store upcall_contact
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "base/ids.hpp"
#include "base/rng.hpp"
#include "io/store/contact_search_repository.hpp"
#include "io/store/migrations.hpp"

namespace upcall::bench {
namespace {

using contact::SearchedText;
using contact::SearchFilter;
using contact::SearchScope;

constexpr int kAgents = 1'000, kGroups = 100, kQueues = 20, kWords = 20'000, kWordsOfContact = 45, kDays = 45, kRounds = 200, kPage = 26;
constexpr std::int64_t kBegin = 1'790'000'000'000;

double cpu_ms() {
  timespec t{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_nsec) * 1e-6;
}

double ms_since(std::chrono::steady_clock::time_point from) { return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - from).count(); }

template <class T>
T must(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().message.c_str());
    std::exit(1);
  }
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

struct World {
  SeededRandom dice{7};
  std::vector<std::string> agents, queues, words;
  // Few words are in most contacts, most in few.
  std::size_t rank(std::size_t of, double spread) {
    const double u = (dice.below(1'000'000) + 0.5) / 1e6;
    return std::min(of - 1, static_cast<std::size_t>(-std::log(u) * spread));
  }
  static std::string group(int i) { return "root/group-" + std::to_string(i); }
};

void fill(store::Database& db, World& w, int contacts) {
  for (int i = 0; i < kAgents; ++i) w.agents.push_back(make_uuid(w.dice));
  for (int i = 0; i < kQueues; ++i) w.queues.push_back(make_uuid(w.dice));
  for (int i = 0; i < kWords; ++i) w.words.push_back("word" + std::to_string(i));
  must(db.script("pragma foreign_keys=off; pragma synchronous=off; pragma cache_size=-200000;"));
  const std::int64_t step = std::int64_t{kDays} * 86'400'000 / contacts;
  must(db.script("begin"));
  for (int i = 0; i < contacts; ++i) {
    const int agent = static_cast<int>(w.dice.below(kAgents));
    contact::SearchFacts f;
    f.started = WallTime::from_unix_ms(kBegin + i * step);
    f.ended = f.started + Duration::s(60 + static_cast<std::int64_t>(w.rank(100'000, 400)));
    f.agent_ids = {w.agents[static_cast<std::size_t>(agent)]};
    f.queue_ids = {w.queues[w.rank(kQueues, 3)]};
    f.group_path = World::group(agent % kGroups);
    f.outcome = "outcome" + std::to_string(w.rank(10, 2));
    f.video = w.dice.below(5) == 0;
    f.attributes = {{"customerNumber", std::to_string(w.dice.below(300'000))}, {"level", w.dice.below(10) == 0 ? "gold" : "silver"}};
    contact::SearchDocument d;
    d.terms = contact::search_terms(f);
    d.name = "Customer " + w.words[w.dice.below(kWords)];
    for (int k = 0; k < kWordsOfContact; ++k) {
      std::string& text = k % 2 == 0 ? d.customer : d.agent;
      text += w.words[w.rank(kWords, 800)] + " ";
    }
    const std::int64_t number = contact::first_number(f.started);
    const std::string id = make_uuid(w.dice);
    must(db.run("insert into contact_search(number, contact_id, started_ms, ended_ms, agent_id, group_path, queue_id, customer, outcome, end_reason, segments, video, recorded, terms, name, last_seq) "
                "values(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'agent_disconnect', 1, ?10, 0, ?11, ?12, 0)",
                number, id, f.started, f.ended, f.agent_ids[0], f.group_path, f.queue_ids[0], d.name, f.outcome, f.video, d.terms, d.name));
    must(db.run("insert into contact_index(rowid, terms, name, customer, agent, other) values(?1, ?2, ?3, ?4, ?5, '')", number, d.terms, d.name, d.customer, d.agent));
    if (i % 1000 == 999) must(db.script("commit; begin"));
  }
  must(db.script("commit"));
}

struct Figure {
  double median = 0, p99 = 0, most = 0, found = 0;
};

template <class F>
Figure measure(F search) {
  std::vector<double> times;
  double found = 0;
  for (int i = 0; i < kRounds; ++i) {
    const double begun = cpu_ms();
    found += static_cast<double>(search());
    times.push_back(cpu_ms() - begun);
  }
  std::sort(times.begin(), times.end());
  return {times[times.size() / 2], times[times.size() * 99 / 100], times.back(), found / kRounds};
}

int run(int contacts, const char* file) {
  const std::string path = (std::filesystem::temp_directory_path() / ("contact-search-bench-" + std::to_string(contacts) + ".db")).string();
  for (const char* tail : {"", "-wal", "-shm"}) std::filesystem::remove(path + tail);
  World w;
  {
    auto db = must(store::Database::open(path, store::Database::Mode::read_write));
    must(store::migrate(*db));
    const auto begun = std::chrono::steady_clock::now();
    fill(*db, w, contacts);
    std::printf("%d contacts indexed in %.0f s, %.3f ms each; %.0f MB\n", contacts, ms_since(begun) / 1000, ms_since(begun) / contacts, static_cast<double>(std::filesystem::file_size(path)) / 1e6);
  }
  auto db = must(store::Database::open(path, store::Database::Mode::read_only));
  const WallTime now = WallTime::from_unix_ms(kBegin + std::int64_t{kDays} * 86'400'000);
  const auto day = [](std::int64_t n) { return WallTime::from_unix_ms(kBegin + n * 86'400'000); };
  const SearchScope all{true, ""};
  const auto small = [&] { return SearchScope{false, World::group(static_cast<int>(w.dice.below(kGroups)))}; };
  const auto agent = [&] { return w.agents[w.dice.below(kAgents)]; };
  const auto word = [&](std::size_t from, std::size_t to) { return w.words[from + w.dice.below(to - from)]; };
  const auto said = [](std::string words) { return std::vector<SearchedText>{{SearchedText::Speaker::anybody, std::move(words)}}; };
  const auto page = [&](const SearchFilter& f, const SearchScope& s, std::optional<std::int64_t> past = {}) { return must(store::contact_search::search(*db, f, s, {kPage, false, past}, now)).size(); };
  std::vector<std::pair<std::string, Figure>> rows;
  const auto add = [&](const std::string& name, const Figure& f) {
    rows.emplace_back(name, f);
    std::printf("%-52s median %8.2f ms  p99 %8.2f ms  most %8.2f ms  rows %.1f\n", name.c_str(), f.median, f.p99, f.most, f.found);
    std::fflush(stdout);
  };
  add("no condition, all groups", measure([&] { return page({}, all); }));
  add("no condition, one group of 100", measure([&] { return page({}, small()); }));
  add("agent", measure([&] { return page({.agent_ids = {agent()}}, all); }));
  add("queue, one group", measure([&] { return page({.queue_ids = {w.queues[w.rank(kQueues, 3)]}}, small()); }));
  add("a day of starts", measure([&] { const auto d = static_cast<std::int64_t>(w.dice.below(kDays)); return page({.started_from = day(d), .started_until = day(d + 1)}, small()); }));
  add("a day of ends", measure([&] { const auto d = static_cast<std::int64_t>(w.dice.below(kDays)); return page({.ended_from = day(d), .ended_until = day(d + 1)}, small()); }));
  add("30 days of ends, agent", measure([&] { return page({.ended_from = day(5), .ended_until = day(35), .agent_ids = {agent()}}, all); }));
  add("attribute that few have", measure([&] { return page({.attributes = {{"customerNumber", {std::to_string(w.dice.below(300'000))}}}}, all); }));
  add("attribute that many have, one group", measure([&] { return page({.attributes = {{"level", {"gold"}}}}, small()); }));
  add("outcome, queue, video, one group", measure([&] { return page({.queue_ids = {w.queues[w.rank(kQueues, 3)]}, .outcome = "outcome" + std::to_string(w.dice.below(10)), .video = true}, small()); }));
  add("customer's name", measure([&] { return page({.customer = "customer " + word(0, kWords)}, all); }));
  add("a common word, all groups", measure([&] { return page({.texts = said(word(0, 100))}, all); }));
  add("a common word, one group", measure([&] { return page({.texts = said(word(0, 100))}, small()); }));
  add("a rare word, one group", measure([&] { return page({.texts = said(word(4000, 8000))}, small()); }));
  add("two common words, agent", measure([&] { return page({.agent_ids = {agent()}, .texts = said(word(0, 300) + " " + word(0, 300))}, all); }));
  add("a phrase of two common words, all groups", measure([&] { return page({.texts = said("\"" + word(0, 100) + " " + word(0, 100) + "\"")}, all); }));
  add("a large queue and an attribute that nobody has", measure([&] { return page({.queue_ids = {w.queues[0]}, .attributes = {{"level", {"platinum"}}}}, all); }));
  add("the page in the middle of all", measure([&] { return page({}, all, contact::first_number(day(20))); }));
  add("contact id", measure([&] { return page({.contact_id = "00000000-0000-4000-8000-000000000000"}, all); }));
  double begun = cpu_ms();
  (void)must(db->all("select number from contact_search where outcome=?1 and video=1 order by number desc limit -1 offset 1000000000", [](store::Row& r) { return r.i64(0); }, "outcome1"));
  const double scan_ms = cpu_ms() - begun;
  std::printf("looking at the row of every contact: %.0f ms\n", scan_ms);
  begun = cpu_ms();
  const auto total = must(store::contact_search::count(*db, {}, all, INT64_MAX, now));
  const double count_ms = cpu_ms() - begun;
  std::printf("counting all %lld: %.0f ms\n", static_cast<long long>(total), count_ms);

  // One is taken out, and the index is rewritten in steps; what a chat's write waits for is the longest of them.
  auto writer = must(store::Database::open(path, store::Database::Mode::read_write));
  must(writer->script("pragma foreign_keys=off"));
  const auto victim = must(writer->one("select contact_id from contact_search order by number limit 1 offset 100", [](store::Row& r) { return r.text(0); }));
  must(store::contact_search::remove(*writer, *victim));
  const auto erase_began = std::chrono::steady_clock::now();
  double longest = 0;
  int steps = 0;
  for (bool first = true, done = false; !done; first = false, ++steps) {
    const auto step_began = std::chrono::steady_clock::now();
    done = must(store::contact_search::forget_removed(*writer, first));
    longest = std::max(longest, ms_since(step_began));
  }
  const double erase_s = ms_since(erase_began) / 1000;
  std::printf("erasing one: %.1f s in %d steps, the longest %.0f ms\n", erase_s, steps, longest);
  if (file != nullptr) {
    std::ofstream out(file);
    out << "{\"contacts\":" << contacts << ",\"scan_ms\":" << scan_ms << ",\"count_all_ms\":" << count_ms << ",\"erase_s\":" << erase_s << ",\"erase_step_ms\":" << longest << ",\"searches\":[";
    for (std::size_t i = 0; i < rows.size(); ++i) {
      out << (i > 0 ? "," : "") << "{\"what\":\"" << rows[i].first << "\",\"median_ms\":" << rows[i].second.median << ",\"p99_ms\":" << rows[i].second.p99 << ",\"most_ms\":" << rows[i].second.most << "}";
    }
    out << "]}\n";
  }
  db.reset();
  writer.reset();
  for (const char* tail : {"", "-wal", "-shm"}) std::filesystem::remove(path + tail);
  return 0;
}

}  // namespace
}  // namespace upcall::bench

int main(int argc, char** argv) {
  const int contacts = argc > 1 && std::atoi(argv[1]) > 0 ? std::atoi(argv[1]) : 1'000'000;
  const char* file = argc > 1 && std::atoi(argv[argc - 1]) == 0 ? argv[argc - 1] : nullptr;
  return upcall::bench::run(contacts, file);
}
