#include "server/serve/retention_commands.hpp"

#include "json/json.hpp"

namespace upcall::server {

namespace bj = boost::json;

namespace {

Result<std::string> needed(const bj::object& arguments, std::string_view name) {
  const std::string text = json::text_or(arguments, name);
  if (text.empty() || text.size() > 256 || !json::is_clean_text(text)) return fail(ErrorCode::invalid_argument, std::string(name) + " must be given");
  return text;
}

bj::array texts(const std::vector<std::string>& list) {
  bj::array out;
  for (const std::string& text : list) out.emplace_back(text);
  return out;
}

}  // namespace

std::optional<Result<bj::value>> retention_command(service::RetentionService& retention, const service::RecordSigner& signer,
                                                   std::string_view command, const bj::object& arguments) {
  const auto run = [&]() -> Result<bj::value> {
    if (command == "recording.delete") {
      auto id = needed(arguments, "recording");
      if (!id) return tl::unexpected(id.error());
      auto reason = needed(arguments, "reason");
      if (!reason) return tl::unexpected(reason.error());
      if (auto removed = retention.remove(*id, "administrator", *reason); !removed) return tl::unexpected(removed.error());
      return bj::object{{"recordingId", *id}};
    }
    if (command == "contact.erase") {
      auto id = needed(arguments, "contact");
      if (!id) return tl::unexpected(id.error());
      auto certificate = retention.erase(*id, "administrator");
      if (!certificate) return tl::unexpected(certificate.error());
      return bj::object{{"contactId", *id}, {"certificate", *certificate}, {"key", json::parse(signer.public_jwk()).value_or(nullptr)}};
    }
    if (command == "retention.sweep") {
      auto gone = retention.sweep();
      if (!gone) return tl::unexpected(gone.error());
      return bj::object{{"deleted", *gone}};
    }
    auto seen = retention.reconcile();
    if (!seen) return tl::unexpected(seen.error());
    return bj::object{{"rowsWithoutFile", texts(seen->rows_without_file)}, {"filesWithoutRow", texts(seen->files_without_row)}};
  };
  for (const std::string_view known : {"recording.delete", "contact.erase", "retention.sweep", "retention.reconcile"}) {
    if (command == known) return run();
  }
  return std::nullopt;
}

Result<bj::value> compose_again(service::RecordingService& recordings, const bj::object& arguments) {
  auto id = needed(arguments, "recording");
  if (!id) return tl::unexpected(id.error());
  service::FilmChange change;
  if (arguments.contains("layout")) change.layout = json::text_or(arguments, "layout");
  const auto number = [&](std::string_view name, std::optional<int>& value) -> Result<void> {
    if (!arguments.contains(name)) return {};
    const auto given = json::integer_at(arguments, name);
    if (!given || *given < 1 || *given > 10'000) return fail(ErrorCode::invalid_argument, std::string(name) + " must be a whole number");
    value = static_cast<int>(*given);
    return {};
  };
  if (auto r = number("width", change.width); !r) return tl::unexpected(r.error());
  if (auto r = number("height", change.height); !r) return tl::unexpected(r.error());
  if (auto r = number("frame-rate", change.fps); !r) return tl::unexpected(r.error());
  auto made = recordings.recompose(*id, change, "administrator");
  if (!made) return tl::unexpected(made.error());
  return bj::object{{"recordingId", made->recording_id}, {"externalMeetingId", made->external_meeting_id}};
}

}  // namespace upcall::server
