#include "cli/meeting_table.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <cstdio>
#include <vector>

#include "json/json.hpp"

namespace upcall::cli {

namespace bj = boost::json;

namespace {

using Line = std::vector<std::string>;

std::string number(const bj::object& o, const char* name, const char* format = "%.0f") {
  const bj::value* v = o.if_contains(name);
  if (v == nullptr || !v->is_number()) return "-";
  char text[40];
  std::snprintf(text, sizeof text, format, v->to_number<double>());
  return text;
}

struct Words {
  const char* code;
  const char* text;    // %.0f: the value
};
constexpr Words kReasons[] = {
    {"gone", "nothing comes any more, for %.0f s"},
    {"narrow_up", "the network from this person is narrow: %.0f kbit/s"},
    {"narrow_down", "the network to this person is narrow: %.0f kbit/s"},
    {"loss_up", "%.0f %% of what this person sends is lost"},
    {"loss_down", "%.0f %% of what is sent to this person is lost"},
    {"delay", "the way is long: %.0f ms there and back"},
    {"jitter", "packets come unevenly, by %.0f ms"},
    {"sound_gaps", "the sound has gaps: %.0f %%"},
    {"picture_freezes", "the picture stands still %.0f %% of the time"},
    {"few_frames", "the picture stutters: %.0f a second"},
    {"camera_still", "the camera is on and sends nothing, for %.0f s"},
    {"busy_device", "the device is busy"},
};

std::string reason(const bj::object& person) {
  const bj::object* why = json::object_at(person, "reason");
  if (why == nullptr) return "";
  const std::string code = json::text_or(*why, "code");
  const bj::value* value = why->if_contains("value");
  for (const Words& words : kReasons) {
    if (code != words.code) continue;
    char text[120];
    std::snprintf(text, sizeof text, words.text, value != nullptr && value->is_number() ? value->to_number<double>() : 0);
    return text;
  }
  return code;
}

// Left-aligned, as wide as the widest; characters that take several bytes count as one.
std::string table(const std::vector<Line>& lines) {
  const auto width = [](const std::string& text) { return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; })); };
  std::vector<std::size_t> widths;
  for (const Line& line : lines) {
    widths.resize(std::max(widths.size(), line.size()));
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], width(line[i]));
  }
  std::string out;
  for (const Line& line : lines) {
    std::string row;
    for (std::size_t i = 0; i < line.size(); ++i) row += line[i] + std::string(i + 1 < line.size() ? widths[i] - width(line[i]) + 2 : 0, ' ');
    row.erase(row.find_last_not_of(' ') + 1);
    out += row + "\n";
  }
  return out;
}

std::string minutes(const bj::object& o, const char* name) {
  const bj::value* v = o.if_contains(name);
  if (v == nullptr || !v->is_number()) return "-";
  const auto seconds = static_cast<long long>(v->to_number<double>() / 1000);
  char text[40];
  std::snprintf(text, sizeof text, "%lld:%02lld", seconds / 60, seconds % 60);
  return text;
}

const bj::array* list(const bj::object& o, const char* name) {
  const bj::value* v = o.if_contains(name);
  return v != nullptr ? v->if_array() : nullptr;
}

std::string who(const bj::object& o) {
  const std::string name = json::text_or(o, "name");
  return name.empty() ? json::text_or(o, "attendeeId").substr(0, 8) : name;
}

}  // namespace

std::string meeting_table(const bj::value& meeting) {
  const bj::object* m = meeting.if_object();
  if (m == nullptr) return "";
  std::string out = "meeting " + json::text_or(*m, "meetingId") + "\n";
  if (const bj::array* stays = list(*m, "stays")) {
    out += "over" + (m->contains("endedAt") ? " since " + json::text_or(*m, "endedAt") : std::string()) + "\n";
    std::vector<Line> lines{{"WHO", "SCORE", "WORST", "THERE", "BAD", "FROM", "MOSTLY"}};
    for (const bj::value& v : *stays) {
      const bj::object* stay = v.if_object();
      const bj::object* sum = stay != nullptr ? json::object_at(*stay, "summary") : nullptr;
      if (sum == nullptr) continue;
      lines.push_back({who(*stay), number(*sum, "meanScore", "%.1f"), number(*sum, "worstScore", "%.1f"), minutes(*sum, "presentMs"), minutes(*sum, "badMs"), json::text_or(*stay, "beganAt"), json::text_or(*sum, "reason")});
    }
    return out + (lines.size() == 1 ? "nothing is kept of how people fared\n" : table(lines));
  }
  out += "people connected " + number(*m, "peopleConnected") + ", sockets " + number(*m, "sockets") + ", recordings " + number(*m, "taps") + "\n";
  if (const bj::array* people = list(*m, "people"); people != nullptr && !people->empty()) {
    std::vector<Line> lines{{"WHO", "SCORE", "SOUND", "PICTURE", "RTT", "JITTER", "LOSS UP", "DOWN", "KBIT/S UP", "DOWN", "WHY"}};
    for (const bj::value& v : *people) {
      const bj::object* p = v.if_object();
      if (p == nullptr) continue;
      lines.push_back({who(*p), number(*p, "score", "%.1f"), number(*p, "sound", "%.1f"), number(*p, "picture", "%.1f"), number(*p, "rttMs", "%.0f ms"), number(*p, "jitterMs", "%.0f ms"), number(*p, "lossUpPercent", "%.1f %%"), number(*p, "lossDownPercent", "%.1f %%"), number(*p, "sentKbps"), number(*p, "receivedKbps"), reason(*p)});
    }
    out += "\n" + table(lines);
  }
  if (const bj::array* connections = list(*m, "connections"); connections != nullptr && !connections->empty()) {
    std::vector<Line> lines{{"CONNECTION", "ICE", "DTLS", "SIGNAL", "PACKETS IN", "OUT", "LOST IN", "REPEATED", "ESTIMATE"}};
    for (const bj::value& v : *connections) {
      const bj::object* c = v.if_object();
      if (c == nullptr) continue;
      lines.push_back({json::text_or(*c, "attendeeId"), json::text_or(*c, "ice"), json::text_or(*c, "dtls"), json::text_or(*c, "signalStrength"), number(*c, "packetsIn"), number(*c, "packetsOut"), number(*c, "lostIn"), number(*c, "retransmitted"), number(*c, "estimateBps")});
    }
    out += "\n" + table(lines);
  }
  return out;
}

}  // namespace upcall::cli
