#include "rtc/sdp/sdp_writer.hpp"

namespace upcall::rtc {

namespace {

void line(std::string& out, std::string_view text) {
  out += text;
  out += "\r\n";
}

bool is_ipv6(std::string_view address) { return address.find(':') != std::string_view::npos; }

void write_codec(std::string& out, const SdpCodec& codec) {
  const std::string pt = std::to_string(codec.payload_type);
  // A static payload type, or one that was offered without a map, has none (RFC 8866 §6.6).
  if (codec.name.empty()) return;
  std::string map = "a=rtpmap:" + pt + " " + codec.name + "/" + std::to_string(codec.clock_rate);
  if (codec.channels > 1) map += "/" + std::to_string(codec.channels);
  line(out, map);
  for (const std::string& feedback : codec.feedback) line(out, "a=rtcp-fb:" + pt + " " + feedback);
  if (!codec.fmtp.empty()) line(out, "a=fmtp:" + pt + " " + codec.fmtp);
}

void write_candidates(std::string& out, const SdpTransport& transport) {
  // Host candidates of one component; the local preference falls with the order given (RFC 8445 §5.1.2.1).
  std::uint32_t preference = 65535, tcp_preference = 8191;
  int foundation = 1;
  for (const SdpCandidate& c : transport.candidates) {
    if (!c.udp) {
      // After all of UDP; passive: the client connects. Direction preference 2 of RFC 6544 §4.2.
      const std::uint32_t priority = 90u << 24 | (2u << 13 | tcp_preference--) << 8 | 255u;
      line(out, "a=candidate:" + std::to_string(foundation++) + " 1 tcp " + std::to_string(priority) + " " + c.address + " " +
                    std::to_string(c.port) + " typ host tcptype passive");
      continue;
    }
    const std::uint32_t priority = 126u << 24 | preference-- << 8 | 255u;
    line(out, "a=candidate:" + std::to_string(foundation++) + " 1 udp " + std::to_string(priority) + " " + c.address +
                  " " + std::to_string(c.port) + " typ host");
  }
  line(out, "a=end-of-candidates");
}

void write_section(std::string& out, const SdpTransport& transport, const SdpMedia& media, bool with_candidates) {
  const bool rejected = media.port == 0;
  const bool known = !transport.candidates.empty() && !rejected;
  const std::uint16_t port = rejected ? 0 : known ? transport.candidates.front().port : 9;
  std::string head = "m=" + media.kind + " " + std::to_string(port) + " UDP/TLS/RTP/SAVPF";
  for (const SdpCodec& codec : media.codecs) head += " " + std::to_string(codec.payload_type);
  line(out, head);
  const std::string address = known ? transport.candidates.front().address : "0.0.0.0";
  line(out, std::string(is_ipv6(address) ? "c=IN IP6 " : "c=IN IP4 ") + address);
  line(out, "a=rtcp:9 IN IP4 0.0.0.0");
  if (with_candidates && !transport.candidates.empty()) write_candidates(out, transport);
  line(out, "a=ice-ufrag:" + transport.ice_ufrag);
  line(out, "a=ice-pwd:" + transport.ice_pwd);
  line(out, "a=fingerprint:sha-256 " + transport.fingerprint);
  line(out, "a=setup:" + transport.setup);
  line(out, "a=mid:" + media.mid);
  for (const SdpExtMap& e : media.extensions) line(out, "a=extmap:" + std::to_string(e.id) + " " + e.uri);
  line(out, "a=" + std::string(to_string(media.direction)));
  if (!media.msid.empty()) line(out, "a=msid:" + media.msid);
  line(out, "a=rtcp-mux");
  line(out, "a=rtcp-rsize");
  for (const SdpCodec& codec : media.codecs) write_codec(out, codec);
  for (const std::string& rid : media.simulcast_receive) line(out, "a=rid:" + rid + " recv");
  for (const std::string& rid : media.simulcast_send) line(out, "a=rid:" + rid + " send");
  const auto joined = [](const std::vector<std::string>& rids) {
    std::string all;
    for (const std::string& rid : rids) all += (all.empty() ? "" : ";") + rid;
    return all;
  };
  if (!media.simulcast_receive.empty()) line(out, "a=simulcast:recv " + joined(media.simulcast_receive));
  if (!media.simulcast_send.empty()) line(out, "a=simulcast:send " + joined(media.simulcast_send));
  for (const auto& [primary, rtx] : media.fid_groups) {
    line(out, "a=ssrc-group:FID " + std::to_string(primary) + " " + std::to_string(rtx));
  }
  for (const SdpSsrc& s : media.ssrcs) {
    line(out, "a=ssrc:" + std::to_string(s.ssrc) + " cname:" + s.cname);
  }
}

}  // namespace

std::string write_sdp(std::uint64_t session_id, std::uint32_t version, const SdpTransport& transport,
                      const std::vector<SdpMedia>& media) {
  std::string out;
  out.reserve(2048 + media.size() * 1024);
  line(out, "v=0");
  line(out, "o=- " + std::to_string(session_id) + " " + std::to_string(version) + " IN IP4 127.0.0.1");
  line(out, "s=-");
  line(out, "t=0 0");
  // After t=: Chromium refuses a description that has it before.
  if (transport.ice_lite) line(out, "a=ice-lite");
  std::string bundle = "a=group:BUNDLE";
  for (const SdpMedia& m : media) {
    if (m.port != 0) bundle += " " + m.mid;  // a rejected section leaves the bundle (RFC 9143 §7.3.3)
  }
  line(out, bundle);
  line(out, "a=extmap-allow-mixed");
  line(out, "a=msid-semantic: WMS *");
  bool first = true;
  for (const SdpMedia& m : media) {
    write_section(out, transport, m, first && m.port != 0);
    if (m.port != 0) first = false;
  }
  return out;
}

}  // namespace upcall::rtc
