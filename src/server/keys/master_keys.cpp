#include "server/keys/master_keys.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "io/objects/directory_object_store.hpp"
#include "io/store/credential_repository.hpp"
#include "io/store/parameter_repository.hpp"
#include "server/keys/rewrap_rows.hpp"

namespace upcall::server {

namespace {

constexpr std::string_view kId = "masterKeyId", kCommand = "masterKeyCommand", kPrevious = "masterKeyPrevious";
constexpr std::string_view kPreviousPurpose = "master_key/previous";

std::string file_of(const store::Store& store) { return store.data_dir() + "/master.key"; }
std::string next_file_of(const store::Store& store) { return store.data_dir() + "/master.key.next"; }

struct Known {
  std::string id, command, previous;  // previous: hex of the sealed old key while a rotation is not over
};

Result<Known> known(store::Store& store) {
  return store.read([](store::Database& db) -> Result<Known> {
    Known out;
    for (const auto& [name, place] : {std::pair<std::string_view, std::string*>{kId, &out.id}, {kCommand, &out.command}, {kPrevious, &out.previous}}) {
      auto value = store::parameters::get_or(db, name, "");
      if (!value) return tl::unexpected(value.error());
      *place = std::move(*value);
    }
    return out;
  });
}

Result<void> sync_data_dir(const store::Store& store) {
  const int fd = ::open(store.data_dir().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool done = fd >= 0 && ::fsync(fd) == 0;
  if (fd >= 0) ::close(fd);
  if (!done) return fail(ErrorCode::unavailable, "the data directory cannot be written");
  return {};
}

tl::unexpected<Error> another_key() {
  return fail(ErrorCode::forbidden, "this is not the master key of this data directory: give back the one that it was sealed with");
}

// The key that the directory has by now, or is to have if it never had one.
Result<store::MasterKey> present_key(store::Store& store, const Known& k, const std::string& command, RandomSource& random) {
  if (!command.empty()) {
    auto key = master_key_from_command(command);
    if (key && !k.id.empty() && store::master_key_id(*key) != k.id) return another_key();
    return key;
  }
  auto key = store::read_master_key_file(file_of(store));
  if (key && (k.id.empty() || store::master_key_id(*key) == k.id)) return key;
  if (key || key.error().code == ErrorCode::not_found) {
    // Killed between the transaction and the renaming.
    auto next = store::read_master_key_file(next_file_of(store));
    if (next && !k.id.empty() && store::master_key_id(*next) == k.id) return next;
  }
  if (key) return another_key();
  if (key.error().code != ErrorCode::not_found) return key;
  if (!k.id.empty()) return fail(ErrorCode::not_found, "the master key file master.key is missing: give it back from your backup");
  return store::make_master_key_file(file_of(store), random);
}

// A directory of before keys had ids: does this one open what is sealed?
Result<void> check_unknown(store::Store& store, store::Sealer& sealer) {
  auto rows = store.read([](store::Database& db) { return store::signing_keys::all(db); });
  if (!rows) return tl::unexpected(rows.error());
  if (!rows->empty() && !sealer.unseal("signing_keys/" + rows->front().kid, rows->front().private_sealed)) return another_key();
  return {};
}

// Steps 3 to 5.
Result<Rotated> carry_on(store::Store& store, const Known& k, const store::MasterKey& key, RandomSource& random, const std::function<void(const char*)>& after) {
  Rotated out;
  out.key_id = store::master_key_id(key);
  if (k.command.empty()) {
    auto next = store::read_master_key_file(next_file_of(store));
    if (next && store::master_key_id(*next) == out.key_id && std::rename(next_file_of(store).c_str(), file_of(store).c_str()) != 0) {
      return fail(ErrorCode::unavailable, "the new master key cannot be put in place");
    }
  } else {
    ::unlink(file_of(store).c_str());
    ::unlink(next_file_of(store).c_str());
  }
  if (auto done = sync_data_dir(store); !done) return tl::unexpected(done.error());
  after("file");
  store::Sealer sealer(key);
  const auto sealed = from_hex(k.previous);
  auto plain = sealed ? sealer.unseal(kPreviousPurpose, *sealed) : Result<ByteVector>(fail(ErrorCode::corrupt, ""));
  if (!plain || plain->size() != 32) return fail(ErrorCode::corrupt, "what an interrupted rotation of the master key left cannot be read");
  store::MasterKey old;
  std::copy(plain->begin(), plain->end(), old.bytes().begin());
  crypto::wipe(*plain);
  const auto objects = objects::DirectoryObjectStore::rewrap(store.data_dir() + "/objects", store::Sealer(old).derive("objects"), sealer.derive("objects"), random,
                                                             [&] { after("object"); });
  if (!objects) return tl::unexpected(objects.error());
  out.objects = objects->done;
  out.unreadable = objects->unreadable;
  auto done = store.write([](store::Database& db) { return db.run("delete from parameters where name=?1", kPrevious); });
  if (!done) return tl::unexpected(done.error());
  after("forgotten");
  store.scrub();
  return out;
}

}  // namespace

Result<std::unique_ptr<store::Sealer>> open_sealer(store::Store& store, const std::string& command, RandomSource& random) {
  auto k = known(store);
  if (!k) return tl::unexpected(k.error());
  const std::string teller = command.empty() ? k->command : command;
  auto key = present_key(store, *k, teller, random);
  if (!key) return tl::unexpected(key.error());
  if (!k->previous.empty()) {
    if (auto done = carry_on(store, *k, *key, random, [](const char*) {}); !done) return tl::unexpected(done.error());
  }
  ::unlink(next_file_of(store).c_str());  // of a rotation that had changed nothing yet
  auto sealer = std::make_unique<store::Sealer>(*key);
  if (k->id.empty()) {
    if (auto fits = check_unknown(store, *sealer); !fits) return tl::unexpected(fits.error());
  }
  if (k->id.empty() || teller != k->command) {
    auto noted = store.write([&](store::Database& db) -> Result<void> {
      if (auto done = store::parameters::set(db, kId, store::master_key_id(*key)); !done) return done;
      return store::parameters::set(db, kCommand, teller);
    });
    if (!noted) return tl::unexpected(noted.error());
  }
  return sealer;
}

Result<Rotated> rotate_master_key(store::Store& store, const RotationOptions& options, RandomSource& random) {
  const auto after = [&](const char* step) {
    if (options.after_step) options.after_step(step);
  };
  // Also ends an earlier rotation: the new key of that one is the old one of this.
  auto opened = open_sealer(store, options.command, random);
  if (!opened) return tl::unexpected(opened.error());
  auto k = known(store);
  if (!k) return tl::unexpected(k.error());
  auto old = present_key(store, *k, k->command, random);
  if (!old) return tl::unexpected(old.error());
  auto fresh = options.new_command.empty() ? store::make_master_key_file(next_file_of(store), random) : master_key_from_command(options.new_command);
  if (!fresh) return tl::unexpected(fresh.error());
  if (store::master_key_id(*fresh) == k->id) return fail(ErrorCode::conflict, "the new master key is the present one");
  after("key");
  store::Sealer from(*old), to(*fresh);
  auto rows = store.write([&](store::Database& db) -> Result<RewrappedRows> {
    auto done = rewrap_rows(db, from, to, random);
    if (!done) return done;
    const std::string previous = to_hex(to.seal(kPreviousPurpose, old->bytes(), random));
    for (const auto& [name, value] : {std::pair<std::string_view, std::string>{kId, store::master_key_id(*fresh)}, {kCommand, options.new_command}, {kPrevious, previous}}) {
      if (auto set = store::parameters::set(db, name, value); !set) return tl::unexpected(set.error());
    }
    return done;
  });
  if (!rows) return tl::unexpected(rows.error());
  after("rows");
  k = known(store);
  if (!k) return tl::unexpected(k.error());
  auto out = carry_on(store, *k, *fresh, random, after);
  if (!out) return out;
  out->rows = rows->done;
  out->unreadable += rows->unreadable;
  return out;
}

}  // namespace upcall::server
