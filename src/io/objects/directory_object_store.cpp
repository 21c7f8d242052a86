#include "io/objects/directory_object_store.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <map>
#include <mutex>
#include <set>

#include "base/ids.hpp"
#include "crypto/aead.hpp"
#include "crypto/hkdf.hpp"
#include "io/objects/file_ops.hpp"
#include "io/objects/object_index.hpp"

namespace upcall::objects {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kIndexSuffix = "~object";  // '~' is in no key: no key can name an index file or a directory
constexpr std::string_view kTempSuffix = "~new";
constexpr std::size_t kIndexMax = 2 << 20;

}  // namespace

struct DirectoryObjectStore::State {
  std::string root;
  crypto::Secret<32> index_key;
  RandomSource* random = nullptr;
  std::size_t removed = 0;
  std::mutex mutex;  // one change of the index at a time; also guards `random`

  std::string index_root() const { return root + "/index"; }
  std::string data_path(const std::string& id) const { return root + "/data/" + id; }
  std::string index_path(std::string_view key) const { return index_root() + "/" + std::string(key) + std::string(kIndexSuffix); }

  Result<ObjectIndex> read_index(std::string_view key) const {
    if (!is_safe_key(key)) return fail(ErrorCode::not_found, "there is no such object");
    const auto bytes = read_whole(index_path(key), kIndexMax);
    if (!bytes) {
      if (bytes.error().code == ErrorCode::not_found) return fail(ErrorCode::not_found, "there is no such object");
      return tl::unexpected(bytes.error());
    }
    auto index = open_index(*bytes, key, index_key);
    if (!index) return fail(ErrorCode::corrupt, "the object's index is not what was written");
    return std::move(*index);
  }
};

namespace {

using State = DirectoryObjectStore::State;

class DirectorySource final : public wire::BodySource {
 public:
  DirectorySource(File file, const ObjectIndex& index)
      : file_(std::move(file)),
        aead_(crypto::AeadAlgorithm::aes_256_gcm, index.object_key.bytes(), crypto::AeadUse::open_only),
        extents_(index.extents),
        buffer_(kSealedChunk) {
    for (const Extent& extent : extents_) {
      starts_.push_back(size_);
      size_ += extent.size;
    }
  }

  std::uint64_t size() const override { return size_; }

  Result<std::size_t> read(std::uint64_t offset, MutBytes out) override {
    std::size_t done = 0;
    while (done < out.size() && offset < size_) {
      const std::size_t part =
          static_cast<std::size_t>(std::upper_bound(starts_.begin(), starts_.end(), offset) - starts_.begin()) - 1;
      const std::uint64_t within = offset - starts_[part];
      const auto chunk = load(part, within / kChunk);
      if (!chunk) return tl::unexpected(chunk.error());
      const Bytes from = chunk->subspan(within % kChunk);
      const std::size_t n = std::min(from.size(), out.size() - done);
      std::copy_n(from.begin(), n, out.begin() + static_cast<std::ptrdiff_t>(done));
      done += n;
      offset += n;
    }
    return done;
  }

 private:
  // The plain text of a chunk; the last one is kept, because players read in small steps.
  Result<Bytes> load(std::size_t part, std::uint64_t chunk) {
    const Extent& extent = extents_[part];
    const std::size_t plain = static_cast<std::size_t>(std::min<std::uint64_t>(kChunk, extent.size - chunk * kChunk));
    if (part == loaded_part_ && chunk == loaded_chunk_) return Bytes(buffer_.data(), plain);
    loaded_part_ = SIZE_MAX;
    const MutBytes sealed = MutBytes(buffer_).first(plain + crypto::kAeadTagSize);
    const auto got = file_.read_at(extent.offset + chunk * kSealedChunk, sealed);
    if (!got) return tl::unexpected(got.error());
    const ChunkName name = chunk_name(extent.put, chunk, (chunk + 1) * kChunk >= extent.size);
    if (*got != sealed.size() || !aead_.open_appended(name.nonce, name.aad, sealed)) {
      return fail(ErrorCode::corrupt, "the object's data is not what was written");
    }
    loaded_part_ = part;
    loaded_chunk_ = chunk;
    return Bytes(buffer_.data(), plain);
  }

  File file_;
  crypto::Aead aead_;
  std::vector<Extent> extents_;
  std::vector<std::uint64_t> starts_;
  std::uint64_t size_ = 0;
  ByteVector buffer_;
  std::size_t loaded_part_ = SIZE_MAX;
  std::uint64_t loaded_chunk_ = 0;
};

class DirectoryUpload final : public Upload {
 public:
  DirectoryUpload(std::shared_ptr<State> state, std::string key, ObjectIndex index, File file)
      : state_(std::move(state)),
        key_(std::move(key)),
        index_(std::move(index)),
        file_(std::move(file)),
        aead_(crypto::AeadAlgorithm::aes_256_gcm, index_.object_key.bytes(), crypto::AeadUse::seal_only) {}
  ~DirectoryUpload() override { abort(); }

  Result<void> put_part(std::uint32_t number, Bytes bytes) override {
    if (over_) return fail(ErrorCode::conflict, "the upload is over");
    if (number < 1 || number > kMaxParts || bytes.empty()) {
      return fail(ErrorCode::invalid_argument, "a part needs a number from 1 to 10000 and some bytes");
    }
    if (next_put_ == 0xffffffff) return fail(ErrorCode::exhausted, "the upload has had too many parts");
    Extent extent;
    extent.put = next_put_++;  // also when it fails: its nonces may have reached the disk
    extent.offset = end_;
    extent.size = bytes.size();
    extent.digest = crypto::sha256(bytes);
    ByteVector sealed(kSealedChunk * 4);
    std::uint64_t at = end_;
    std::size_t filled = 0;
    Result<void> written;
    for (std::size_t done = 0; done < bytes.size() && written;) {
      const std::size_t n = std::min(kChunk, bytes.size() - done);
      const ChunkName name = chunk_name(extent.put, done / kChunk, done + n == bytes.size());
      const MutBytes place = MutBytes(sealed).subspan(filled, n + crypto::kAeadTagSize);
      aead_.seal(name.nonce, name.aad, bytes.subspan(done, n), place.first(n), place.subspan(n));
      filled += place.size();
      done += n;
      if (done < bytes.size() && filled + kSealedChunk <= sealed.size()) continue;
      written = file_.write_at(at, Bytes(sealed).first(filled));
      at += filled;
      filled = 0;
    }
    if (written) written = file_.sync();
    if (!written) {
      // Gives back what a full disk took, so that the other uploads have a chance and this part can come again.
      file_.truncate(end_);
      return written;
    }
    end_ = at;
    parts_[number] = extent;
    return {};
  }

  Result<ObjectInfo> complete(WallTime now) override {
    if (over_) return fail(ErrorCode::conflict, "the upload is over");
    if (parts_.empty() || parts_.rbegin()->first != parts_.size()) {
      return fail(ErrorCode::invalid_argument, "the parts of the upload have a gap");
    }
    index_.stored_at = now;
    index_.extents.clear();
    for (const auto& [number, extent] : parts_) index_.extents.push_back(extent);
    const std::lock_guard lock(state_->mutex);
    if (auto ok = make_parents(state_->index_root(), key_); !ok) return tl::unexpected(ok.error());
    const std::string path = state_->index_path(key_);
    const auto before = state_->read_index(key_);
    const std::string temp = state_->index_root() + "/" + key_ + std::string(kTempSuffix);
    const ByteVector sealed = seal_index(index_, key_, state_->index_key, *state_->random);
    Result<void> ok = [&]() -> Result<void> {
      auto file = File::open(temp, O_WRONLY | O_CREAT | O_TRUNC);
      if (!file) return tl::unexpected(file.error());
      if (auto done = file->write_at(0, sealed); !done) return done;
      if (auto done = file->sync(); !done) return done;
      if (::rename(temp.c_str(), path.c_str()) != 0) return system_error(errno, "complete an upload");
      return {};
    }();
    if (!ok) {
      ::unlink(temp.c_str());
      return tl::unexpected(ok.error());
    }
    // From here on the object is there for every reader, and the upload must not take its data away again.
    over_ = true;
    if (before && before->data_id != index_.data_id) ::unlink(state_->data_path(before->data_id).c_str());
    if (auto done = sync_directory(path.substr(0, path.rfind('/'))); !done) return tl::unexpected(done.error());
    return index_.info(key_);
  }

  void abort() override {
    if (std::exchange(over_, true)) return;
    ::unlink(state_->data_path(index_.data_id).c_str());
  }

 private:
  std::shared_ptr<State> state_;
  std::string key_;
  ObjectIndex index_;
  File file_;
  crypto::Aead aead_;
  std::map<std::uint32_t, Extent> parts_;
  std::uint32_t next_put_ = 1;
  std::uint64_t end_ = 0;
  bool over_ = false;
};

// Every key in the index, in order.
std::vector<std::string> all_keys(const State& state, bool remove_temporary) {
  std::vector<std::string> out;
  std::error_code ec;
  const std::string root = state.index_root();
  for (fs::recursive_directory_iterator it(root, ec), end; !ec && it != end; it.increment(ec)) {
    if (it->is_symlink(ec) || !it->is_regular_file(ec)) continue;
    const std::string path = it->path().string();
    if (remove_temporary && path.ends_with(kTempSuffix)) ::unlink(path.c_str());
    if (!path.ends_with(kIndexSuffix)) continue;
    std::string key = path.substr(root.size() + 1, path.size() - root.size() - 1 - kIndexSuffix.size());
    if (is_safe_key(key)) out.push_back(std::move(key));
  }
  std::sort(out.begin(), out.end());
  return out;
}

crypto::Secret<32> index_key_of(const crypto::Secret<32>& master_key) {
  crypto::Secret<32> out;
  crypto::hkdf_sha256(master_key.bytes(), {}, as_bytes("upcall object index 1"), out.bytes());
  return out;
}

// Writes beside and renames: the path has the old content or the new one, durably.
Result<void> replace_file(const std::string& path, const std::string& temp, Bytes content) {
  const Result<void> ok = [&]() -> Result<void> {
    auto file = File::open(temp, O_WRONLY | O_CREAT | O_TRUNC);
    if (!file) return tl::unexpected(file.error());
    if (auto done = file->write_at(0, content); !done) return done;
    if (auto done = file->sync(); !done) return done;
    if (::rename(temp.c_str(), path.c_str()) != 0) return system_error(errno, "replace a file");
    return {};
  }();
  if (!ok) ::unlink(temp.c_str());
  return ok;
}

}  // namespace

DirectoryObjectStore::DirectoryObjectStore(std::shared_ptr<State> state) : state_(std::move(state)) {}
DirectoryObjectStore::~DirectoryObjectStore() = default;

Result<std::unique_ptr<DirectoryObjectStore>> DirectoryObjectStore::open_root(std::string root,
                                                                              const crypto::Secret<32>& master_key,
                                                                              RandomSource& random) {
  auto state = std::make_shared<State>();
  state->root = std::move(root);
  state->random = &random;
  state->index_key = index_key_of(master_key);
  for (const std::string& path : {state->root, state->index_root(), state->root + "/data"}) {
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return system_error(errno, "make its directory");
  }
  if (auto ok = sync_directory(state->root); !ok) return tl::unexpected(ok.error());
  std::set<std::string> used;
  bool all_readable = true;
  for (const std::string& key : all_keys(*state, true)) {
    const auto index = state->read_index(key);
    if (index) used.insert(index->data_id);
    all_readable = all_readable && index;
  }
  // An index that cannot be read may refer to any of them: then nothing is removed, a person has to look first.
  if (all_readable) {
    std::error_code ec;
    std::vector<std::string> orphans;
    for (fs::directory_iterator it(state->root + "/data", ec), end; !ec && it != end; it.increment(ec)) {
      const std::string name = it->path().filename().string();
      if (is_uuid(name) && !used.contains(name)) orphans.push_back(it->path().string());
    }
    for (const std::string& path : orphans) state->removed += ::unlink(path.c_str()) == 0;
  }
  return std::unique_ptr<DirectoryObjectStore>(new DirectoryObjectStore(std::move(state)));
}

std::size_t DirectoryObjectStore::removed_partial_uploads() const { return state_->removed; }

Result<std::unique_ptr<Upload>> DirectoryObjectStore::begin_upload(std::string_view key, std::string_view content_type) {
  if (!is_safe_key(key)) return fail(ErrorCode::invalid_argument, "this is not a usable object key");
  if (content_type.size() > 200) return fail(ErrorCode::invalid_argument, "the content type is too long");
  ObjectIndex index;
  index.content_type = std::string(content_type);
  {
    const std::lock_guard lock(state_->mutex);
    state_->random->fill(index.object_key.bytes());
    index.data_id = make_uuid(*state_->random);
  }
  auto file = File::open(state_->data_path(index.data_id), O_RDWR | O_CREAT | O_EXCL);
  if (!file) return tl::unexpected(file.error());
  if (auto ok = sync_directory(state_->root + "/data"); !ok) {
    ::unlink(state_->data_path(index.data_id).c_str());
    return tl::unexpected(ok.error());
  }
  return std::make_unique<DirectoryUpload>(state_, std::string(key), std::move(index), std::move(*file));
}

Result<ObjectInfo> DirectoryObjectStore::stat(std::string_view key) {
  const auto index = state_->read_index(key);
  if (!index) return tl::unexpected(index.error());
  return index->info(key);
}

Result<std::shared_ptr<wire::BodySource>> DirectoryObjectStore::open(std::string_view key) {
  const std::lock_guard lock(state_->mutex);  // a replacement must not take the data between the two steps
  const auto index = state_->read_index(key);
  if (!index) return tl::unexpected(index.error());
  if (!is_uuid(index->data_id)) return fail(ErrorCode::corrupt, "the object's index names no data file");
  auto file = File::open(state_->data_path(index->data_id), O_RDONLY);
  if (!file && file.error().code == ErrorCode::not_found) {
    return fail(ErrorCode::corrupt, "the object's data file is missing");
  }
  if (!file) return tl::unexpected(file.error());
  return std::make_shared<DirectorySource>(std::move(*file), *index);
}

Result<void> DirectoryObjectStore::remove(std::string_view key) {
  const std::lock_guard lock(state_->mutex);
  const auto index = state_->read_index(key);
  // A damaged index is removed too; its data then goes when the store is opened next.
  if (!index && index.error().code != ErrorCode::corrupt) return tl::unexpected(index.error());
  const std::string path = state_->index_path(key);
  if (::unlink(path.c_str()) != 0) return system_error(errno, "remove an object");
  if (auto ok = sync_directory(path.substr(0, path.rfind('/'))); !ok) return ok;
  if (index) ::unlink(state_->data_path(index->data_id).c_str());
  return {};
}

Result<DirectoryObjectStore::Rewrapped> DirectoryObjectStore::rewrap(const std::string& root, const crypto::Secret<32>& from,
                                                                     const crypto::Secret<32>& to, RandomSource& random,
                                                                     const std::function<void()>& after_each) {
  Rewrapped out;
  State before;
  before.root = root;
  before.index_key = index_key_of(from);
  State after;
  after.root = root;
  after.index_key = index_key_of(to);
  std::set<std::string> directories;
  for (const std::string& key : all_keys(before, true)) {
    // Those of an earlier attempt too: the caller forgets the old key when this returns.
    directories.insert(after.index_path(key).substr(0, after.index_path(key).rfind('/')));
    if (after.read_index(key)) continue;
    const auto index = before.read_index(key);
    if (!index && index.error().code == ErrorCode::unavailable) return tl::unexpected(index.error());
    if (!index) {
      ++out.unreadable;
      continue;
    }
    const std::string path = after.index_path(key);
    const ByteVector sealed = seal_index(*index, key, after.index_key, random);
    if (auto done = replace_file(path, root + "/index/" + key + std::string(kTempSuffix), sealed); !done) return tl::unexpected(done.error());
    ++out.done;
    if (after_each) after_each();
  }
  for (const std::string& directory : directories) {
    if (auto done = sync_directory(directory); !done) return tl::unexpected(done.error());
  }
  return out;
}

Result<std::vector<ObjectInfo>> DirectoryObjectStore::list(std::string_view prefix) {
  std::vector<ObjectInfo> out;
  for (const std::string& key : all_keys(*state_, false)) {
    if (!key.starts_with(prefix)) continue;
    if (auto index = state_->read_index(key)) out.push_back(index->info(key));
  }
  return out;
}

}  // namespace upcall::objects
