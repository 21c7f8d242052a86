// Ports, addresses for browsers, certificate, public address.
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/wall_text.hpp"
#include "io/net/http_client.hpp"
#include "io/net/tls_check.hpp"
#include "io/net/tls_identity.hpp"
#include "io/udp/udp_socket.hpp"
#include "json/json.hpp"
#include "server/doctor/checks.hpp"
#include "server/serve/own_addresses.hpp"
#include "wire/url.hpp"

namespace upcall::doctor {

namespace {

constexpr Duration kPatience = Duration::s(5);
constexpr Duration kRenewBefore = Duration::s(14 * 86'400);

// 0: it could be had.
int try_to_bind(const std::string& address, std::uint16_t port, int type) {
  const auto parsed = parse_ip(address, port);
  if (!parsed) return EINVAL;
  const int fd = ::socket(parsed->is_ipv6 ? AF_INET6 : AF_INET, type | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  if (type == SOCK_STREAM) {
    const int on = 1;  // as the server does: connections that have just ended are no obstacle
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  }
  socklen_t size = 0;
  const sockaddr_storage name = udp::to_sockaddr(*parsed, size);
  int why = ::bind(fd, reinterpret_cast<const sockaddr*>(&name), size) == 0 ? 0 : errno;
  if (why == 0 && type == SOCK_STREAM && ::listen(fd, 1) != 0) why = errno;
  ::close(fd);
  return why;
}

bool is_loopback(const NetAddress& a) {
  if (!a.is_ipv6) return a.ip[0] == 127;
  return std::all_of(a.ip.begin(), a.ip.begin() + 15, [](std::uint8_t b) { return b == 0; }) && a.ip[15] == 1;
}

bool is_loopback_text(const std::string& host) {
  const auto parsed = parse_ip(host, 0);
  return host == "localhost" || (parsed && is_loopback(*parsed));
}

// Whether a name or address leads to the internet.
bool leads_outside(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (::getaddrinfo(host.c_str(), nullptr, &hints, &list) != 0) return false;
  bool out = false;
  for (const addrinfo* i = list; i != nullptr; i = i->ai_next) {
    sockaddr_storage storage{};
    std::memcpy(&storage, i->ai_addr, std::min<std::size_t>(i->ai_addrlen, sizeof storage));
    if (i->ai_family == AF_INET || i->ai_family == AF_INET6) out = out || is_public(udp::from_sockaddr(storage));
  }
  ::freeaddrinfo(list);
  return out;
}

net::HttpClient patient_client(bool insecure) {
  net::HttpClientOptions options;
  options.timeout = kPatience;
  options.insecure = insecure;
  return net::HttpClient(std::move(options));
}

// What this server signs tokens with: no other server answers the same.
std::optional<std::string> signing_keys(net::HttpClient& client, const std::string& url) {
  auto answer = client.get(url + "/oauth2/jwks");
  if (!answer || answer->status != 200) return std::nullopt;
  const auto object = json::parse_object(answer->body);
  if (!object || !object->contains("keys")) return std::nullopt;
  return boost::json::serialize(object->at("keys"));
}

}  // namespace

void check_port(const Installation& at, Report& report) {
  const char* check = "port";
  const std::string place = at.listen_address + ":" + std::to_string(at.port);
  if (at.running) {
    net::HttpClient client = patient_client(true);
    const auto answer = client.get(at.local_url() + "/healthz");
    if (answer && answer->status == 200) return report.well(check, place + " answers");
    return report.fault(check, place + " does not answer, although the server runs", "browsers reach nothing", "look into its log (journalctl -u upcall), and whether a firewall of this host drops connections");
  }
  const int why = try_to_bind(at.listen_address, at.port, SOCK_STREAM);
  if (why == 0) return report.well(check, place + " is free for the server, which does not run");
  if (why == EADDRINUSE) return report.fault(check, "another program has port " + std::to_string(at.port), "the server does not start", "stop that program (ss -ltnp tells which), or choose another port with --listen");
  report.fault(check, "nothing can listen on " + place + ": " + std::strerror(why), "the server does not start", why == EACCES ? "ports below 1024 need a right (the packages' unit has it), or choose another port with --listen" : "correct --listen: an address of this host, or 0.0.0.0 for all");
}

void check_media_port(const Installation& at, Report& report) {
  const char* check = "media port";
  for (const udp::MediaAddress& m : at.media) {
    const std::string place = "UDP " + ip_text(m.bind) + ":" + std::to_string(m.bind.port);
    const int why = try_to_bind(ip_text(m.bind), m.bind.port, SOCK_DGRAM);
    if (at.running && why == 0) return report.fault(check, "nobody listens on " + place + ", although the server runs", "calls have neither pictures nor sound", "restart the server; its log says why it could not");
    if (!at.running && why == EADDRINUSE) return report.fault(check, "another program has " + place, "the server does not start", "stop that program (ss -lunp tells which), or choose another port with --media-port");
    if (!at.running && why != 0) return report.fault(check, "nothing can listen on " + place + ": " + std::strerror(why), "the server does not start", "correct --media-address: ADVERTISED=BIND, where BIND is an address of this host");
    const int why_tcp = try_to_bind(ip_text(m.bind), m.bind.port, SOCK_STREAM);
    if (at.running ? why_tcp == 0 : why_tcp == EADDRINUSE) {
      report.note("media over TCP", "TCP " + std::to_string(m.bind.port) + (at.running ? " is not the server's" : " is another program's"), "people whose network lets no UDP out cannot join", "free that port (ss -ltnp tells who has it), then restart the server");
    }
  }
  if (at.media.empty()) return report.fault(check, "this host has no address to receive media on", "the server does not start", "give --media-address");
  const std::string port = std::to_string(at.media.front().bind.port);
  report.well(check, at.running ? "UDP " + port + " is the server's" : "UDP " + port + " is free for the server, which does not run");
  report.note("firewall", "whether UDP and TCP " + port + " can be reached from outside cannot be seen from here", "where it is dropped on the way, calls connect and stay black", "allow it in firewalls and security groups, and try a call from another network");
}

void check_candidates(const Installation& at, Report& report) {
  const char* check = "addresses for browsers";
  if (at.media.empty()) return;
  std::string all;
  bool any_public = false, any_outside_loopback = false;
  for (const udp::MediaAddress& m : at.media) {
    all += (all.empty() ? "" : ", ") + ip_text(m.advertised);
    any_public = any_public || is_public(m.advertised);
    any_outside_loopback = any_outside_loopback || !is_loopback(m.advertised);
  }
  if (!any_outside_loopback) return report.fault(check, "media is offered on " + all + " only", "browsers do not use loopback addresses: calls connect and stay black", "--media-address auto, or the address that clients see: --media-address PUBLIC=PRIVATE");
  const auto url = wire::parse_url(at.public_url);
  if (!any_public && url && leads_outside(url->host)) {
    return report.fault(check, "media is offered on " + all + " only, and the public address is one of the internet", "browsers outside of this network cannot reach private addresses: calls stay black", "--media-address PUBLIC=PRIVATE, with the address that the internet sees");
  }
  report.well(check, all + (any_public ? "" : " (of this network only)"));
}

void check_certificate(const Installation& at, const Now& now, Report& report) {
  const char* check = "certificate";
  const auto url = wire::parse_url(at.public_url);
  if (!at.tls()) {
    if (url && url->tls) return report.well(check, "a proxy before the server speaks TLS (" + at.public_url + ")");
    if (is_loopback_text(url ? url->host : at.listen_address)) return report.well(check, "none, and none is needed on this host itself");
    return report.fault(check, "the server is reached without TLS", "browsers give cameras and microphones to secure pages only", "--tls-cert and --tls-key, --tls self-signed for a try, or a proxy with TLS and --public-url https://…");
  }
  const std::string file = at.tls_self_signed ? at.data_dir + "/tls/self-signed.crt" : at.tls_cert;
  const std::string key = at.tls_self_signed ? at.data_dir + "/tls/self-signed.key" : at.tls_key;
  auto identity = net::load_tls_identity(file, key);
  if (!identity && at.tls_self_signed && !at.running) return report.well(check, "a self-signed one is made at the start");
  if (!identity) return report.fault(check, identity.error().message, "the server does not start with it", "see docs/guides/certificates.md; then upcall tls reload");
  const auto facts = net::check_certificate(identity->certificate_pem, file, url && !at.tls_self_signed ? url->host : "", now.wall);
  if (!facts) return report.fault(check, facts.error().message, "browsers refuse the server", "see docs/guides/certificates.md; then upcall tls reload");
  const std::string end = to_iso8601(facts->not_after).substr(0, 10);
  if (!at.tls_self_signed && facts->not_after <= now.wall + kRenewBefore) return report.fault(check, "the certificate in " + file + " expires on " + end, "then browsers refuse the server; its renewal should have happened by now", "run the renewal by hand and see what it says; then upcall tls reload");
  if (at.tls_self_signed) return report.note(check, "it is self-signed, until " + end, "browsers warn of it, and phones may refuse cameras", "for more than a try, take one of an authority: docs/guides/certificates.md");
  report.well(check, "valid until " + end);
}

void check_public_url(const Installation& at, Report& report) {
  const char* check = "public address";
  const std::string url = at.look_at_url.empty() ? at.public_url : at.look_at_url;
  if (url.empty()) return report.well(check, "none is set: clients get the address by which they came");
  if (!at.running) return report.note(check, "whether " + url + " leads to this server is seen only while it runs", "links in mails and to films begin with it", "start the server and run this again");
  net::HttpClient outside = patient_client(false), local = patient_client(true);
  const auto answer = outside.get(url + "/healthz");
  if (!answer) {
    const bool tls = outside.fault() == net::HttpFault::tls;
    return report.fault(check, url + (tls ? " has a certificate that is not trusted here" : " does not answer: " + answer.error().message), "links in mails and to films begin with it, and browsers are sent there",
                        tls ? "take one of a known authority with its whole chain, or see that this host trusts yours" : "correct the name's DNS entry, the proxy or --public-url; from inside, some routers do not lead back to their own outer address");
  }
  const auto there = signing_keys(outside, url), here = signing_keys(local, at.local_url());
  if (!there || !here || *there != *here) return report.fault(check, url + " is another server", "links in mails and to films lead there", "correct the name's DNS entry, the proxy or --public-url");
  report.well(check, url + " leads to this server");
}

}  // namespace upcall::doctor
