#include "web_sockets.hpp"

#include <deque>
#include <memory>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/websocket.hpp>

#include "wire/url.hpp"

namespace upcall::bench {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;

namespace {

class Client final : public WebSockets::Socket, public std::enable_shared_from_this<Client> {
 public:
  Client(asio::io_context& context, WebSockets::Events events) : stream_(context), events_(std::make_shared<WebSockets::Events>(std::move(events))) {}

  void open(const asio::ip::tcp::endpoint& endpoint, const std::string& host, const std::string& target, const std::string& subprotocols) {
    stream_.set_option(websocket::stream_base::timeout::suggested(beast::role_type::client));
    stream_.set_option(websocket::stream_base::decorator([subprotocols](websocket::request_type& request) {
      request.set(beast::http::field::sec_websocket_protocol, subprotocols);
    }));
    stream_.read_message_max(4 << 20);
    beast::get_lowest_layer(stream_).async_connect(endpoint, [self = shared_from_this(), host, target](beast::error_code error) {
      if (error) return self->ended();
      boost::system::error_code ignored;
      beast::get_lowest_layer(self->stream_).socket().set_option(asio::ip::tcp::no_delay(true), ignored);
      self->stream_.async_handshake(host, target, [self](beast::error_code refused) {
        if (refused) return self->ended();
        self->is_open_ = true;
        self->read();
        if (const auto events = self->events_) events->opened();
        self->write();
      });
    });
  }

  void send(std::string message) override { queue(std::move(message), false); }
  void send_text(std::string message) override { queue(std::move(message), true); }

  void drop() override {
    events_.reset();
    dropped_ = true;
    finish();
  }

 private:
  void queue(std::string message, bool is_text) {
    waiting_.emplace_back(std::move(message), is_text);
    write();
  }
  void read() {
    stream_.async_read(buffer_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (error) return self->ended();
      const auto data = self->buffer_.cdata();
      if (const auto events = self->events_) events->message({static_cast<const std::uint8_t*>(data.data()), data.size()});
      self->buffer_.consume(self->buffer_.size());
      self->read();
    });
  }
  void write() {
    if (!is_open_ || writing_ || waiting_.empty()) return;
    writing_ = true;
    stream_.text(waiting_.front().second);
    stream_.async_write(asio::buffer(waiting_.front().first), [self = shared_from_this()](beast::error_code error, std::size_t) {
      self->writing_ = false;
      self->waiting_.pop_front();
      if (error) return;  // the read tells
      self->write();
      self->finish();
    });
  }
  void finish() {
    if (!dropped_ || writing_ || !waiting_.empty()) return;
    boost::system::error_code ignored;
    beast::get_lowest_layer(stream_).socket().close(ignored);
  }
  void ended() {
    if (!events_) return;
    const auto events = std::exchange(events_, nullptr);
    const auto code = stream_.reason().code;
    events->closed(code == 0 ? std::uint16_t(1006) : code);
  }

  websocket::stream<beast::tcp_stream> stream_;
  std::shared_ptr<WebSockets::Events> events_;   // a callback may drop what called it
  beast::flat_buffer buffer_;
  std::deque<std::pair<std::string, bool>> waiting_;
  bool is_open_ = false, writing_ = false, dropped_ = false;
};

}  // namespace

struct WebSockets::Impl {
  asio::io_context context{1};
};

WebSockets::WebSockets() : impl_(std::make_unique<Impl>()) {}
WebSockets::~WebSockets() = default;

std::shared_ptr<WebSockets::Socket> WebSockets::open(const std::string& url, const std::vector<std::string>& subprotocols, Events events) {
  const auto parsed = wire::parse_url(url);
  if (!parsed || parsed->tls) return nullptr;
  boost::system::error_code error;
  const auto address = asio::ip::make_address(parsed->host, error);
  if (error) return nullptr;
  std::string offered;
  for (const std::string& name : subprotocols) offered += (offered.empty() ? "" : ", ") + name;
  auto client = std::make_shared<Client>(impl_->context, std::move(events));
  client->open({address, parsed->port}, parsed->authority(), parsed->target, offered);
  return client;
}

void WebSockets::poll() {
  impl_->context.restart();
  impl_->context.poll();
}

}  // namespace upcall::bench
