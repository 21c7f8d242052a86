#include "service/hooks/hook_message.hpp"

#include <algorithm>

#include "base/wall_text.hpp"
#include "crypto/hmac.hpp"
#include "wire/url.hpp"
#include "json/json.hpp"

namespace upcall::service {

namespace bj = boost::json;

namespace {
constexpr Duration kFirstPause = Duration::s(5), kLongestPause = Duration::s(3600), kGiveUp = Duration::s(24 * 3600);
constexpr std::size_t kUrlMax = 2048;
}  // namespace

std::string hook_body(const store::OutboxEvent& event, const std::vector<std::pair<std::string, std::string>>& extra) {
  bj::object data;
  if (auto parsed = json::parse_object(event.body)) data = std::move(*parsed);
  for (const auto& [name, value] : extra) data[name] = value;
  return bj::serialize(bj::object{{"id", event.event_id}, {"type", event.type}, {"timestamp", to_iso8601(event.at)},
                                  {"sequence", event.seq}, {"meeting", event.meeting_id}, {"data", std::move(data)}});
}

std::string hook_signature(Bytes secret, std::string_view id, std::int64_t unix_seconds, std::string_view body) {
  const std::string signed_text = std::string(id) + "." + std::to_string(unix_seconds) + "." + std::string(body);
  return "v1," + to_base64(crypto::hmac_sha256(secret, as_bytes(signed_text)));
}

std::string secret_text(Bytes secret) { return "whsec_" + to_base64(secret); }

std::optional<Duration> hook_pause(int attempts_made, Duration since_first, RandomSource& random) {
  if (since_first >= kGiveUp) return std::nullopt;
  Duration pause = kFirstPause;
  for (int i = 1; i < attempts_made && pause < kLongestPause; ++i) pause = pause * 2;
  pause = std::min(pause, kLongestPause);
  const auto spread = static_cast<std::int64_t>((random.unit() - 0.5) * 0.4 * static_cast<double>(pause.ns()));
  return pause + Duration::ns(spread);
}

Result<void> check_hook_url(std::string_view url, bool plain_allowed) {
  const auto parsed = wire::parse_url(url);
  if (!parsed || url.size() > kUrlMax || url.find('@') != std::string_view::npos || url.find('#') != std::string_view::npos) {
    return fail(ErrorCode::invalid_argument, "The address of a webhook must be https://HOST/PATH, without user and fragment.");
  }
  if (!parsed->tls && !plain_allowed) {
    return fail(ErrorCode::invalid_argument, "The address of a webhook must begin with https://, or allow private addresses first (parameter webhookAllowPrivate).");
  }
  return {};
}

Result<void> check_hook_events(std::string_view patterns) {
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '*' || c == ' '; };
  if (patterns.empty() || patterns.size() > 500 || !std::all_of(patterns.begin(), patterns.end(), plain)) {
    return fail(ErrorCode::invalid_argument, "Events are names like recording.stored or patterns like recording.* and *.");
  }
  return {};
}

}  // namespace upcall::service
