// What an attendee may send and receive: its microphone and what it hears, its camera and the others', shares of screens.
// Between the meetings' interface, the store (as text), the control of a meeting and its media.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace upcall::wire {

enum class MediaCapability : std::uint8_t { none, send, receive, send_receive };

constexpr bool may_send(MediaCapability c) { return c == MediaCapability::send || c == MediaCapability::send_receive; }
constexpr bool may_receive(MediaCapability c) { return c == MediaCapability::receive || c == MediaCapability::send_receive; }

// The vendor's words.
constexpr std::string_view to_string(MediaCapability c) {
  switch (c) {
    case MediaCapability::none: return "None";
    case MediaCapability::send: return "Send";
    case MediaCapability::receive: return "Receive";
    case MediaCapability::send_receive: return "SendReceive";
  }
  return "None";
}
constexpr std::optional<MediaCapability> media_capability_from(std::string_view text) {
  for (const auto c : {MediaCapability::none, MediaCapability::send, MediaCapability::receive, MediaCapability::send_receive}) {
    if (to_string(c) == text) return c;
  }
  return std::nullopt;
}

struct AttendeeCapabilities {
  MediaCapability audio = MediaCapability::send_receive, video = MediaCapability::send_receive, content = MediaCapability::send_receive;
  bool operator==(const AttendeeCapabilities&) const = default;
};

// As it is stored: "SendReceive Receive None". An empty text is everything.
inline std::string to_text(const AttendeeCapabilities& c) {
  return std::string(to_string(c.audio)) + " " + std::string(to_string(c.video)) + " " + std::string(to_string(c.content));
}
inline std::optional<AttendeeCapabilities> attendee_capabilities_from(std::string_view text) {
  AttendeeCapabilities out;
  if (text.empty()) return out;
  const std::array<MediaCapability*, 3> parts{&out.audio, &out.video, &out.content};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::size_t end = text.find(' ');
    if ((end == std::string_view::npos) != (i + 1 == parts.size())) return std::nullopt;
    const auto part = media_capability_from(text.substr(0, end));
    if (!part) return std::nullopt;
    *parts[i] = *part;
    if (end != std::string_view::npos) text.remove_prefix(end + 1);
  }
  return out;
}

}  // namespace upcall::wire
