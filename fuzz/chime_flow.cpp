// Sequences of calls of the vendor's meetings interface, signed, through its routes and over a real store, beside a small model
// of what two programs own: whom each call may reach, what a repeated token gives, who is in which meeting, in which pages.
// What another owns answers as what is not there, byte by byte; nothing is answered with 5xx or with what is no JSON.
//
// The input is a program: a byte for the operation, then its arguments, a byte each (zero where the input ends).
// link: upcall_api_chime upcall_server_admin upcall_io_objects upcall_crypto
#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "parts/chime_house.hpp"

namespace {

using namespace upcall;
using namespace upcall::fuzz;
namespace bj = boost::json;

struct Attendee {
  std::string id, external, token;
  wire::AttendeeCapabilities may;
  bool removed = false;
};
struct Meeting {
  std::string id;
  std::size_t owner = 0;
  chime::MeetingFeatures features;
  bool ended = false;
  std::vector<Attendee> attendees;
  std::map<std::string, std::string> tags;

  Attendee* live(const std::string& external) {
    for (Attendee& a : attendees) {
      if (!a.removed && a.external == external) return &a;
    }
    return nullptr;
  }
  std::size_t count() const { return static_cast<std::size_t>(std::count_if(attendees.begin(), attendees.end(), [](const Attendee& a) { return !a.removed; })); }
};
struct Made {
  std::size_t meeting = 0;
  std::string parameters;
  WallTime at;
};

// The capabilities that an argument stands for: nothing, everything, what never goes together, nothing at all.
std::optional<wire::AttendeeCapabilities> capabilities(int which) {
  using C = wire::MediaCapability;
  switch (which % 4) {
    case 1: return wire::AttendeeCapabilities{};
    case 2: return wire::AttendeeCapabilities{C::send_receive, C::send, C::receive};
    case 3: return wire::AttendeeCapabilities{C::none, C::none, C::none};
    default: return std::nullopt;
  }
}
bj::object json_of(const wire::AttendeeCapabilities& c) { return {{"Audio", wire::to_string(c.audio)}, {"Video", wire::to_string(c.video)}, {"Content", wire::to_string(c.content)}}; }

House& house() {
  static House made;
  return made;
}
const std::array<Caller, 4>& callers() {
  static const std::array<Caller, 4> all{house().key("one"), house().key("two"), house().key("limited", {{"permission", {"contact.handle"}}}), house().key("wild")};
  return all;
}
constexpr std::size_t kLimited = 2, kWild = 3;

bj::object body_of(const wire::HttpResponse& response) {
  const auto body = json::parse_object(response.body);
  if (!body) wrong("an answer that is no JSON: " + response.body);
  return *body;
}
// What every answer holds to.
void check_answer(const wire::HttpResponse& r, const std::string& what) {
  check(r.status != 401 && r.status != 429 && r.status < 500, what + ": " + std::to_string(r.status) + " " + r.body);
  if (r.status == 204) return check(r.body.empty(), what + ": 204 with a body");
  if (r.status == 200 && r.body.empty()) return;  // as the model has it for one operation
  check(json::parse_object(r.body).has_value(), what + " gave no JSON: " + std::to_string(r.status) + " " + r.body);
  if (r.status == 200) return;
  const bj::object body = body_of(r);
  check(!json::text_or(body, "Code").empty() && !json::text_or(body, "Message").empty(), what + ": " + r.body);
  check(json::text_or(body, "RequestId") == "req-1", what + ": " + r.body);
}
std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) text.replace(at, from.size(), to);
  return text;
}

class Program {
 public:
  Program(const std::uint8_t* data, std::size_t size) : data_(data), left_(size) { house().empty(); }

  void run() {
    for (int steps = 0; left_ > 0 && steps < 40; ++steps) {
      switch (next() % 14) {
        case 0: create(); break;
        case 1: add(); break;
        case 2: batch(); break;
        case 3: get_meeting(); break;
        case 4: get_attendee(); break;
        case 5: list(pick(), 1 + next() % 102, next() % 2 == 1); break;
        case 6: set_capabilities(); break;
        case 7: set_capabilities_except(); break;
        case 8: remove(); break;
        case 9: end(); break;
        case 10: tag(); break;
        case 11: untag(); break;
        case 12: house().pass(Duration::s(std::array{1, 3'600, 86'399, 86'400}[next() % 4u])); break;
        default: wild(); break;
      }
    }
    for (std::size_t i = 0; i < meetings_.size(); ++i) {
      const Meeting& m = meetings_[i];
      list({m.owner, &meetings_[i]}, 100, false);
      tags({m.owner, &meetings_[i]});
    }
    house().check_events();
  }

 private:
  // Who calls, and of which meeting; none: one that is not there.
  struct Target {
    std::size_t caller = 0;
    Meeting* meeting = nullptr;
    bool reaches() const { return meeting != nullptr && !meeting->ended && meeting->owner == caller; }
  };

  int next() {
    if (left_ == 0) return 0;
    --left_;
    return *data_++;
  }
  Target pick() {
    const auto byte = static_cast<std::size_t>(next());
    Target out{byte % 3, nullptr};
    if (const std::size_t which = byte / 3 % 8; which < meetings_.size()) out.meeting = &meetings_[which];
    return out;
  }
  // Of any meeting; kAbsent when there is none.
  Attendee* pick_attendee(std::string& id, Meeting*& in) {
    std::size_t which = static_cast<std::size_t>(next());
    for (Meeting& m : meetings_) {
      if (which < m.attendees.size()) {
        in = &m;
        id = m.attendees[which].id;
        return &m.attendees[which];
      }
      which -= m.attendees.size();
    }
    id = kAbsent;
    return nullptr;
  }

  // "{m}" is the meeting's id. `bad`: the request is refused before anybody looks for the meeting. Nothing: not reached, and as
  // it has to be then.
  std::optional<wire::HttpResponse> ask(const Target& to, const std::string& method, const std::string& target, const std::string& body, bool bad = false) {
    const auto with = [&](const std::string& id) { return house().call(callers()[to.caller], method, replaced(target, "{m}", id), replaced(body, "{m}", id)); };
    const std::string id = to.meeting != nullptr ? to.meeting->id : kAbsent;
    const std::string what = method + " " + target + " " + body;
    auto answer = with(id);
    check_answer(answer, what);
    if (to.caller == kLimited || bad) {
      check(answer.status == (to.caller == kLimited ? 403 : 400), what + ": " + answer.body);
      return std::nullopt;
    }
    if (to.reaches()) return answer;
    const auto none = with(kAbsent);
    check(answer.status == 404 && none.status == 404, what + ": reached");
    check(replaced(answer.body, id, kAbsent) == none.body && answer.headers == none.headers, what + ": " + answer.body + " and not " + none.body);
    return std::nullopt;
  }
  static std::string text(const bj::object& body) { return bj::serialize(body); }

  void expect(const wire::HttpResponse& r, int status, const char* code, const char* what) {
    check(r.status == status, std::string(what) + ": " + std::to_string(r.status) + " " + r.body);
    if (*code != 0) check(json::text_or(body_of(r), "Code") == code, std::string(what) + ": " + r.body);
  }
  // The attendee that an answer shows is this one; a new one has an id and a token that nobody has had.
  void expect_attendee(const bj::object& shown, const Attendee& a) {
    const std::string all = bj::serialize(shown);
    check(json::text_or(shown, "AttendeeId") == a.id && json::text_or(shown, "ExternalUserId") == a.external && json::text_or(shown, "JoinToken") == a.token, "another attendee: " + all);
    check(shown.at("Capabilities").as_object() == json_of(a.may), "other capabilities: " + all);
  }
  Attendee made_attendee(const bj::object& shown, const Meeting& m, const std::string& external, const std::optional<wire::AttendeeCapabilities>& asked) {
    Attendee a{json::text_or(shown, "AttendeeId"), external, json::text_or(shown, "JoinToken"), *chime::capabilities_for(m.features, asked)};
    expect_attendee(shown, a);
    check(ids_.insert(a.id).second && ids_.insert(a.token).second, "an id or a token again: " + a.id);
    return a;
  }

  void create() {
    const auto who = static_cast<std::size_t>(next()) % 3;
    const int token = next() % 4, variant = next();
    const bool with_attendees = variant & 4;
    const int count = with_attendees ? (variant >> 3) % 5 : 0;
    bj::object body{{"ClientRequestToken", "token-" + std::to_string(token)}, {"MediaRegion", "local"}, {"ExternalMeetingId", "room"}};
    chime::MeetingFeatures features;
    if (variant % 4 == 1) features.video = "None";
    if (variant % 4 == 2) features.content = "None";
    body["MeetingFeatures"] = features.to_json();
    if (variant % 4 == 3) body["Tags"] = bj::array{bj::object{{"Key", "a"}, {"Value", "1"}}};
    bj::array wanted;
    for (int i = 0; i < count; ++i) wanted.push_back(bj::object{{"ExternalUserId", i == 3 ? "aws:x" : "u" + std::to_string(i)}});
    const std::size_t good = static_cast<std::size_t>(std::min(count, 3));
    if (with_attendees) body["Attendees"] = wanted;
    const std::int64_t live = house().live();
    const auto answer = house().call(callers()[who], "POST", with_attendees ? "/meetings?operation=create-attendees" : "/meetings", text(body));
    check_answer(answer, "create " + text(body));
    if (who == kLimited) return expect(answer, 403, "Forbidden", "create without the permission");
    if (with_attendees && count == 0) return expect(answer, 400, "BadRequest", "create with nobody");
    const std::string parameters = text(body);
    const auto earlier = made_.find({who, token});
    const bool known = earlier != made_.end() && house().wall() - earlier->second.at <= Duration::s(86'400);
    if (known && earlier->second.parameters != parameters) return expect(answer, 409, "Conflict", "another request with the same token");
    if (!known && live >= static_cast<std::int64_t>(kLiveMax)) return expect(answer, 400, "ResourceLimitExceeded", "create at the limit");
    expect(answer, 200, "", "create");
    const bj::object said = body_of(answer);
    const std::string id = json::text_or(said.at("Meeting").as_object(), "MeetingId");
    Meeting* m = nullptr;
    if (known) {
      m = &meetings_[earlier->second.meeting];
      check(m->id == id, "a token gave another meeting");
    } else {
      check(ids_.insert(id).second, "a meeting's id again");
      meetings_.push_back({id, who, features, false, {}, {}});
      m = &meetings_.back();
      made_[{who, token}] = {meetings_.size() - 1, parameters, house().wall()};
      if (variant % 4 == 3) m->tags["a"] = "1";
    }
    if (!with_attendees) return;
    const bj::array& shown = said.at("Attendees").as_array();
    check(shown.size() == good && said.at("Errors").as_array().size() == (count > 3 ? 1u : 0u), "attendees of " + answer.body);
    for (std::size_t i = 0; i < good; ++i) {
      const std::string external = "u" + std::to_string(i);
      if (!known) m->attendees.push_back(made_attendee(shown[i].as_object(), *m, external, std::nullopt));
      else if (Attendee* a = m->live(external)) expect_attendee(shown[i].as_object(), *a);
      else check(json::text_or(shown[i].as_object(), "ExternalUserId") == external, "another attendee");
    }
  }

  void add() {
    const Target to = pick();
    const std::string external = "u" + std::to_string(next() % 8);
    const auto asked = capabilities(next());
    bj::object body{{"ExternalUserId", external}};
    if (asked) body["Capabilities"] = json_of(*asked);
    const auto answer = ask(to, "POST", "/meetings/{m}/attendees", text(body));
    if (!answer) return;
    if (Attendee* a = to.meeting->live(external)) return expect_attendee(body_of(*answer).at("Attendee").as_object(), *a);
    if (!chime::capabilities_for(to.meeting->features, asked)) return expect(*answer, 400, "BadRequest", "add with what never goes together");
    if (to.meeting->count() >= service::ProgramMeetings::kAttendeesMax) return expect(*answer, 400, "ResourceLimitExceeded", "one more than a thousand");
    expect(*answer, 200, "", "add");
    to.meeting->attendees.push_back(made_attendee(body_of(*answer).at("Attendee").as_object(), *to.meeting, external, asked));
  }

  void batch() {
    const Target to = pick();
    const int begin = next() * 4, count = next() % 103;
    bj::array wanted;
    for (int i = 0; i < count; ++i) wanted.push_back(bj::object{{"ExternalUserId", "u" + std::to_string(begin + i)}});
    const auto answer = ask(to, "POST", "/meetings/{m}/attendees?operation=batch-create", text({{"Attendees", wanted}}), count < 1 || count > 100);
    if (!answer) return;
    expect(*answer, 200, "", "batch");
    const bj::object said = body_of(*answer);
    const bj::array &shown = said.at("Attendees").as_array(), &errors = said.at("Errors").as_array();
    check(shown.size() + errors.size() == wanted.size(), "somebody of a batch is missing");
    std::size_t at = 0;
    for (const bj::value& one : wanted) {
      const std::string external = json::text_or(one.as_object(), "ExternalUserId");
      if (Attendee* a = to.meeting->live(external)) {
        expect_attendee(shown.at(at++).as_object(), *a);
      } else if (to.meeting->count() < service::ProgramMeetings::kAttendeesMax) {
        to.meeting->attendees.push_back(made_attendee(shown.at(at++).as_object(), *to.meeting, external, std::nullopt));
      }
    }
    check(at == shown.size(), "more attendees than there is room for");
    for (const bj::value& e : errors) check(json::text_or(e.as_object(), "ErrorCode") == "ResourceLimitExceeded", answer->body);
  }

  void get_meeting() {
    const Target to = pick();
    const auto answer = ask(to, "GET", "/meetings/{m}", "");
    if (!answer) return;
    expect(*answer, 200, "", "get");
    const bj::object said = body_of(*answer);
    check(json::text_or(said.at("Meeting").as_object(), "MeetingId") == to.meeting->id, answer->body);
    check(said.at("Meeting").at("MeetingFeatures").as_object() == to.meeting->features.to_json(), answer->body);
    tags(to);
  }

  void get_attendee() {
    const Target to = pick();
    std::string id;
    Meeting* in = nullptr;
    const Attendee* a = pick_attendee(id, in);
    const auto answer = ask(to, "GET", "/meetings/{m}/attendees/" + id, "");
    if (!answer) return;
    if (a == nullptr || in != to.meeting || a->removed) return expect(*answer, 404, "NotFound", "an attendee who is not there");
    expect(*answer, 200, "", "get attendee");
    expect_attendee(body_of(*answer).at("Attendee").as_object(), *a);
  }

  // All pages; `cut`: who stands last on the first is deleted before the second is asked for.
  void list(const Target& to, int size, bool cut) {
    std::set<std::string> seen;
    std::string token;
    for (int pages = 0;; ++pages) {
      check(pages <= static_cast<int>(service::ProgramMeetings::kAttendeesMax), "a list without an end");
      const auto answer = ask(to, "GET", "/meetings/{m}/attendees?max-results=" + std::to_string(size) + (token.empty() ? "" : "&next-token=" + token), "", size > 100);
      if (!answer) return;
      expect(*answer, 200, "", "list");
      const bj::object said = body_of(*answer);
      const bj::array& page = said.at("Attendees").as_array();
      check(page.size() <= static_cast<std::size_t>(size), "a page that is too long");
      for (const bj::value& one : page) {
        const Attendee* a = to.meeting->live(json::text_or(one.as_object(), "ExternalUserId"));
        check(a != nullptr, "somebody who is not there: " + bj::serialize(one));
        expect_attendee(one.as_object(), *a);
        check(seen.insert(a->id).second, "somebody twice");
      }
      token = json::text_or(said, "NextToken");
      if (token.empty()) break;
      check(page.size() == static_cast<std::size_t>(size), "a page that is not full, and another behind it");
      if (!std::exchange(cut, false)) continue;
      const std::string last = json::text_or(page.back().as_object(), "AttendeeId");
      expect(house().call(callers()[to.caller], "DELETE", "/meetings/" + to.meeting->id + "/attendees/" + last, ""), 204, "", "delete the last of a page");
      for (Attendee& a : to.meeting->attendees) a.removed |= a.id == last;
      seen.erase(last);
    }
    check(seen.size() == to.meeting->count(), "the list has " + std::to_string(seen.size()) + " of " + std::to_string(to.meeting->count()));
  }

  void set_capabilities() {
    const Target to = pick();
    std::string id;
    Meeting* in = nullptr;
    Attendee* a = pick_attendee(id, in);
    const auto asked = capabilities(next());
    const auto answer = ask(to, "PUT", "/meetings/{m}/attendees/" + id + "/capabilities", text(asked ? bj::object{{"Capabilities", json_of(*asked)}} : bj::object()), !asked);
    if (!answer) return;
    if (!chime::capabilities_for(to.meeting->features, asked)) return expect(*answer, 400, "BadRequest", "capabilities that never go together");
    if (a == nullptr || in != to.meeting || a->removed) return expect(*answer, 404, "NotFound", "capabilities of nobody");
    expect(*answer, 200, "", "capabilities");
    a->may = *asked;
    expect_attendee(body_of(*answer).at("Attendee").as_object(), *a);
  }

  void set_capabilities_except() {
    const Target to = pick();
    std::string id;
    Meeting* in = nullptr;
    const Attendee* a = pick_attendee(id, in);
    const auto asked = capabilities(next());
    bj::object body{{"ExcludedAttendeeIds", {{{"AttendeeId", id}}}}};
    if (asked) body["Capabilities"] = json_of(*asked);
    const auto answer = ask(to, "PUT", "/meetings/{m}/attendees/capabilities?operation=batch-update-except", text(body), !asked);
    if (!answer) return;
    if (!chime::capabilities_for(to.meeting->features, asked)) return expect(*answer, 400, "BadRequest", "capabilities that never go together");
    if (a == nullptr || in != to.meeting || a->removed) return expect(*answer, 404, "NotFound", "all but nobody");
    expect(*answer, 200, "", "capabilities of all but one");
    for (Attendee& other : to.meeting->attendees) {
      if (!other.removed && &other != a) other.may = *asked;
    }
  }

  void remove() {
    const Target to = pick();
    std::string id;
    Meeting* in = nullptr;
    Attendee* a = pick_attendee(id, in);
    const auto answer = ask(to, "DELETE", "/meetings/{m}/attendees/" + id, "");
    if (!answer) return;
    const bool there = a != nullptr && in == to.meeting && !a->removed;
    expect(*answer, there ? 204 : 404, "", "delete attendee");
    if (there) a->removed = true;
  }

  void end() {
    const Target to = pick();
    const auto answer = ask(to, "DELETE", "/meetings/{m}", "");
    if (!answer) return;
    expect(*answer, 204, "", "delete meeting");
    to.meeting->ended = true;
  }

  static constexpr const char* kArn = "arn:aws:chime:local:000000000000:meeting/{m}";
  void tag() {
    const Target to = pick();
    const int begin = next(), count = next() % 53;
    bj::array list;
    for (int i = 0; i < count; ++i) list.push_back(bj::object{{"Key", "k" + std::to_string((begin + i) % 64)}, {"Value", std::to_string(begin)}});
    const auto answer = ask(to, "POST", "/tags?operation=tag-resource", text({{"ResourceARN", kArn}, {"Tags", list}}), list.size() > chime::kTagsMax);
    if (!answer) return;
    auto after = to.meeting->tags;
    for (const bj::value& one : list) after[json::text_or(one.as_object(), "Key")] = json::text_or(one.as_object(), "Value");
    if (after.size() > chime::kTagsMax) return expect(*answer, 400, "TooManyTags", "more tags than there may be");
    expect(*answer, 204, "", "tag");
    to.meeting->tags = std::move(after);
  }
  void untag() {
    const Target to = pick();
    const std::string key = "k" + std::to_string(next() % 64);
    const auto answer = ask(to, "POST", "/tags?operation=untag-resource", text({{"ResourceARN", kArn}, {"TagKeys", {key}}}));
    if (!answer) return;
    expect(*answer, 204, "", "untag");
    to.meeting->tags.erase(key);
  }
  void tags(const Target& to) {
    const auto answer = ask(to, "GET", std::string("/tags?arn=") + kArn, "");
    if (!answer) return;
    const bj::object said = body_of(*answer);
    std::map<std::string, std::string> shown;
    for (const bj::value& one : said.at("Tags").as_array()) shown[json::text_or(one.as_object(), "Key")] = json::text_or(one.as_object(), "Value");
    check(shown == to.meeting->tags, "other tags: " + answer->body);
  }

  // Whatever the rest of the line says, by a program of its own: target, a zero, body.
  void wild() {
    const char* const method = std::array{"GET", "POST", "PUT", "DELETE"}[next() % 4u];
    std::string target = "/", body;
    for (std::string* to = &target; left_ > 0;) {
      const char c = static_cast<char>(next());
      if (c == '\n') break;
      if (c == 0 && to == &target) to = &body;
      else to->push_back(c);
    }
    const auto answer = house().call(callers()[kWild], method, target, body);
    if (answer.headers.empty() || answer.status == 401) return;  // no target at all, or one that is not signed as it is read
    check_answer(answer, target);
  }

  const std::uint8_t* data_;
  std::size_t left_;
  std::vector<Meeting> meetings_ = [] { std::vector<Meeting> out; out.reserve(64); return out; }();
  std::map<std::pair<std::size_t, int>, Made> made_;
  std::set<std::string> ids_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Program(data, size).run();
  return 0;
}
