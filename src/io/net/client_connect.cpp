#include "io/net/client_connect_internal.hpp"

#include <boost/asio/ssl/host_name_verification.hpp>

#include "base/net_address.hpp"

namespace upcall::net {

Result<std::shared_ptr<asio::ssl::context>> make_client_tls(const ClientTrust& trust) {
  auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
  error_code ec;
  context->set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_tlsv1 |
                           asio::ssl::context::no_tlsv1_1,
                       ec);
  if (trust.insecure) {
    context->set_verify_mode(asio::ssl::verify_none, ec);
    return context;
  }
  context->set_verify_mode(asio::ssl::verify_peer, ec);
  if (!ec && !trust.ca_pem.empty()) context->add_certificate_authority(asio::buffer(trust.ca_pem), ec);
  if (!ec && trust.ca_pem.empty()) context->set_default_verify_paths(ec);
  if (ec) return fail(ErrorCode::invalid_argument, "the trusted certificates cannot be used");
  return context;
}

asio::awaitable<Result<std::shared_ptr<Transport>>> connect_to(asio::any_io_executor executor, wire::Url url,
                                                               asio::ssl::context* tls, ConnectRules rules,
                                                               Duration timeout, error_code* why) {
  const auto note = [why](const error_code& error) {
    if (why != nullptr) *why = error;
  };
  tcp::resolver resolver(executor);
  error_code ec;
  const auto endpoints = resolver.resolve(url.host, std::to_string(url.port), ec);
  note(ec);
  if (ec) co_return fail(ErrorCode::unavailable, "the server's name cannot be resolved");
  // Checked on what is connected to, so a name cannot answer otherwise a second time.
  for (const auto& entry : endpoints) {
    if (!rules.public_only) break;
    const auto address = parse_ip(entry.endpoint().address().to_string(), entry.endpoint().port());
    if (!address || !is_public(*address)) co_return fail(ErrorCode::forbidden, "the server has an address that is not public");
  }
  auto transport = std::make_shared<Transport>(tcp::socket(executor));
  transport->expires_after(timeout);
  {
    auto [error, endpoint] = co_await transport->tcp_layer().async_connect(endpoints, kAwait);
    note(error);
    if (error) co_return fail(ErrorCode::unavailable, "cannot connect to the server: " + error.message());
  }
  transport->tcp_layer().socket().set_option(tcp::no_delay(true), ec);
  if (!url.tls) co_return transport;
  transport->enable_tls(*tls);
  auto& stream = *transport->tls();
  if (rules.verify) stream.set_verify_callback(asio::ssl::host_name_verification(url.host), ec);
  // An address is no name for SNI (RFC 6066 §3).
  asio::ip::make_address(url.host, ec);
  if (ec) SSL_set_tlsext_host_name(stream.native_handle(), url.host.c_str());
  transport->expires_after(timeout);
  auto [error] = co_await stream.async_handshake(asio::ssl::stream_base::client, kAwait);
  note(error);
  if (error) co_return fail(ErrorCode::unavailable, "the TLS handshake failed: " + error.message());
  co_return transport;
}

}  // namespace upcall::net
