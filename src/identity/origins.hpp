// Whose pages may use an interface, open its sockets, or show our pages in a frame: web origins (RFC 6454) in lists joined by
// commas, as the parameters hold them. A browser's Origin is compared as a whole; nothing here knows patterns.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace upcall::identity {

// As browsers write it: "https://Shop.example:443" → "https://shop.example". Nothing: not an origin (a path, a user, blanks,
// a character that a policy's text would read as its own).
std::optional<std::string> normal_origin(std::string_view text);

// "*" in the list is everybody, also pages without an origin ("null").
bool is_listed(std::string_view list, std::string_view origin);

// Which lists of allowed origins an address answers to; neither: our own pages alone. Chats and calls have two sides.
struct OriginLists {
  bool customers = false;  // websiteAPIAllowedOrigins
  bool agents = false;     // agentAPIAllowedOrigins
  friend bool operator==(const OriginLists&, const OriginLists&) = default;
};
OriginLists origin_lists(std::string_view path);

// The value of frame-ancestors (CSP 3 §6.4.2) of pages that the listed origins may frame: 'none', or 'self' and they.
std::string frame_ancestors(std::string_view approved);

}  // namespace upcall::identity
