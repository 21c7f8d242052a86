// An object store in memory that fails when it is told to. Any thread.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "crypto/hash.hpp"
#include "io/objects/object_store.hpp"

namespace upcall::service {

// A store in memory that answers what it is told to.
class FaultyStore final : public objects::ObjectStore {
 public:
  // Asked before each call; an error is what the call answers. `what`: begin, put, complete, stat.
  std::function<std::optional<Error>(const std::string& what, int nth)> fault = [](auto&, int) { return std::nullopt; };
  std::map<std::string, int> calls;   // under mutex
  std::map<std::string, ByteVector> objects;
  std::vector<std::uint32_t> order;   // of parts that were taken
  int aborted = 0;
  bool wrong_size = false, wrong_etag = false;
  std::mutex mutex;

  std::optional<Error> asked(const std::string& what) { return fault(what, ++calls[what]); }
  static std::string etag_of(const ByteVector& b) { return to_hex(crypto::sha256(b)); }

  class Put final : public objects::Upload {
   public:
    Put(FaultyStore& store, std::string key) : store_(store), key_(std::move(key)) {}
    ~Put() override { abort(); }
    Result<void> put_part(std::uint32_t number, Bytes bytes) override {
      const std::lock_guard lock(store_.mutex);
      if (auto e = store_.asked("put")) return tl::unexpected(*e);
      parts_[number].assign(bytes.begin(), bytes.end());
      store_.order.push_back(number);
      return {};
    }
    Result<objects::ObjectInfo> complete(WallTime now) override {
      const std::lock_guard lock(store_.mutex);
      if (auto e = store_.asked("complete")) return tl::unexpected(*e);
      ByteVector all;
      std::uint32_t next = 1;
      for (const auto& [number, part] : parts_) {
        if (number != next++) return fail(ErrorCode::invalid_argument, "a gap");
        all.insert(all.end(), part.begin(), part.end());
      }
      over_ = true;
      objects::ObjectInfo info{key_, "video/mp4", all.size(), etag_of(all), now};
      store_.objects[key_] = std::move(all);
      return info;
    }
    void abort() override {
      if (!std::exchange(over_, true)) ++store_.aborted;
    }

   private:
    FaultyStore& store_;
    std::string key_;
    std::map<std::uint32_t, ByteVector> parts_;
    bool over_ = false;
  };

  Result<std::unique_ptr<objects::Upload>> begin_upload(std::string_view key, std::string_view) override {
    const std::lock_guard lock(mutex);
    if (auto e = asked("begin")) return tl::unexpected(*e);
    return std::make_unique<Put>(*this, std::string(key));
  }
  Result<objects::ObjectInfo> stat(std::string_view key) override {
    const std::lock_guard lock(mutex);
    if (auto e = asked("stat")) return tl::unexpected(*e);
    const auto at = objects.find(std::string(key));
    if (at == objects.end()) return fail(ErrorCode::not_found, "no such object");
    return objects::ObjectInfo{std::string(key), "video/mp4", at->second.size() - std::exchange(wrong_size, false),
                               etag_of(at->second) + (std::exchange(wrong_etag, false) ? "x" : ""), {}};
  }
  Result<std::shared_ptr<wire::BodySource>> open(std::string_view) override { return fail(ErrorCode::not_found, "x"); }
  Result<void> remove(std::string_view) override { return {}; }
  Result<std::vector<objects::ObjectInfo>> list(std::string_view) override { return std::vector<objects::ObjectInfo>{}; }
};

}  // namespace upcall::service
