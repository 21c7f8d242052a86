#include "rtc/sdp/session_description.hpp"

#include <algorithm>
#include <charconv>

namespace upcall::rtc {

namespace {

// Splits off the text before `at`; the rest (without `at`) stays in `text`.
std::string_view cut(std::string_view& text, char at) {
  const std::size_t end = std::min(text.find(at), text.size());
  const std::string_view head = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return head;
}

template <class Int>
std::optional<Int> number(std::string_view text) {
  Int value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return lower(x) == lower(y);
  });
}

// "send low;~mid,alt;hi recv …" (RFC 8853 §5.1).
bool read_simulcast(std::string_view value, SdpMedia& media);

// A token that goes back into our own answer must not carry line ends or blanks.
bool is_token(std::string_view text, std::size_t max = 256) {
  return !text.empty() && text.size() <= max &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

SdpCodec* find_codec(SdpMedia& media, std::uint8_t payload_type) {
  for (SdpCodec& codec : media.codecs) {
    if (codec.payload_type == payload_type) return &codec;
  }
  return nullptr;
}

// Fields of transport that may stand at session level.
bool read_transport(std::string_view name, std::string_view value, SdpMedia& out, bool& valid) {
  if (name == "ice-ufrag") {
    valid = is_token(value);
    out.ice_ufrag = value;
  } else if (name == "ice-pwd") {
    valid = is_token(value);
    out.ice_pwd = value;
  } else if (name == "fingerprint") {
    out.fingerprint_hash = cut(value, ' ');
    out.fingerprint = value;
    std::transform(out.fingerprint.begin(), out.fingerprint.end(), out.fingerprint.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    valid = is_token(out.fingerprint_hash) && is_token(out.fingerprint);
  } else if (name == "setup") {
    valid = value == "actpass" || value == "active" || value == "passive" || value == "holdconn";
    out.setup = value;
  } else {
    return false;
  }
  return true;
}

bool read_media_line(std::string_view value, SdpMedia& media) {
  media.kind = cut(value, ' ');
  const auto port = number<std::uint16_t>(cut(value, ' '));
  const std::string_view protocol = cut(value, ' ');
  if (!port || !is_token(media.kind, 16) || !is_token(protocol)) return false;
  media.port = *port;
  if (media.kind != "audio" && media.kind != "video") return true;  // e.g. application: payloads mean something else
  while (!value.empty()) {
    const auto payload_type = number<std::uint8_t>(cut(value, ' '));
    if (!payload_type || *payload_type > 127 || media.codecs.size() >= kSdpPayloadsMax) return false;
    if (find_codec(media, *payload_type) != nullptr) return false;
    media.codecs.push_back(SdpCodec{.payload_type = *payload_type, .name = {}, .fmtp = {}, .feedback = {}});
  }
  return true;
}

bool read_rtpmap(std::string_view value, SdpMedia& media) {
  const auto payload_type = number<std::uint8_t>(cut(value, ' '));
  if (!payload_type) return false;
  SdpCodec* codec = find_codec(media, *payload_type);
  if (codec == nullptr) return true;  // for a payload type that the m= line does not list: no meaning
  codec->name = cut(value, '/');
  const auto rate = number<std::uint32_t>(cut(value, '/'));
  if (!rate || *rate == 0 || !is_token(codec->name, 64)) return false;
  codec->clock_rate = *rate;
  if (!value.empty()) {
    const auto channels = number<std::uint8_t>(value);
    if (!channels || *channels == 0) return false;
    codec->channels = *channels;
  }
  return true;
}

bool read_candidate(std::string_view value, SdpMedia& media) {
  SdpCandidate out;
  cut(value, ' ');  // foundation
  const auto component = number<std::uint32_t>(cut(value, ' '));
  const std::string_view protocol = cut(value, ' ');
  cut(value, ' ');  // priority
  out.address = cut(value, ' ');
  const auto port = number<std::uint16_t>(cut(value, ' '));
  const std::string_view typ = cut(value, ' ');
  out.type = cut(value, ' ');
  if (!component || *component < 1 || *component > 256 || !port || typ != "typ" || !is_token(out.address) ||
      !is_token(out.type, 16)) {
    return false;
  }
  out.udp = equal_ignoring_case(protocol, "udp");
  out.port = *port;
  if (media.candidates.size() < 64) media.candidates.push_back(std::move(out));
  return true;
}

bool read_simulcast(std::string_view value, SdpMedia& media) {
  while (!value.empty()) {
    const std::string_view direction = cut(value, ' ');
    std::string_view streams = cut(value, ' ');
    if ((direction != "send" && direction != "recv") || streams.empty()) return false;
    auto& list = direction == "send" ? media.simulcast_send : media.simulcast_receive;
    while (!streams.empty()) {
      std::string_view alternatives = cut(streams, ';');
      std::string_view rid = cut(alternatives, ',');
      if (rid.starts_with('~')) rid.remove_prefix(1);
      if (!is_token(rid, 16) || list.size() >= 16) return false;
      list.emplace_back(rid);
    }
  }
  return true;
}

bool read_attribute(std::string_view name, std::string_view value, SdpMedia& media, std::size_t& feedback_left) {
  bool valid = true;
  if (read_transport(name, value, media, valid)) return valid;
  if (name == "mid") {
    media.mid = value;
    return is_token(value, 16);  // mid extension: one-byte form carries 16 bytes
  }
  if (name == "sendrecv") media.direction = SdpDirection::sendrecv;
  else if (name == "sendonly") media.direction = SdpDirection::sendonly;
  else if (name == "recvonly") media.direction = SdpDirection::recvonly;
  else if (name == "inactive") media.direction = SdpDirection::inactive;
  else if (name == "rtcp-mux") media.rtcp_mux = true;
  else if (name == "bundle-only") media.bundle_only = true;
  else if (name == "rtpmap") return read_rtpmap(value, media);
  else if (name == "candidate") return read_candidate(value, media);
  else if (name == "msid") media.msid = value.substr(0, 256);
  else if (name == "fmtp") {
    const auto payload_type = number<std::uint8_t>(cut(value, ' '));
    if (!payload_type || value.size() > 512) return false;
    if (SdpCodec* codec = find_codec(media, *payload_type)) codec->fmtp = value;
  } else if (name == "rtcp-fb") {
    const std::string_view which = cut(value, ' ');
    const auto payload_type = number<std::uint8_t>(which);
    if (value.size() > 15) return true;  // longer than any that there is: like every unknown one, not ours to answer
    for (SdpCodec& codec : media.codecs) {
      if ((which == "*" || (payload_type && codec.payload_type == *payload_type)) && codec.feedback.size() < 16) {
        if (feedback_left == 0) return false;
        --feedback_left;
        codec.feedback.emplace_back(value);
      }
    }
  } else if (name == "extmap") {
    const std::string_view id_and_direction = cut(value, ' ');
    const auto id = number<std::uint16_t>(id_and_direction.substr(0, id_and_direction.find('/')));
    const std::string_view uri = cut(value, ' ');
    if (!id || *id == 0 || *id > 255 || !is_token(uri) || media.extensions.size() >= 64) return false;
    media.extensions.push_back({static_cast<std::uint8_t>(*id), std::string(uri)});
  } else if (name == "ssrc") {
    const auto ssrc = number<std::uint32_t>(cut(value, ' '));
    if (!ssrc) return false;
    auto at = std::find_if(media.ssrcs.begin(), media.ssrcs.end(), [&](const SdpSsrc& s) { return s.ssrc == *ssrc; });
    if (at == media.ssrcs.end()) {
      if (media.ssrcs.size() >= 32) return false;
      media.ssrcs.push_back({*ssrc, {}});
      at = media.ssrcs.end() - 1;
    }
    if (value.starts_with("cname:")) at->cname = value.substr(6, 256);
  } else if (name == "ssrc-group") {
    if (cut(value, ' ') == "FID") {
      const auto primary = number<std::uint32_t>(cut(value, ' '));
      const auto rtx = number<std::uint32_t>(cut(value, ' '));
      if (!primary || !rtx || media.fid_groups.size() >= 16) return false;
      media.fid_groups.emplace_back(*primary, *rtx);
    }
  } else if (name == "rid") {
    const std::string_view rid = cut(value, ' ');
    if (!is_token(rid, 16) || media.rids.size() >= 16) return false;
    media.rids.emplace_back(rid);
  } else if (name == "simulcast") {
    return read_simulcast(value, media);
  }
  return true;
}

}  // namespace

std::string_view to_string(SdpDirection direction) {
  switch (direction) {
    case SdpDirection::sendrecv: return "sendrecv";
    case SdpDirection::sendonly: return "sendonly";
    case SdpDirection::recvonly: return "recvonly";
    case SdpDirection::inactive: return "inactive";
  }
  return "inactive";
}

SdpDirection reversed(SdpDirection direction) {
  if (direction == SdpDirection::sendonly) return SdpDirection::recvonly;
  if (direction == SdpDirection::recvonly) return SdpDirection::sendonly;
  return direction;
}

const SdpCodec* SdpMedia::codec(std::string_view name) const {
  for (const SdpCodec& c : codecs) {
    if (equal_ignoring_case(c.name, name)) return &c;
  }
  return nullptr;
}

const SdpCodec* SdpMedia::rtx_for(std::uint8_t payload_type) const {
  const std::string apt = "apt=" + std::to_string(payload_type);
  for (const SdpCodec& c : codecs) {
    if (!equal_ignoring_case(c.name, "rtx")) continue;
    std::string_view rest = c.fmtp;
    while (!rest.empty()) {
      std::string_view parameter = cut(rest, ';');
      while (parameter.starts_with(' ')) parameter.remove_prefix(1);
      if (parameter == apt) return &c;
    }
  }
  return nullptr;
}

ParseResult<SessionDescription> parse_sdp(std::string_view text) {
  if (text.size() > kSdpTextMax) return fail(ParseError::too_long);
  SessionDescription out;
  SdpMedia session_level;
  bool seen_version = false;
  std::size_t lines = 0, payloads = 0, feedback_left = kSdpFeedbackOfAllMax;
  while (!text.empty()) {
    std::string_view line = cut(text, '\n');
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    if (line.size() < 2 || line[1] != '=') return fail(ParseError::malformed);
    if (++lines > kSdpLinesPerSectionMax) return fail(ParseError::too_long);
    const char type = line[0];
    std::string_view value = line.substr(2);
    if (!seen_version) {
      if (type != 'v' || value != "0") return fail(ParseError::malformed);
      seen_version = true;
      continue;
    }
    if (type == 'm') {
      if (out.media.size() >= kSdpSectionsMax) return fail(ParseError::too_long);
      lines = 0;
      out.media.emplace_back();
      if (!read_media_line(value, out.media.back())) return fail(ParseError::malformed);
      payloads += out.media.back().codecs.size();
      if (payloads > kSdpPayloadsOfAllMax) return fail(ParseError::too_long);
      continue;
    }
    if (type == 'o') out.origin = value;
    if (type != 'a') continue;
    const std::string_view name = cut(value, ':');
    if (!out.media.empty()) {
      if (!read_attribute(name, value, out.media.back(), feedback_left)) return fail(ParseError::malformed);
      continue;
    }
    bool valid = true;
    if (name == "ice-lite") {
      out.ice_lite = true;
    } else if (name == "group" && cut(value, ' ') == "BUNDLE") {
      while (!value.empty() && out.bundle.size() < kSdpSectionsMax) out.bundle.emplace_back(cut(value, ' '));
    } else {
      read_transport(name, value, session_level, valid);
      if (!valid) return fail(ParseError::malformed);
    }
  }
  if (!seen_version) return fail(ParseError::truncated);
  for (SdpMedia& media : out.media) {
    if (std::find(out.bundle.begin(), out.bundle.end(), media.mid) == out.bundle.end()) media.bundle_only = false;
    if (media.ice_ufrag.empty()) media.ice_ufrag = session_level.ice_ufrag;
    if (media.ice_pwd.empty()) media.ice_pwd = session_level.ice_pwd;
    if (media.fingerprint.empty()) {
      media.fingerprint = session_level.fingerprint;
      media.fingerprint_hash = session_level.fingerprint_hash;
    }
    if (media.setup.empty()) media.setup = session_level.setup;
  }
  return out;
}

}  // namespace upcall::rtc
