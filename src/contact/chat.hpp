// The vocabulary of a chat: participants, items, content types (connect-compatible names, our own invitation event).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"

namespace upcall::contact {

enum class Role : std::uint8_t { customer, agent, system, supervisor };
std::string_view to_string(Role role);  // "CUSTOMER", "AGENT", "SYSTEM", "SUPERVISOR"
Role role_from(std::string_view text);

enum class ItemType : std::uint8_t { message, event, message_metadata, attachment };
std::string_view to_string(ItemType type);  // "MESSAGE", "EVENT", "MESSAGEMETADATA", "ATTACHMENT"
ItemType item_type_from(std::string_view text);

namespace content {
inline constexpr std::string_view kText = "text/plain";
inline constexpr std::string_view kMarkdown = "text/markdown";
inline constexpr std::string_view kJson = "application/json";
inline constexpr std::string_view kInteractiveResponse = "application/vnd.amazonaws.connect.message.interactive.response";
inline constexpr std::string_view kTyping = "application/vnd.amazonaws.connect.event.typing";
inline constexpr std::string_view kDelivered = "application/vnd.amazonaws.connect.event.message.delivered";
inline constexpr std::string_view kRead = "application/vnd.amazonaws.connect.event.message.read";
inline constexpr std::string_view kConnectionAcknowledged = "application/vnd.amazonaws.connect.event.connection.acknowledged";
inline constexpr std::string_view kJoined = "application/vnd.amazonaws.connect.event.participant.joined";
inline constexpr std::string_view kLeft = "application/vnd.amazonaws.connect.event.participant.left";
inline constexpr std::string_view kTransferSucceeded = "application/vnd.amazonaws.connect.event.transfer.succeeded";
inline constexpr std::string_view kTransferFailed = "application/vnd.amazonaws.connect.event.transfer.failed";
inline constexpr std::string_view kEnded = "application/vnd.amazonaws.connect.event.chat.ended";
inline constexpr std::string_view kIdle = "application/vnd.amazonaws.connect.event.participant.idle";
inline constexpr std::string_view kReturned = "application/vnd.amazonaws.connect.event.participant.returned";
inline constexpr std::string_view kAutoDisconnection = "application/vnd.amazonaws.connect.event.participant.autodisconnection";
inline constexpr std::string_view kMetadata = "application/vnd.amazonaws.connect.event.message.metadata";
// Ours. Sent while the customer waits, never stored: {"position":n,"queueLength":m}, 1 is next.
inline constexpr std::string_view kQueuePosition = "application/vnd.upcall.event.queue.position";
// Ours. The invitation's content: {"invitationId","externalMeetingId","attendeeExternalUserId"}; it is pushed again
// until the customer sends the acknowledgement with content {"invitationId"}.
inline constexpr std::string_view kInvitation = "application/vnd.upcall.event.video.invitation";
inline constexpr std::string_view kInvitationAcknowledged = "application/vnd.upcall.event.video.invitation.acknowledged";
}  // namespace content

struct Participant {
  std::string id;
  Role role = Role::customer;
  std::string display_name;
  std::string user_id;  // agents
  bool joined = false;
  bool left = false;
  bool silent = false;   // a supervisor who watches: the others do not know, and nothing can be sent
  bool idle = false;     // was told so; ends with the next thing they send
  Instant last_active;   // while an agent is there
};

enum class AttachmentStatus : std::uint8_t { in_progress, approved, rejected };
std::string_view to_string(AttachmentStatus status);  // "IN_PROGRESS", "APPROVED", "REJECTED"

struct Attachment {
  std::string id, name, content_type;
  AttachmentStatus status = AttachmentStatus::in_progress;
  std::int64_t size_bytes = 0;  // 0: of an item from before sizes were kept
  bool operator==(const Attachment&) const = default;
};

// Who of the others got or read a message, and when.
struct Receipt {
  std::string participant_id;
  std::optional<WallTime> delivered, read;
};

struct ChatItem {
  std::string id;
  std::string contact_id;
  std::uint64_t seq = 0;  // order within the contact, from 1; 0: never stored
  WallTime at;
  ItemType type = ItemType::message;
  std::string content_type;
  std::optional<std::string> content;
  std::string participant_id;  // empty: the system
  Role role = Role::system;
  std::string display_name;
  std::string client_token;     // the sender's, stored so that a repeat is known after a restart too; never told
  std::vector<Attachment> attachments;
  std::vector<Receipt> receipts;   // as a transcript shows them; never on the way in
  // message_metadata only
  std::string receipt_of;       // participant who read or got it
  bool receipt_read = false;
};

}  // namespace upcall::contact
