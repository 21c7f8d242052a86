// ListObjectsV2, serving side: what is asked for, and which keys and common prefixes are on a page. The keys come from
// the caller, in the order of their bytes. No I/O.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace upcall::s3 {

inline constexpr std::size_t kPageMax = 1000;

// Where a page begins: at `at`, or with `after` behind it.
struct ListFrom {
  std::string at;
  bool after = false;
};

struct ListRequest {
  std::string prefix, delimiter, start_after, continuation_token;  // as sent
  std::size_t max_keys = kPageMax;                                 // clamped to kPageMax
  bool encode = false;                                             // encoding-type=url
  ListFrom from;                                                   // of token or start-after

  // From the decoded query. The error is a sentence for InvalidArgument.
  static Result<ListRequest> parse(const std::vector<std::pair<std::string, std::string>>& query);
};

// Opaque to clients; what it says is only where to go on, so a made-up one shows nothing that a prefix would not.
std::string continuation_token(const ListFrom& from);
ParseResult<ListFrom> parse_continuation_token(std::string_view token);

// The smallest text that is greater than all that begin with `prefix`; empty: there is none.
std::string after_all_with(std::string_view prefix);

struct ListPage {
  struct Item {
    std::string name;            // a key, or a common prefix
    bool is_prefix = false;
  };
  std::vector<Item> items;
  std::optional<ListFrom> next;  // there is more, from here
};

// `next_key`: the first visible key at or after the place given, of those that begin with the request's prefix; nothing
// at the end. Called once for each item and once more, so a folder of many keys costs one call.
Result<ListPage> list_page(const ListRequest& request, const std::function<Result<std::optional<std::string>>(const ListFrom&)>& next_key);

}  // namespace upcall::s3
