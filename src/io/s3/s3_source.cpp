// An object as a body that is read in pieces: one block of it in memory, fetched by range requests.
#include <algorithm>

#include "io/s3/s3_state_internal.hpp"

namespace upcall::s3 {

namespace {

// A player that jumps about wastes at most this; one that plays on asks every second or two.
constexpr std::uint64_t kBlock = 1 << 20;

class S3Source final : public wire::BodySource {
 public:
  S3Source(std::shared_ptr<S3ObjectStore::State> state, objects::ObjectInfo info) : state_(std::move(state)), info_(std::move(info)) {}

  std::uint64_t size() const override { return info_.size; }

  Result<std::size_t> read(std::uint64_t offset, MutBytes out) override {
    if (offset >= info_.size || out.empty()) return std::size_t{0};
    if (offset < start_ || offset >= start_ + block_.size()) {
      if (auto fetched = fetch(offset); !fetched) return tl::unexpected(fetched.error());
    }
    const Bytes have = as_bytes(block_).subspan(static_cast<std::size_t>(offset - start_));
    const std::size_t n = std::min(have.size(), out.size());
    std::copy_n(have.begin(), n, out.begin());
    return n;
  }

 private:
  Result<void> fetch(std::uint64_t offset) {
    const std::uint64_t size = std::min(kBlock, info_.size - offset);
    block_.clear();
    auto got = state_->client.call(get_range(info_.key, offset, offset + size - 1, info_.etag), [&](const net::HttpClientResponse& answer) {
      // A store without ranges answers the whole: not what was asked, and maybe much more than fits.
      return answer.status == 206 && answer.body.size() == size ? std::nullopt : std::optional(Failure::bad_answer);
    });
    if (!got) return tl::unexpected(to_error(got.error()));
    block_ = std::move(got->body);
    start_ = offset;
    return {};
  }

  std::shared_ptr<S3ObjectStore::State> state_;
  objects::ObjectInfo info_;
  std::string block_;
  std::uint64_t start_ = 0;
};

}  // namespace

std::shared_ptr<wire::BodySource> make_source(std::shared_ptr<S3ObjectStore::State> state, objects::ObjectInfo info) {
  return std::make_shared<S3Source>(std::move(state), std::move(info));
}

}  // namespace upcall::s3
