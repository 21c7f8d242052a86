#include "io/net/http_client.hpp"

#include <algorithm>
#include <array>
#include <atomic>

#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>

#include "io/clock/system_clock.hpp"
#include "io/net/client_connect_internal.hpp"

namespace upcall::net {

namespace http = beast::http;

namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return out;
}

constexpr std::size_t kPiece = 64 << 10;

bool splits(std::string_view text) { return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos; }

}  // namespace

std::optional<std::string_view> HttpClientResponse::header(std::string_view lower_name) const {
  for (const auto& [name, value] : headers) {
    if (name == lower_name) return value;
  }
  return std::nullopt;
}

struct HttpClient::Impl {
  explicit Impl(HttpClientOptions o) : options(std::move(o)) {}

  using Sink = std::function<bool(Bytes)>;
  Result<HttpClientResponse> exchange(const HttpClientRequest& request, const Sink* sink);
  asio::awaitable<Result<HttpClientResponse>> attempt(const wire::Url& url, const HttpClientRequest& request,
                                                      const Sink* sink);

  // What is left for the next piece; not over the request's own limit.
  Duration piece_time() const {
    const Duration left = deadline.is_never() ? options.timeout : deadline - system_now().mono;
    return std::max(std::min(left, options.timeout), Duration::ms(1));
  }
  tl::unexpected<Error> lost(const error_code& ec, const char* message) {
    fault = ec == beast::error::timeout ? HttpFault::time_out : HttpFault::connection;
    return fail(ErrorCode::unavailable, fault == HttpFault::time_out ? "the server did not answer in time" : message);
  }

  HttpClientOptions options;
  Instant deadline = Instant::never();
  HttpFault fault = HttpFault::none;
  asio::io_context context{1};
  std::shared_ptr<asio::ssl::context> tls;
  std::shared_ptr<Transport> transport;  // to `origin`, usable for a further request
  std::string origin;
  beast::flat_buffer buffer;
  std::atomic<bool> cancelled{false};
  bool answered = false;  // a byte of the answer has come: a second try could do the work twice
};

HttpClient::HttpClient(HttpClientOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
HttpClient::~HttpClient() = default;
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;

void HttpClient::cancel() {
  impl_->cancelled = true;
  impl_->context.stop();
}
HttpFault HttpClient::fault() const { return impl_->fault; }

Result<HttpClientResponse> HttpClient::send(const HttpClientRequest& request) { return impl_->exchange(request, nullptr); }

Result<HttpClientResponse> HttpClient::download(const HttpClientRequest& request,
                                                const std::function<bool(Bytes)>& sink) {
  return impl_->exchange(request, &sink);
}

Result<HttpClientResponse> HttpClient::Impl::exchange(const HttpClientRequest& request, const Sink* sink) {
  const auto url = wire::parse_url(request.url);
  if (!url) return fail(ErrorCode::invalid_argument, "the URL cannot be used");
  if (splits(request.method)) return fail(ErrorCode::invalid_argument, "the method cannot be used");
  for (const auto& [name, value] : request.headers) {
    if (splits(name) || splits(value)) return fail(ErrorCode::invalid_argument, "a header holds a line break");
  }
  if (url->tls && !tls) {
    auto made = make_client_tls({options.ca_pem, options.insecure});
    if (!made) return tl::unexpected(made.error());
    tls = std::move(*made);
  }
  deadline = request.total == Duration::max() ? Instant::never() : system_now().mono + request.total;
  fault = HttpFault::none;
  const std::string to = (url->tls ? "https://" : "http://") + url->authority();
  if (origin != to) transport.reset();
  origin = to;
  for (;;) {
    const bool reused = transport != nullptr;
    answered = false;
    Result<HttpClientResponse> out = fail(ErrorCode::internal, "the request did not run");
    context.restart();
    // After restart(): a cancel() from here on stops the run. What it leaves suspended is never resumed.
    if (cancelled) return fail(ErrorCode::unavailable, "the request was cancelled");
    asio::co_spawn(context, attempt(*url, request, sink),
                   [&out](std::exception_ptr thrown, Result<HttpClientResponse> result) {
                     if (!thrown) out = std::move(result);
                   });
    context.run();
    if (cancelled) return fail(ErrorCode::unavailable, "the request was cancelled");
    if (out) return out;
    transport.reset();
    // A kept connection that the server had closed meanwhile is no failure: once more on a new one.
    const bool stale = reused && !answered && fault != HttpFault::time_out && out.error().code == ErrorCode::unavailable;
    if (!stale) return out;
  }
}

asio::awaitable<Result<HttpClientResponse>> HttpClient::Impl::attempt(const wire::Url& url, const HttpClientRequest& request,
                                                                      const Sink* sink) {
  if (!transport) {
    buffer.clear();
    error_code why;
    auto connected =
        co_await connect_to(context.get_executor(), url, tls.get(), {!options.insecure, options.public_only}, piece_time(), &why);
    if (!connected) {
      fault = why == beast::error::timeout                         ? HttpFault::time_out
              : why.category() == asio::error::get_ssl_category() ? HttpFault::tls
                                                                  : HttpFault::connection;
      co_return tl::unexpected(connected.error());
    }
    transport = std::move(*connected);
  }
  std::string head = request.method + " " + url.target + " HTTP/1.1\r\nhost: " + url.authority() + "\r\n";
  for (const auto& [name, value] : request.headers) head += name + ": " + value + "\r\n";
  const Bytes body = request.body_view.empty() ? as_bytes(request.body) : request.body_view;
  if (!body.empty() || (request.method != "GET" && request.method != "HEAD")) {
    head += "content-length: " + std::to_string(body.size()) + "\r\n";
  }
  head += "\r\n";
  // Head and beginning go together: a small request is one segment.
  bool half_sent = false;
  for (std::size_t sent = 0, first = true; first || sent < body.size(); first = false) {
    const Bytes piece = body.subspan(sent, std::min(kPiece, body.size() - sent));
    const std::array<asio::const_buffer, 2> out{asio::buffer(head.data(), first ? head.size() : 0), asio::buffer(piece.data(), piece.size())};
    transport->expires_after(piece_time());
    auto [ec, written] = co_await asio::async_write(*transport, out, kAwait);
    if (ec == beast::error::timeout) co_return lost(ec, "");
    sent += piece.size();
    // Not yet a failure: the server may have refused early (413) and its answer waits to be read.
    half_sent = static_cast<bool>(ec);
    if (half_sent) break;
  }

  http::response_parser<http::buffer_body> parser;
  parser.body_limit(boost::none);
  parser.header_limit(64 << 10);
  if (request.method == "HEAD") parser.skip(true);
  do {
    transport->expires_after(piece_time());
    auto [ec, size] = co_await http::async_read_header(*transport, buffer, parser, kAwait);
    answered = answered || size > 0;
    if (ec) {
      const bool not_http = ec.category() == http::make_error_code(http::error::bad_version).category() &&
                            ec != http::error::end_of_stream && ec != http::error::partial_message;
      if (not_http) co_return fail(ErrorCode::corrupt, "the server's answer is not HTTP");
      co_return lost(ec, "the connection was lost before an answer");
    }
    // 100 Continue and other interim answers are skipped.
    if (parser.get().result_int() >= 200 || parser.get().result_int() == 101) break;
    std::destroy_at(&parser);
    std::construct_at(&parser);
    parser.body_limit(boost::none);
    if (request.method == "HEAD") parser.skip(true);
  } while (true);

  HttpClientResponse response;
  response.status = static_cast<int>(parser.get().result_int());
  for (const auto& field : parser.get()) {
    response.headers.emplace_back(lower(std::string_view(field.name_string().data(), field.name_string().size())),
                                  std::string(field.value().data(), field.value().size()));
  }
  const bool to_sink = sink != nullptr && response.status / 100 == 2;
  std::vector<std::uint8_t> piece(kPiece);
  while (!parser.is_done()) {
    parser.get().body().data = piece.data();
    parser.get().body().size = piece.size();
    parser.get().body().more = true;
    transport->expires_after(piece_time());
    auto [ec, size] = co_await http::async_read(*transport, buffer, parser, kAwait);
    if (ec && ec != http::error::need_buffer) {
      co_return lost(ec, "the connection was lost within the answer");
    }
    const Bytes got(piece.data(), piece.size() - parser.get().body().size);
    if (to_sink) {
      if (!got.empty() && !(*sink)(got)) co_return fail(ErrorCode::invalid_argument, "the download was ended");
    } else {
      if (response.body.size() + got.size() > options.max_body_bytes) {
        co_return fail(ErrorCode::too_large, "the server's answer is larger than allowed");
      }
      response.body += as_text(got);
    }
  }
  if (!parser.keep_alive() || half_sent) transport.reset();
  co_return response;
}

}  // namespace upcall::net
