// Where a browser may be sent after a log-in or a log-out. A redirect that a stranger can choose is a phishing link in our
// name, so both rules compare whole texts and know no patterns.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace upcall::identity {

// A path on this server: "/recording/abc?x=1". Nothing that a browser could read as another host ("//x", "/\x", control
// characters, backslashes).
bool is_local_path(std::string_view text);

// May a client register this address: absolute, https (or http on the loopback), no fragment, no user, clean text.
bool is_registrable_redirect(std::string_view uri);

// RFC 9700 §2.1: exact comparison, character by character.
bool is_registered(std::span<const std::string> registered, std::string_view uri);

// "https://app.example:8443" of an address that is_registrable_redirect(); empty otherwise.
std::string origin_of(std::string_view uri);

}  // namespace upcall::identity
