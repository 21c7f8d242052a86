// An upgrade that another process of this host serves: its request is said again there, and from then on bytes are carried
// both ways until either side ends. Nothing of what they mean is looked at.
#include <array>

#include <boost/asio/buffer.hpp>

#include "io/net/server_session_internal.hpp"

namespace upcall::net {

namespace {

constexpr Duration kConnect = Duration::s(2);
// Signalling pings every few seconds; what is silent for longer is dead at one end.
constexpr Duration kSilence = Duration::s(90);
constexpr std::size_t kPiece = 16 << 10;

// The other side as a stream with the same deadlines.
template <class From, class To>
asio::awaitable<void> carry(From& from, To& to) {
  std::array<char, kPiece> bytes;
  for (;;) {
    const auto room = asio::buffer(bytes);
    auto [ec, size] = co_await from.async_read_some(room, kAwait);
    if (ec) break;
    for (std::size_t at = 0; at < size;) {
      const auto view = asio::buffer(bytes.data() + at, size - at);
      auto [failed, written] = co_await to.async_write_some(view, kAwait);
      if (failed) co_return;
      at += written;
    }
    from.expires_after(kSilence);
    to.expires_after(kSilence);
  }
}

std::string head_of(const wire::HttpRequest& request) {
  std::string out = request.method + " " + request.target + " HTTP/1.1\r\n";
  for (const auto& [name, value] : request.headers) out += name + ": " + value + "\r\n";
  return out + "\r\n";
}

}  // namespace

asio::awaitable<void> Session::relay(const wire::HttpRequest& request, std::uint16_t port) {
  auto other = std::make_shared<Transport>(tcp::socket(thread_.context));
  other->expires_after(kConnect);
  const tcp::endpoint there(asio::ip::address_v4::loopback(), port);
  auto [ec] = co_await other->tcp_layer().async_connect(there, kAwait);
  if (ec) {
    (void)co_await refuse(request, 503, "this call is being moved; try again");
    co_return;
  }
  const std::string head = head_of(request);
  for (std::size_t at = 0; at < head.size();) {
    const auto view = asio::buffer(head.data() + at, head.size() - at);
    auto [failed, written] = co_await other->async_write_some(view, kAwait);
    if (failed) co_return;
    at += written;
  }
  count(shared_.counters.relayed);
  transport_.expires_after(kSilence);
  other->expires_after(kSilence);
  // Whichever direction ends first ends both.
  auto back = [](std::shared_ptr<Session> self, std::shared_ptr<Transport> from) -> asio::awaitable<void> {
    co_await carry(*from, self->transport_);
    from->close();
    self->transport_.close();
  };
  asio::co_spawn(thread_.context, back(shared_from_this(), other), asio::detached);
  co_await carry(transport_, *other);
  other->close();
  transport_.close();
}

}  // namespace upcall::net
