#include "server/keys/rewrap_rows.hpp"

#include "io/store/parameter_repository.hpp"
#include "server/admin/storage_parameters.hpp"

namespace upcall::server {

namespace {

// Sealed columns with the purpose under which each row is sealed: "<purpose>/<id>". A test compares them with the schema.
struct SealedColumn {
  const char* table;
  const char* id;
  const char* column;
};
constexpr SealedColumn kColumns[] = {{"recording_keys", "recording_id", "wrapped_key"},
                                     {"access_keys", "id", "secret_sealed"},
                                     {"flow_functions", "id", "secret_sealed"},
                                     {"attendees", "attendee_id", "join_token_sealed"},
                                     {"signing_keys", "kid", "private_sealed"},
                                     {"webhooks", "id", "secret_sealed"},
                                     {"started_chats", "id", "answer_sealed"},
                                     {"second_factors", "user_id", "secret_sealed"}};

std::string hex(Bytes bytes) { return to_hex(bytes); }
std::string base64(Bytes bytes) { return to_base64(bytes); }

struct SealedParameter {
  const char* name;
  std::string_view purpose;
  std::string (*write)(Bytes);
  ParseResult<ByteVector> (*read)(std::string_view);
};
constexpr SealedParameter kParameters[] = {{"recordingS3SecretAccessKey", admin::kSecretAccessKeyPurpose, hex, from_hex},
                                           {"smtpPassword", "parameters/smtpPassword", hex, from_hex},
                                           {"federationClientSecret", "parameters/federationClientSecret", hex, from_hex},
                                           {"turnSecret", "parameters/turnSecret", hex, from_hex},
                                           {"recordSigningKey", "record_signing_key", base64, from_base64}};

}  // namespace

Result<RewrappedRows> rewrap_rows(store::Database& db, store::Sealer& from, store::Sealer& to, RandomSource& random) {
  RewrappedRows out;
  // Nothing when `from` cannot open it.
  const auto again = [&](std::string_view purpose, Bytes sealed) -> std::optional<ByteVector> {
    auto plain = from.unseal(purpose, sealed);
    if (!plain) {
      ++out.unreadable;
      return std::nullopt;
    }
    ++out.done;
    ByteVector fresh = to.seal(purpose, *plain, random);
    crypto::wipe(*plain);
    return fresh;
  };
  for (const SealedColumn& c : kColumns) {
    const std::string table = c.table, id = c.id, column = c.column;
    const auto rows = db.all("select " + id + ", " + column + " from " + table + " where length(" + column + ") > 0",
                             [](store::Row& r) { return std::pair(r.text(0), r.blob(1)); });
    if (!rows) return tl::unexpected(rows.error());
    for (const auto& [row_id, sealed] : *rows) {
      const auto fresh = again(table + "/" + row_id, sealed);
      if (!fresh) continue;
      if (auto done = db.run("update " + table + " set " + column + "=?2 where " + id + "=?1", row_id, *fresh); !done) return tl::unexpected(done.error());
    }
  }
  for (const SealedParameter& p : kParameters) {
    const auto value = store::parameters::get(db, p.name);
    if (!value) return tl::unexpected(value.error());
    if (!*value || (*value)->empty()) continue;
    const auto sealed = p.read(**value);
    const auto fresh = sealed ? again(p.purpose, *sealed) : std::nullopt;
    if (!fresh) continue;
    if (auto done = store::parameters::set(db, p.name, p.write(*fresh)); !done) return tl::unexpected(done.error());
  }
  return out;
}

}  // namespace upcall::server
