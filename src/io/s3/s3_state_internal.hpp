// Internal to io/s3: what a store shares with its uploads and sources.
#pragma once

#include <mutex>
#include <set>
#include <string>

#include "io/s3/s3_object_store.hpp"
#include "s3/answers.hpp"

namespace upcall::s3 {

struct S3ObjectStore::State {
  State(ClientOptions options, RandomSource& random, metrics::Registry* metrics) : client(std::move(options), random, metrics) {}

  Client client;
  std::mutex mutex;
  std::set<std::string> held;  // ids of this process's uploads

  void hold(const std::string& id) {
    const std::lock_guard lock(mutex);
    held.insert(id);
  }
  void drop(const std::string& id) {
    const std::lock_guard lock(mutex);
    held.erase(id);
  }
  bool holds(const std::string& id) {
    const std::lock_guard lock(mutex);
    return held.contains(id);
  }
  void count_upload(const char* result, std::uint64_t n = 1) {
    client.count("upcall_object_store_uploads_total", "Multipart uploads by how they ended", {{"result", result}}, n);
  }
};

// What HEAD says of an object.
struct Head {
  objects::ObjectInfo info;
  std::string mark;  // kUploadMark
};
Result<Head, Failure> head(Client& client, std::string_view key);

std::unique_ptr<objects::Upload> make_upload(std::shared_ptr<S3ObjectStore::State> state, std::string key, std::string id, std::string mark,
                                             std::vector<PartRow> parts);
std::shared_ptr<wire::BodySource> make_source(std::shared_ptr<S3ObjectStore::State> state, objects::ObjectInfo info);
// Ends an upload; one that is gone already is fine.
Result<void, Failure> end_upload(Client& client, std::string_view key, std::string_view id);

}  // namespace upcall::s3
