// One multipart upload.
#include <utility>

#include "io/s3/s3_state_internal.hpp"
#include "s3/part_ledger.hpp"

namespace upcall::s3 {

namespace {

constexpr std::uint32_t kPartsMax = 10'000;

class S3Upload final : public objects::Upload {
 public:
  S3Upload(std::shared_ptr<S3ObjectStore::State> state, std::string key, std::string id, std::string mark, std::vector<PartRow> parts)
      : state_(std::move(state)), key_(std::move(key)), id_(std::move(id)), mark_(std::move(mark)) {
    state_->hold(id_);
    // What an earlier process put: nobody has its bytes any more to compare them with.
    for (PartRow& part : parts) ledger_.put(part.number, part.size, std::move(part.etag), false);
  }
  ~S3Upload() override { abort(); }

  Result<void> put_part(std::uint32_t number, Bytes bytes) override {
    if (over_) return fail(ErrorCode::conflict, "the upload is over");
    if (number < 1 || number > kPartsMax || bytes.empty()) {
      return fail(ErrorCode::invalid_argument, "a part needs a number from 1 to 10000 and some bytes");
    }
    const crypto::Md5Digest md5 = crypto::md5(bytes);
    std::string etag;
    bool checked = false;
    const auto put = state_->client.call(upload_part(key_, id_, number, bytes, md5), [&](const net::HttpClientResponse& answer) -> std::optional<Failure> {
      etag = bare_etag(answer.header("etag").value_or(""));
      if (etag.empty()) return Failure::bad_answer;
      checked = is_md5_etag(etag, answer.header("x-amz-server-side-encryption").value_or(""));
      return checked && etag != to_hex(md5) ? std::optional(Failure::bad_answer) : std::nullopt;
    });
    if (!put) return tl::unexpected(to_error(put.error()));
    ledger_.put(number, bytes.size(), std::move(etag), checked);
    return {};
  }

  Result<objects::ObjectInfo> complete(WallTime) override {
    if (over_) return fail(ErrorCode::conflict, "the upload is over");
    if (auto whole = ledger_.check_complete(); !whole) return tl::unexpected(whole.error());
    const auto completed = state_->client.call(complete_upload(key_, id_, complete_xml(ledger_.rows())), [&](const net::HttpClientResponse& answer) -> std::optional<Failure> {
      const auto parsed = parse_complete(answer.body);
      // Cut off or mangled: asking again finds out.
      if (!parsed) return Failure::connection;
      if (!parsed->error.empty()) return classify(Operation::complete_upload, 200, parsed->error);
      return std::nullopt;
    });
    // "No such upload" is what an upload says that was completed by an attempt whose answer was lost: the object tells.
    if (!completed && completed.error() != Failure::no_upload) return tl::unexpected(to_error(completed.error()));
    const auto seen = head(state_->client, key_);
    if (!seen && seen.error() == Failure::no_object) return tl::unexpected(to_error(Failure::no_upload));
    if (!seen) return tl::unexpected(to_error(seen.error()));
    // Without a mark the store keeps no metadata; then size and ETag have to do.
    const bool ours = seen->mark.empty() ? completed.has_value() : seen->mark == mark_;
    if (!ours) return tl::unexpected(to_error(Failure::no_upload));
    if (seen->info.size != ledger_.size() || ledger_.contradicts(seen->info.etag) || contradicted(completed, seen->info.etag)) {
      return fail(ErrorCode::corrupt, "the stored object is not what was uploaded");
    }
    over_ = true;
    state_->drop(id_);
    state_->count_upload("completed");
    return seen->info;
  }

  void abort() override {
    if (std::exchange(over_, true)) return;
    // When this does not succeed either, the hourly sweep or the next upload of the key ends it.
    if (end_upload(state_->client, key_, id_)) state_->count_upload("aborted");
    state_->drop(id_);
  }

  std::string resume_token() const override { return mark_ + " " + id_; }

  std::vector<objects::UploadedPart> parts() const override {
    std::vector<objects::UploadedPart> out;
    for (const PartRow& row : ledger_.rows()) out.push_back({row.number, row.size});
    return out;
  }

  void leave() override {
    if (std::exchange(over_, true)) return;
    state_->drop(id_);
  }

 private:
  // The answer said another ETag than the object has.
  bool contradicted(const Result<net::HttpClientResponse, Failure>& completed, std::string_view etag) const {
    if (!completed) return false;
    const auto parsed = parse_complete(completed->body);
    return parsed && parsed->error.empty() && !parsed->etag.empty() && parsed->etag != etag;
  }

  std::shared_ptr<S3ObjectStore::State> state_;
  std::string key_, id_, mark_;
  PartLedger ledger_;
  bool over_ = false;
};

}  // namespace

std::unique_ptr<objects::Upload> make_upload(std::shared_ptr<S3ObjectStore::State> state, std::string key, std::string id, std::string mark,
                                             std::vector<PartRow> parts) {
  return std::make_unique<S3Upload>(std::move(state), std::move(key), std::move(id), std::move(mark), std::move(parts));
}

}  // namespace upcall::s3
