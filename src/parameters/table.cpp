#include "parameters/table.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace upcall::parameters {

namespace {

using enum Kind;

constexpr ParameterRow kRows[] = {
    // The 22 of the original, in its order.
    {"connectInstanceARN", "connect-instance-arn", "", arn, "ARN of the contact centre that pages are told in frontend-config.js; at first this instance's own, by which it is known here whatever is set", 0, 0, "instance/", false, "", true},
    {"connectInstanceURL", "connect-instance-url", "", page, "Address of the contact centre that pages are told; at first this server's, which is all of it here", 0, 0, "", false, "", true},
    {"connectDefaultContactFlowId", "connect-default-contact-flow-id", "", id, "Flow that new chats start with (upcall flow list); set at the first start", 0, 0, "", false, "", true},
    {"cognitoDomainPrefix", "cognito-domain-prefix", "", label, "No effect here: the log-in pages are this server's own and need no domain at the vendor's"},
    {"agentAPIAllowedOrigins", "agent-api-allowed-origins", "", origins, "Sites beside our own pages that may use the agents' interfaces; * is everybody, the original's default; empty: none"},
    {"websiteAPIAllowedOrigins", "website-api-allowed-origins", "*", origins, "Sites whose pages may use the customers' interfaces (chat, joining a call): * or origins joined by commas"},
    {"websiteAdHocRouteBaseURL", "website-ad-hoc-route-base-url", "", page, "Page of ad-hoc links; empty: this server's own"},
    {"cognitoSAMLEnabled", "cognito-saml-enabled", "", boolean, "Log-in by another provider, by OpenID Connect instead of SAML: true or false switches it; never set: on when federationIssuer is"},
    {"ccpLoginLambdaRoleToAssume", "ccpLogin-lambda-role-to-assume", "", arn, "No effect here: agents work in our pages with the log-in that they have, and nobody assumes a role", 0, 0, "role/", false, "cognitoSAMLEnabled"},
    {"cognitoSAMLIdentityProviderURL", "cognito-saml-identity-provider-url", "", page, "The provider: issuer or discovery address of its OpenID Connect side (SAML metadata cannot be used); stands in for federationIssuer", 0, 0, "", false, "cognitoSAMLEnabled"},
    {"cognitoSAMLIdentityProviderName", "cognito-saml-identity-provider-name", "", name, "What the button of the other log-in says, and what pages are told; federationName wins on the button", 0, 0, "", false, "cognitoSAMLEnabled"},
    {"cognitoSAMLCallbackUrls", "cognito-saml-callback-urls", "", addresses, "Pages beside our own to which a log-in of ours may return, joined by commas, compared as a whole", 0, 0, "", false, "cognitoSAMLEnabled"},
    {"cognitoSAMLLogoutUrls", "cognito-saml-logout-urls", "", addresses, "The same for logging out", 0, 0, "", false, "cognitoSAMLEnabled"},
    {"cdkPipelineEnabled", "cdk-pipeline-enabled", "false", boolean, "Deploy by a pipeline from a repository instead of directly"},
    {"cdkPipelineRepositoryName", "cdk-pipeline-repository-name", "", repository, "The pipeline's git repository", 0, 0, "", false, "cdkPipelineEnabled", true},
    {"cdkPipelineRepositoryBranchName", "cdk-pipeline-repository-branch-name", "", branch, "Its branch that is deployed", 0, 0, "", false, "cdkPipelineEnabled", true},
    {"cdkPipelineCreateNewRepository", "cdk-pipeline-create-new-repository", "true", boolean, "true: make the repository, false: take one that is there", 0, 0, "", false, "cdkPipelineEnabled"},
    {"cdkPipelineStageName", "cdk-pipeline-stage-name", "", label, "Name of the pipeline's stage, such as Demo or Prod", 0, 0, "", false, "cdkPipelineEnabled", true},
    {"deployRecordingStack", "deploy-recording-stack", "true", boolean, "Recording on or off, at once; films that exist stay playable"},
    {"recordingPlaybackSecurityProfileId", "recording-playback-security-profile-id", "", id, "Security profile that may watch (upcall security-profile list); set at the first start", 0, 0, "", false, "deployRecordingStack", true},
    {"recordingAttendeeName", "recording-attendee-name", "RECORDING", name, "Name of the recorder in rosters, from the next recording on", 0, 0, "", false, "deployRecordingStack", true},
    {"recordingPresignedURLExpiresMinutes", "recording-presigned-url-expires-minutes", "15", whole, "Life of a playback address", 1, 1440, "", false, "deployRecordingStack", true},
    // Ours.
    {"adHocRouteExpiresMinutes", "ad-hoc-route-expires-minutes", "15", whole, "Life of an ad-hoc reference", 1, 1440},
    {"recordingScreenWidth", "recording-screen-width", "1920", even, "Width of films in pixels, from the next recording on", 320, 3840, "", false, "deployRecordingStack"},
    {"recordingScreenHeight", "recording-screen-height", "1080", even, "Height of films in pixels, likewise", 180, 2160, "", false, "deployRecordingStack"},
    {"recordingScreenFrameRate", "recording-screen-frame-rate", "30", whole, "Pictures a second of films, at most; likewise", 5, 60, "", false, "deployRecordingStack"},
    {"recordingConstantRate", "recording-constant-rate", "false", boolean, "Encode every picture of the rate, also of what stands still (larger films)", 0, 0, "", false, "deployRecordingStack"},
    {"recordingLayout", "recording-layout", "auto", word, "How films are laid out, from the next recording on", 0, 0, "auto side-by-side grid speaker content", false, "deployRecordingStack"},
    {"recordingCompose", "recording-compose", "live", word, "When films are made: during the call, after it, or when first watched", 0, 0, "live after on-demand", false, "deployRecordingStack"},
    {"recordingPauseAllowed", "recording-pause-allowed", "false", boolean, "Agents who control a recording may pause it", 0, 0, "", false, "deployRecordingStack"},
    {"recordingPauseMaxSeconds", "recording-pause-max-seconds", "300", whole, "A pause ends by itself after this time", 5, 3600, "", false, "recordingPauseAllowed"},
    {"recordingForgetSeconds", "recording-forget-seconds", "0", whole, "Where pausing is allowed: so many of the last seconds may be forgotten; films follow calls that much later; 0: none, from the next recording on", 0, 300, "", false, "recordingPauseAllowed"},
    {"recordingJournalKeepDays", "recording-journal-keep-days", "0", whole, "So long the journal stays on this disk after its film is stored, so that other films can be made of it", 0, 3650, "", false, "deployRecordingStack"},
    {"recordingJournalCopySeconds", "recording-journal-copy-seconds", "10", whole, "Films go into a bucket: what was captured is copied there this often, until its film is stored; 0: never", 0, 3600, "", false, "deployRecordingStack"},
    {"recordingDiskRefusePercent", "recording-disk-refuse-percent", "10", real, "Free share of the disk below which nothing new is recorded", 0, 100, "", false, "deployRecordingStack"},
    {"recordingDiskEndPercent", "recording-disk-end-percent", "2", real, "Free share of the disk below which running recordings are ended", 0, 100, "", false, "deployRecordingStack"},
    {"minCapacity", "min-capacity", "1", whole, "Composer workers, at least", 0, 1000},
    {"maxCapacity", "max-capacity", "5", whole, "Composer workers, at most", 1, 1000},
    {"slotsPerWorker", "slots-per-worker", "2", whole, "Compositions a worker", 1, 64},
    {"targetCapacityPercent", "target-capacity-percent", "60", real, "Share of the slots that should be in use; above 0, at most 100", 0, 100},
    {"minimumScalingStepSize", "minimum-scaling-step-size", "1", whole, "Workers a step, at least", 1, 1000},
    {"maximumScalingStepSize", "maximum-scaling-step-size", "2", whole, "Workers a step, at most", 1, 1000},
    {"scaleInAfterSeconds", "scale-in-after-seconds", "120", whole, "Quiet time before workers go", 0, 86400},
    {"recordingObjectStore", "recording-object-store", "embedded", word, "Where films go: into the data directory or a bucket; those of before a change stay playable", 0, 0, "embedded s3", false, "deployRecordingStack"},
    {"recordingS3Endpoint", "recording-s3-endpoint", "", line, "https://s3.eu-central-1.amazonaws.com, http://10.0.0.5:7480: without bucket and path", 0, 0, "", false, "recordingObjectStore=s3"},
    {"recordingS3Region", "recording-s3-region", "us-east-1", line, "us-east-1 where the store has no regions", 0, 0, "", false, "recordingObjectStore=s3"},
    {"recordingS3Bucket", "recording-s3-bucket", "", line, "It must exist", 0, 0, "", false, "recordingObjectStore=s3"},
    {"recordingS3AccessKeyId", "recording-s3-access-key-id", "", line, "Of a key that may get, put, list and delete objects, and list and abort uploads", 0, 0, "", false, "recordingObjectStore=s3"},
    {"recordingS3SecretAccessKey", "recording-s3-secret-access-key", "", line, "Its secret; '-' reads it from standard input, so that it is in no list of processes", 0, 0, "", true, "recordingObjectStore=s3"},
    {"recordingS3Encryption", "recording-s3-encryption", "none", line, "none, AES256, aws:kms or aws:kms:KEY: what the store is asked to encrypt with", 0, 0, "", false, "recordingObjectStore=s3"},
    {"recordingS3CaFile", "recording-s3-ca-file", "", line, "Certificate authorities to trust instead of the system's (PEM)", 0, 0, "", false, "recordingObjectStore=s3"},
    {"recordingS3VirtualHost", "recording-s3-virtual-host", "false", boolean, "true: bucket.host instead of host/bucket", 0, 0, "", false, "recordingObjectStore=s3"},
    {"approvedOrigins", "approved-origins", "", named_origins, "Sites that may show our pages in a frame and open their sockets, joined by commas; empty: none"},
    {"meetingKeepDays", "meeting-keep-days", "45", whole, "So long after its end a meeting and its attendees are known, unless a recording of it is there; 0: for ever", 0, 36500},
    {"meetingIdleEndSeconds", "meeting-idle-end-seconds", "300", whole, "A meeting that nobody is connected to for so long ends, also when nobody ever was; 0: never. For meetings that begin after the change", 0, 86400},
    {"meetingLifeMinutes", "meeting-life-minutes", "1440", whole, "So long after its beginning a meeting ends, whoever is in it", 1, 10080},
    {"meetingAttendeesMax", "meeting-attendees-max", "250", whole, "People in a meeting at once; MaxCount of a meeting may be less", 2, 250},
    {"meetingVideoSendersMax", "meeting-video-senders-max", "25", whole, "Cameras of a meeting that send at once; who comes later is seen when one is switched off", 1, 250},
    {"meetingVideoCodecs", "meeting-video-codecs", "VP8,H264,VP9", word, "Codecs of cameras and screens; what is sent is the sender's first choice of those that all receivers take", 0, 0, "VP8,H264,VP9 VP8,H264 VP8,VP9 H264,VP9 VP8 H264 VP9"},
    {"meetingsMax", "meetings-max", "250", whole, "Meetings that live at once; above it /aws/chime makes no more", 1, 10000},
    {"auditKeepDays", "audit-keep-days", "0", whole, "So long an entry stays in the audit; the rest can still be verified. 0: for ever", 0, 36500},
    {"chatMessageBytes", "chat-message-bytes", "16384", whole, "Longest message in bytes", 1024, 16384},
    {"chatDurationMinutes", "chat-duration-minutes", "1500", whole, "A chat ends by itself after this time, unless it was started with another", 60, 10080},
    {"chatCustomerIdleMinutes", "chat-customer-idle-minutes", "0", whole, "A customer who says nothing for so long is called idle; 0: never", 0, 480},
    {"chatCustomerDisconnectMinutes", "chat-customer-disconnect-minutes", "0", whole, "So long after that the chat ends; 0: never", 0, 480},
    {"chatAgentIdleMinutes", "chat-agent-idle-minutes", "0", whole, "The same for agents", 0, 480},
    {"chatAgentDisconnectMinutes", "chat-agent-disconnect-minutes", "0", whole, "The same for agents", 0, 480},
    {"mailMethod", "mail-method", "file", word, "How links for passwords are sent: into DATA/mail, or by smtp", 0, 0, "file smtp"},
    {"mailFrom", "mail-from", "upcall@localhost.localdomain", line, "Sender of mails"},
    {"smtpURL", "smtp-url", "", mail_server, "smtp://HOST:587 (STARTTLS is demanded) or smtps://HOST:465", 0, 0, "", false, "mailMethod=smtp", true},
    {"smtpUsername", "smtp-username", "", line, "Log-in at the mail server; empty: none", 0, 0, "", false, "mailMethod=smtp"},
    {"smtpPassword", "smtp-password", "", line, "Its password; '-' reads it from standard input", 0, 0, "", true, "mailMethod=smtp"},
    {"smtpCaFile", "smtp-ca-file", "", line, "Certificate authorities to trust instead of the system's (PEM)", 0, 0, "", false, "mailMethod=smtp"},
    {"federationIssuer", "federation-issuer", "", issuer, "Another OpenID Connect provider that people log in by: its issuer, https://…; empty: cognitoSAMLIdentityProviderURL", 0, 0, "", false, "cognitoSAMLEnabled"},
    {"federationName", "federation-name", "", line, "What its button says; empty: cognitoSAMLIdentityProviderName", 0, 0, "", false, "cognitoSAMLEnabled"},
    {"federationClientId", "federation-client-id", "", line, "Our id there; redirect address: PUBLIC-URL/oauth2/callback", 0, 0, "", false, "cognitoSAMLEnabled"},
    {"federationClientSecret", "federation-client-secret", "", line, "Our secret there; '-' reads it from standard input", 0, 0, "", true, "cognitoSAMLEnabled"},
    {"federationAllowedDomains", "federation-allowed-domains", "", line, "Domains of e-mail addresses that may be linked, joined by commas; empty: none", 0, 0, "", false, "cognitoSAMLEnabled"},
    {"federationTrustEmail", "federation-trust-email", "false", boolean, "Its e-mail addresses count as verified though it does not say so", 0, 0, "", false, "cognitoSAMLEnabled"},
    {"federationAutoProvision", "federation-auto-provision", "false", boolean, "Make users for people whom nobody has added", 0, 0, "", false, "cognitoSAMLEnabled"},
    {"federationSecurityProfile", "federation-security-profile", "Agent", line, "Profile of users that are made", 0, 0, "", false, "cognitoSAMLEnabled"},
    {"federationEmailClaim", "federation-email-claim", "email", line, "Claim with the e-mail address", 0, 0, "", false, "cognitoSAMLEnabled"},
    {"federationNameClaim", "federation-name-claim", "name", line, "Claim with the name", 0, 0, "", false, "cognitoSAMLEnabled"},
    {"sessionLifeMinutes", "session-life-minutes", "600", whole, "So long after the log-in it must be done again; calls go on", 5, 43200},
    {"chatAttachmentMaxBytes", "chat-attachment-max-bytes", "20971520", whole, "Largest file in a chat; 0: none are taken", 0, 20971520},
    {"chatAttachmentsPerChat", "chat-attachments-per-chat", "35", whole, "Files in one chat", 0, 1000},
    {"chatAttachmentTypes", "chat-attachment-types", "", text, "Types of files that are taken, joined by commas; empty: pictures, PDF, plain text, sound, film, office documents"},
    {"chatAttachmentScanCommand", "chat-attachment-scan-command", "", line, "Program that looks at each file on its standard input: 0 approves it, anything else rejects it; empty: all are approved"},
    {"chatAttachmentScanSeconds", "chat-attachment-scan-seconds", "60", whole, "After this time the file is rejected", 1, 600},
    {"turnServers", "turn-servers", "", turn_servers, "TURN servers for people whose network lets nothing but them out, from the next meeting on: turns:turn.example.com:443?transport=tcp"},
    {"turnSecret", "turn-secret", "", line, "The secret that they share with this server (coturn's static-auth-secret); '-' reads it from standard input", 0, 0, "", true},
    {"webhookAllowPrivate", "webhook-allow-private", "false", boolean, "Let webhooks reach http:// and private addresses"},
};

std::string lower(std::string_view word) {
  std::string out(word);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

// Levenshtein's distance.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t before = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = before + (a[i - 1] == b[j - 1] ? 0 : 1);
      before = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

std::span<const ParameterRow> rows() { return kRows; }

const ParameterRow* find(std::string_view name) {
  for (const ParameterRow& row : kRows) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

const ParameterRow* find_any(std::string_view word) {
  if (word.starts_with(kHierarchy)) return find(word.substr(kHierarchy.size()));
  if (word.starts_with("--")) word.remove_prefix(2);
  for (const ParameterRow& row : kRows) {
    if (row.name == word || row.flag == word) return &row;
  }
  return nullptr;
}

bool is_original(const ParameterRow& row) {
  const std::span<const ParameterRow> all = rows();
  return static_cast<std::size_t>(&row - all.data()) < kOriginals;
}

std::string_view nearest(std::string_view word) {
  if (word.starts_with(kHierarchy)) word.remove_prefix(kHierarchy.size());
  if (word.starts_with("--")) word.remove_prefix(2);
  const std::string asked = lower(word.substr(0, 128));
  std::string_view best;
  // A third of the letters may be wrong: beyond that it is a guess.
  std::size_t least = asked.size() / 3 + 1;
  for (const ParameterRow& row : kRows) {
    for (const std::string_view known : {row.flag, row.name}) {
      const std::size_t far = distance(asked, lower(known));
      if (far < least) {
        least = far;
        best = known;
      }
    }
  }
  return best;
}

}  // namespace upcall::parameters
