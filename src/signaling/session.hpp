// What the room knows of one signalling socket and the attendee behind it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "rtc/ice/credentials.hpp"
#include "signaling/session_limits.hpp"
#include "wire/attendee_capabilities.hpp"
#include "wire/sfu.hpp"

namespace upcall::signaling {

using SessionNo = StrongId<struct SessionNoTag>;

inline constexpr std::string_view kContentSuffix = "#content";

// Who a join token belongs to; a content share carries its owner's identity with content set.
struct AttendeeIdentity {
  std::string attendee_id;        // with "#content" for a content share
  std::string external_user_id;
  std::string display_name;
  bool content = false;
  wire::AttendeeCapabilities capabilities = {};  // of a content share its owner's

  std::string owner_id() const {
    return content ? attendee_id.substr(0, attendee_id.size() - kContentSuffix.size()) : attendee_id;
  }
};

struct Publication {
  std::uint32_t stream_id = 0;        // of its first layer: by it the media worker knows the publication
  std::uint32_t group_id = 0;
  std::uint32_t max_bitrate_kbps = 1500;
  // Of the same picture sent several times over, the smallest first; empty: one stream.
  struct Layer {
    std::uint32_t stream_id = 0, max_bitrate_kbps = 0;   // 0: not sent now
  };
  std::vector<Layer> layers;
  std::optional<std::size_t> layer_of(std::uint32_t stream) const {
    if (stream == stream_id) return 0;
    for (std::size_t i = 0; i < layers.size(); ++i) {
      if (layers[i].stream_id == stream) return i;
    }
    return std::nullopt;
  }
  std::uint32_t framerate = 15;
  std::uint16_t width = 0, height = 0;
  bool flowing = false;
};

struct Session {
  SessionNo no;
  AttendeeIdentity identity;
  wire::ConnectionNo connection;      // 0 until JOIN
  ice::Credentials local;
  std::uint64_t audio_session_id = 0;
  std::optional<std::uint8_t> takes;  // codecs of its last offer (CodecSet); nothing before
  std::uint32_t audio_stream_id = 0;  // 0 until connected
  std::uint32_t audio_ssrc = 0;
  std::uint32_t answer_version = 0;
  bool compresses = false;            // descriptions, as its JOIN asked
  std::string last_answer;            // of such a one: what the next is compressed against
  // What the last answer sends, by mid. An SSRC belongs to one stream in one section and is never used again.
  struct Sending {
    std::uint32_t stream_id = 0;      // of the publication
    std::uint32_t ssrc = 0, rtx_ssrc = 0;
  };
  std::map<std::string, Sending> sending;
  std::set<std::uint32_t> ssrcs_used;
  SessionLimits limits;
  std::optional<Publication> publication;
  bool joined = false;
  bool subscribed = false;
  bool connected = false;             // media flows: in the roster
  bool roster_sent = false;           // this socket got the full roster
  bool muted = false;
  bool mute_asked = false;            // what AUDIO_CONTROL said last
  Instant mute_due = Instant::never();
  bool relayed = false;               // was given a TURN server
  bool validated = false;             // an address of it passed a check
  Instant subscribed_at;              // the first time
  bool adapts_here = false;           // leaves it to the server what is held back for its bandwidth (its JOIN offers that)
  bool firefox = false;               // as its JOIN says
  wire::SfuLinkStrength link = wire::SfuLinkStrength::good;
  bool socket_open = true;
  bool retired = false;               // out of the meeting; kept until the socket is closed
  Instant opened_at, last_message_at;
  std::optional<Instant> lost_at;     // the socket went away without LEAVE
  std::uint32_t malformed = 0;
  std::uint64_t data_messages_seen = 0;  // number of the last one that this device was sent
};

}  // namespace upcall::signaling
