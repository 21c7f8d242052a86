#include <algorithm>
#include <charconv>
#include <functional>

#include "identity/origins.hpp"
#include "io/store/parameter_repository.hpp"
#include "json/json.hpp"
#include "recording/capacity.hpp"
#include "server/admin/parameter_table.hpp"

namespace upcall::admin {

namespace {

tl::unexpected<Error> wrong(const ParameterRow& row, const std::string& must) {
  return fail(ErrorCode::invalid_argument, std::string(row.name) + " must be " + must + ".");
}

std::string number_text(double value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  return {text, end};
}

Result<std::string> boolean(const ParameterRow& row, std::string_view value) {
  std::string lower(value);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (lower != "true" && lower != "false") return wrong(row, "true or false");
  return lower;
}

Result<double> parsed(const ParameterRow& row, std::string_view value, const char* what) {
  double out = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), out);
  if (error != std::errc() || end != value.data() + value.size() || !(out >= row.least && out <= row.most)) {
    return wrong(row, std::string(what) + " from " + number_text(row.least) + " to " + number_text(row.most));
  }
  return out;
}

Result<std::string> whole(const ParameterRow& row, std::string_view value) {
  const auto number = parsed(row, value, "a whole number");
  if (!number) return tl::unexpected(number.error());
  if (*number != static_cast<double>(static_cast<std::int64_t>(*number))) return wrong(row, "a whole number");
  return std::to_string(static_cast<std::int64_t>(*number));
}

Result<std::string> even(const ParameterRow& row, std::string_view value) {
  auto number = whole(row, value);
  if (number && (number->back() - '0') % 2 != 0) return wrong(row, "an even number");
  return number;
}

Result<std::string> real(const ParameterRow& row, std::string_view value) {
  auto number = parsed(row, value, "a number");
  if (!number) return tl::unexpected(number.error());
  return number_text(*number);
}

Result<std::string> word(const ParameterRow& row, std::string_view value) {
  for (std::string_view rest = row.choices; !rest.empty();) {
    const std::string_view choice = rest.substr(0, rest.find(' '));
    if (choice == value) return std::string(value);
    rest.remove_prefix(std::min(rest.size(), choice.size() + 1));
  }
  return wrong(row, "one of: " + std::string(row.choices));
}

// Origins joined by commas, written as browsers write them; `everybody`: or "*".
Result<std::string> origin_list(const ParameterRow& row, std::string_view value, bool everybody) {
  std::string out;
  for (std::string_view rest = value; !rest.empty();) {
    const std::size_t comma = rest.find(',');
    std::string_view entry = rest.substr(0, comma);
    while (entry.starts_with(' ')) entry.remove_prefix(1);
    while (entry.ends_with(' ')) entry.remove_suffix(1);
    const auto origin = everybody && entry == "*" ? std::optional<std::string>(entry) : identity::normal_origin(entry);
    if (!origin) return wrong(row, std::string(everybody ? "* or " : "") + "origins like https://www.example.com, joined by commas");
    out += (out.empty() ? "" : ",") + *origin;
    rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
  }
  if (out.size() > 2048) return wrong(row, "at most 2048 bytes long");
  return out;
}
Result<std::string> origins(const ParameterRow& row, std::string_view value) { return origin_list(row, value, true); }
Result<std::string> named_origins(const ParameterRow& row, std::string_view value) { return origin_list(row, value, false); }

Result<std::string> name(const ParameterRow& row, std::string_view value) {
  if (value.empty() || value.size() > 64 || !json::is_clean_text(value)) return wrong(row, "a name of at most 64 bytes");
  return std::string(value);
}

Result<std::string> text(const ParameterRow& row, std::string_view value) {
  if (value.size() > 2048 || !json::is_clean_text(value)) return wrong(row, "clean text of at most 2048 bytes");
  return std::string(value);
}

Result<std::string> line(const ParameterRow& row, std::string_view value) {
  if (value.size() > 1024 || !json::is_clean_text(value) || value.find_first_of("\n\t") != std::string_view::npos) {
    return wrong(row, "a text of at most 1024 bytes on one line");
  }
  return std::string(value);
}

constexpr ParameterRow kRows[] = {
    {"connectDefaultContactFlowId", "connect-default-contact-flow-id", "", text, "Flow that new chats start with; set at the first start"},
    {"websiteAdHocRouteBaseURL", "website-ad-hoc-route-base-url", "", text, "Page of ad-hoc links; empty: this server's own"},
    {"adHocRouteExpiresMinutes", "ad-hoc-route-expires-minutes", "15", whole, "Life of an ad-hoc reference", 1, 1440},
    {"deployRecordingStack", "deploy-recording-stack", "true", boolean, "Recording on or off, at once; films that exist stay playable"},
    {"recordingPlaybackSecurityProfileId", "recording-playback-security-profile-id", "", text, "Security profile that may watch; set at the first start"},
    {"recordingAttendeeName", "recording-attendee-name", "RECORDING", name, "Name of the recorder in rosters, from the next start on"},
    {"recordingPresignedURLExpiresMinutes", "recording-presigned-url-expires-minutes", "15", whole, "Life of a playback address", 1, 1440},
    {"recordingScreenWidth", "recording-screen-width", "1920", even, "Width of films in pixels, from the next start on", 320, 3840},
    {"recordingScreenHeight", "recording-screen-height", "1080", even, "Height of films in pixels, likewise", 180, 2160},
    {"recordingScreenFrameRate", "recording-screen-frame-rate", "30", whole, "Pictures a second of films, at most; likewise", 5, 60},
    {"recordingConstantRate", "recording-constant-rate", "false", boolean, "Encode every picture of the rate, also of what stands still (larger films)"},
    {"recordingLayout", "recording-layout", "auto", word, "How films are laid out, from the next start on", 0, 0, "auto side-by-side grid speaker content"},
    {"recordingCompose", "recording-compose", "live", word, "When films are made: during the call, after it, or when first watched", 0, 0, "live after on-demand"},
    {"recordingPauseAllowed", "recording-pause-allowed", "false", boolean, "Agents who control a recording may pause it"},
    {"recordingPauseMaxSeconds", "recording-pause-max-seconds", "300", whole, "A pause ends by itself after this time", 5, 3600},
    {"recordingForgetSeconds", "recording-forget-seconds", "0", whole, "Where pausing is allowed: so many of the last seconds may be forgotten; films follow calls that much later; 0: none, from the next start on", 0, 300},
    {"recordingJournalKeepDays", "recording-journal-keep-days", "0", whole, "So long the journal stays on this disk after its film is stored, so that other films can be made of it", 0, 3650},
    {"recordingJournalCopySeconds", "recording-journal-copy-seconds", "10", whole, "Films go into a bucket: what was captured is copied there this often, until its film is stored; 0: never", 0, 3600},
    {"recordingDiskRefusePercent", "recording-disk-refuse-percent", "10", real, "Free share of the disk below which nothing new is recorded", 0, 100},
    {"recordingDiskEndPercent", "recording-disk-end-percent", "2", real, "Free share of the disk below which running recordings are ended", 0, 100},
    {"minCapacity", "min-capacity", "1", whole, "Composer workers, at least", 0, 1000},
    {"maxCapacity", "max-capacity", "5", whole, "Composer workers, at most", 1, 1000},
    {"slotsPerWorker", "slots-per-worker", "2", whole, "Compositions a worker", 1, 64},
    {"targetCapacityPercent", "target-capacity-percent", "60", real, "Share of the slots that should be in use; above 0, at most 100", 0, 100},
    {"minimumScalingStepSize", "minimum-scaling-step-size", "1", whole, "Workers a step, at least", 1, 1000},
    {"maximumScalingStepSize", "maximum-scaling-step-size", "2", whole, "Workers a step, at most", 1, 1000},
    {"scaleInAfterSeconds", "scale-in-after-seconds", "120", whole, "Quiet time before workers go", 0, 86400},
    {"recordingObjectStore", "recording-object-store", "embedded", word, "Where films go: into the data directory or a bucket; those of before a change stay playable", 0, 0, "embedded s3"},
    {"recordingS3Endpoint", "recording-s3-endpoint", "", line, "https://s3.eu-central-1.amazonaws.com, http://10.0.0.5:7480: without bucket and path"},
    {"recordingS3Region", "recording-s3-region", "us-east-1", line, "us-east-1 where the store has no regions"},
    {"recordingS3Bucket", "recording-s3-bucket", "", line, "It must exist"},
    {"recordingS3AccessKeyId", "recording-s3-access-key-id", "", line, "Of a key that may get, put, list and delete objects, and list and abort uploads"},
    {"recordingS3SecretAccessKey", "recording-s3-secret-access-key", "", line, "Its secret; '-' reads it from standard input, so that it is in no list of processes", 0, 0, "", true},
    {"recordingS3Encryption", "recording-s3-encryption", "none", line, "none, AES256, aws:kms or aws:kms:KEY: what the store is asked to encrypt with"},
    {"recordingS3CaFile", "recording-s3-ca-file", "", line, "Certificate authorities to trust instead of the system's (PEM)"},
    {"recordingS3VirtualHost", "recording-s3-virtual-host", "false", boolean, "true: bucket.host instead of host/bucket"},
    {"websiteAPIAllowedOrigins", "website-api-allowed-origins", "*", origins, "Sites whose pages may use the customers' interfaces (chat, joining a call): * or origins joined by commas"},
    {"agentAPIAllowedOrigins", "agent-api-allowed-origins", "", origins, "Sites beside our own pages that may use the agents' interfaces; empty: none"},
    {"approvedOrigins", "approved-origins", "", named_origins, "Sites that may show our pages in a frame and open their sockets, joined by commas; empty: none"},
    {"auditKeepDays", "audit-keep-days", "0", whole, "So long an entry stays in the audit; the rest can still be verified. 0: for ever", 0, 36500},
    {"chatMessageBytes", "chat-message-bytes", "16384", whole, "Longest message in bytes", 1024, 16384},
    {"chatDurationMinutes", "chat-duration-minutes", "1500", whole, "A chat ends by itself after this time, unless it was started with another", 60, 10080},
    {"chatCustomerIdleMinutes", "chat-customer-idle-minutes", "0", whole, "A customer who says nothing for so long is called idle; 0: never", 0, 480},
    {"chatCustomerDisconnectMinutes", "chat-customer-disconnect-minutes", "0", whole, "So long after that the chat ends; 0: never", 0, 480},
    {"chatAgentIdleMinutes", "chat-agent-idle-minutes", "0", whole, "The same for agents", 0, 480},
    {"chatAgentDisconnectMinutes", "chat-agent-disconnect-minutes", "0", whole, "The same for agents", 0, 480},
    {"mailMethod", "mail-method", "file", word, "How links for passwords are sent: into DATA/mail, or by smtp", 0, 0, "file smtp"},
    {"mailFrom", "mail-from", "upcall@localhost.localdomain", line, "Sender of mails"},
    {"smtpURL", "smtp-url", "", line, "smtp://HOST:587 (STARTTLS is demanded) or smtps://HOST:465"},
    {"smtpUsername", "smtp-username", "", line, "Log-in at the mail server; empty: none"},
    {"smtpPassword", "smtp-password", "", line, "Its password; '-' reads it from standard input", 0, 0, "", true},
    {"smtpCaFile", "smtp-ca-file", "", line, "Certificate authorities to trust instead of the system's (PEM)"},
    {"federationIssuer", "federation-issuer", "", line, "Another OpenID Connect provider that people log in by: its issuer, https://…; empty: none"},
    {"federationName", "federation-name", "", line, "What its button says"},
    {"federationClientId", "federation-client-id", "", line, "Our id there; redirect address: PUBLIC-URL/oauth2/callback"},
    {"federationClientSecret", "federation-client-secret", "", line, "Our secret there; '-' reads it from standard input", 0, 0, "", true},
    {"federationAllowedDomains", "federation-allowed-domains", "", line, "Domains of e-mail addresses that may be linked, joined by commas; empty: none"},
    {"federationTrustEmail", "federation-trust-email", "false", boolean, "Its e-mail addresses count as verified though it does not say so"},
    {"federationAutoProvision", "federation-auto-provision", "false", boolean, "Make users for people whom nobody has added"},
    {"federationSecurityProfile", "federation-security-profile", "Agent", line, "Profile of users that are made"},
    {"federationEmailClaim", "federation-email-claim", "email", line, "Claim with the e-mail address"},
    {"federationNameClaim", "federation-name-claim", "name", line, "Claim with the name"},
    {"sessionLifeMinutes", "session-life-minutes", "600", whole, "So long after the log-in it must be done again; calls go on", 5, 43200},
    {"chatAttachmentMaxBytes", "chat-attachment-max-bytes", "20971520", whole, "Largest file in a chat; 0: none are taken", 0, 20971520},
    {"chatAttachmentsPerChat", "chat-attachments-per-chat", "35", whole, "Files in one chat", 0, 1000},
    {"chatAttachmentTypes", "chat-attachment-types", "", text, "Types of files that are taken, joined by commas; empty: pictures, PDF, plain text, sound, film, office documents"},
    {"chatAttachmentScanCommand", "chat-attachment-scan-command", "", line, "Program that looks at each file on its standard input: 0 approves it, anything else rejects it; empty: all are approved"},
    {"chatAttachmentScanSeconds", "chat-attachment-scan-seconds", "60", whole, "After this time the file is rejected", 1, 600},
    {"webhookAllowPrivate", "webhook-allow-private", "false", boolean, "Let webhooks reach http:// and private addresses"},
};

}  // namespace

std::span<const ParameterRow> parameters() { return kRows; }

const ParameterRow* find_parameter(std::string_view wanted) {
  for (const ParameterRow& row : kRows) {
    if (row.name == wanted) return &row;
  }
  return nullptr;
}

namespace {

Result<recording::CapacityOptions> capacity_from(const std::function<std::string(std::string_view name)>& value) {
  const auto number = [&](std::string_view which) {
    double out = 0;
    const std::string stored = value(which);
    std::from_chars(stored.data(), stored.data() + stored.size(), out);
    return out;
  };
  recording::CapacityOptions capacity;
  capacity.min_capacity = static_cast<int>(number("minCapacity"));
  capacity.max_capacity = static_cast<int>(number("maxCapacity"));
  capacity.slots_per_worker = static_cast<int>(number("slotsPerWorker"));
  capacity.target_percent = number("targetCapacityPercent");
  capacity.step_min = static_cast<int>(number("minimumScalingStepSize"));
  capacity.step_max = static_cast<int>(number("maximumScalingStepSize"));
  capacity.scale_in_after = Duration::s(static_cast<std::int64_t>(number("scaleInAfterSeconds")));
  return recording::checked(capacity);
}

}  // namespace

Result<Duration> journal_copy_parameter(store::Database& db) {
  constexpr std::string_view kName = "recordingJournalCopySeconds";
  const auto text = store::parameters::get_or(db, kName, find_parameter(kName)->fallback);
  if (!text) return tl::unexpected(text.error());
  std::int64_t seconds = 0;
  std::from_chars(text->data(), text->data() + text->size(), seconds);
  return Duration::s(seconds);
}

Result<recording::DiskRules> disk_parameters(store::Database& db) {
  const auto share = [&](std::string_view name) -> Result<double> {
    auto text = store::parameters::get_or(db, name, find_parameter(name)->fallback);
    if (!text) return tl::unexpected(text.error());
    double percent = 0;
    std::from_chars(text->data(), text->data() + text->size(), percent);
    return percent / 100;
  };
  const auto refuse = share("recordingDiskRefusePercent"), end = share("recordingDiskEndPercent");
  if (!refuse) return tl::unexpected(refuse.error());
  if (!end) return tl::unexpected(end.error());
  return recording::DiskRules{.refuse_below = *refuse, .end_below = *end};
}

Result<recording::CapacityOptions> capacity_parameters(store::Database& db) {
  std::optional<Error> trouble;
  auto capacity = capacity_from([&](std::string_view name) {
    auto stored = store::parameters::get_or(db, name, "");
    if (!stored) trouble = stored.error();
    return stored && !stored->empty() ? *stored : std::string(find_parameter(name)->fallback);
  });
  if (trouble) return tl::unexpected(*trouble);
  return capacity;
}


}  // namespace upcall::admin
