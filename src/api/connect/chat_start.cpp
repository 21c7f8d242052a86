// The row with the contact's id is there before the chat, the answer after it. Between the two a crash leaves a row without an
// answer: the repeated call finds whether that contact began, and gives its customer a new token if it did.
#include "api/connect/chat_start.hpp"

#include "base/ids.hpp"
#include "crypto/hash.hpp"
#include "io/store/centre_repository.hpp"
#include "io/store/started_chat_repository.hpp"
#include "json/json.hpp"

namespace upcall::api {

namespace {

namespace bj = boost::json;

bj::object started(const std::string& contact_id, const std::string& participant_id, const std::string& token) {
  return {{"ContactId", contact_id}, {"ParticipantId", participant_id}, {"ParticipantToken", token}};
}

ConnectAnswer start(ConnectCall& call, contact::StartChat command) {
  const contact::Effects effects = call.api.centre.service.call(std::move(command));
  if (effects.error) return fault_of(*effects.error);
  const auto& customer = effects.participants.front();
  return started(effects.contact_id, customer.participant.id, customer.token);
}

}  // namespace

ConnectAnswer start_once(ConnectCall& call, const std::string& token, contact::StartChat command) {
  if (token.empty()) return start(call, std::move(command));
  store::Store& store = call.api.centre.store;
  const std::string id = to_hex(crypto::sha256(as_bytes(call.key_id + '\0' + token)));
  const std::string purpose = "started_chats/" + id;
  // Two calls with one token at the same time: the second waits for the first one's answer.
  const std::lock_guard lock(call.api.starting);
  auto entry = store.write([&](store::Database& db) { return store::started_chats::begin(db, id, make_uuid(call.api.centre.random), call.request.now.wall); });
  if (!entry) return fault_of(entry.error());
  if (!entry->answer_sealed.empty()) {
    const auto plain = call.api.sealer.unseal(purpose, entry->answer_sealed);
    auto answer = plain ? json::parse_object(as_text(*plain)) : fail(ParseError::malformed);
    if (!answer) return fault_of({ErrorCode::internal, "a started chat's answer"});
    return std::move(*answer);
  }
  auto begun = store.write([&](store::Database& db) -> Result<std::optional<bj::object>> {
    const std::string renewed = make_token(call.api.centre.random);
    auto participant = store::centre::renew_customer_token(db, entry->contact_id, renewed);
    if (!participant) return tl::unexpected(participant.error());
    return *participant ? std::optional(started(entry->contact_id, **participant, renewed)) : std::nullopt;
  });
  if (!begun) return fault_of(begun.error());
  bj::object answer;
  if (*begun) {
    answer = std::move(**begun);
  } else {
    command.contact_id = entry->contact_id;
    const contact::Effects effects = call.api.centre.service.call(std::move(command));
    if (effects.error) {
      // Begun but not on disk yet: the SDK repeats the call.
      const bool later = effects.error->code == ErrorCode::unavailable || effects.error->code == ErrorCode::conflict;
      if (later) return fault_of({ErrorCode::internal, "not stored yet"});
      (void)store.write([&](store::Database& db) { return store::started_chats::forget(db, id); });
      return fault_of(*effects.error);
    }
    const auto& customer = effects.participants.front();
    answer = started(effects.contact_id, customer.participant.id, customer.token);
  }
  const ByteVector sealed = call.api.sealer.seal(purpose, as_bytes(bj::serialize(answer)), call.api.centre.random);
  auto kept = store.write([&](store::Database& db) { return store::started_chats::set_answer(db, id, sealed); });
  if (!kept) return fault_of(kept.error());
  return answer;
}

}  // namespace upcall::api
