// The built web pages on disk, kept in memory and looked at again when a file's time changes, so that a new build needs
// no restart. Any thread.
//
// Names come from the network: only those of is_static_name are ever put behind a folder's name.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace upcall::api {

// "assets/index-4f3a.js": parts of letters, digits, '.', '_' and '-' that do not begin with '.', joined by '/'.
bool is_static_name(std::string_view name);
// "text/javascript; charset=utf-8"; what is not known is "application/octet-stream".
std::string_view static_content_type(std::string_view name);

// Larger files are not served.
inline constexpr std::uintmax_t kStaticFileMax = 32 << 20;

struct StaticBody {
  std::string bytes;
  std::string etag;      // with its quotes
  std::string encoding;  // "br", "gzip" or empty
};

class StaticFiles {
 public:
  explicit StaticFiles(std::string root) : root_(std::move(root)) {}

  // Whether the pages were built: the agent's page is there.
  bool built() const;
  // The file below the root, in the smallest form that `accept_encoding` allows: "x.js.br" and "x.js.gz" beside "x.js"
  // are such forms, when they are not older than it. Null: no such file.
  std::shared_ptr<const StaticBody> find(std::string_view name, std::string_view accept_encoding);

 private:
  struct Kept {
    std::int64_t time = 0;
    std::uintmax_t size = 0;
    std::shared_ptr<const StaticBody> body;
  };
  std::shared_ptr<const StaticBody> load(const std::string& path, std::string_view encoding, std::int64_t not_before);

  const std::string root_;
  std::mutex mutex_;
  std::map<std::string, Kept, std::less<>> kept_;  // by path
};

}  // namespace upcall::api
