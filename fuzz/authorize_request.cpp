// Authorization requests: what is taken has an S256 challenge of the right form, texts that cannot break a header, and asks
// for openid; paths to return to never leave this server; addresses that may be registered have a host.
// link: upcall_identity upcall_wire
#include <cstdint>
#include <cstdlib>
#include <string>

#include "identity/authorize_request.hpp"
#include "identity/redirect.hpp"
#include "identity/totp.hpp"
#include "wire/form.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace upcall;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (identity::is_local_path(text) && (text[0] != '/' || (text.size() > 1 && (text[1] == '/' || text[1] == '\\')) || text.find_first_of("\r\n\t\\ ") != std::string_view::npos)) std::abort();
  if (identity::is_registrable_redirect(text)) {
    const std::string origin = identity::origin_of(text);
    if (origin.size() < 9 || !text.starts_with(origin) || origin.find('@') != std::string::npos) std::abort();
  }
  if (const auto code = identity::normal_recovery_code(text); code && (code->size() != 11 || identity::normal_recovery_code(*code) != code)) std::abort();
  const auto form = wire::Form::parse(text);
  if (!form) return 0;
  const identity::ParameterOf of = [&](std::string_view name) -> std::optional<std::string> {
    const auto value = form->value(name);
    return value ? std::optional(std::string(*value)) : std::nullopt;
  };
  identity::AuthorizeRequest request = identity::read_client(of);
  const std::string_view error = identity::read_rest(of, request);
  for (const std::string* part : {&request.state, &request.nonce}) {
    if (error.empty() && part->find_first_of("\r\n") != std::string::npos) std::abort();
  }
  if (request.state.find_first_of("\r\n") != std::string::npos) std::abort();
  if (error.empty() && (request.challenge.size() != 43 || !request.scope.starts_with("openid") || (request.prompt_none && request.prompt_login))) std::abort();
  return 0;
}
