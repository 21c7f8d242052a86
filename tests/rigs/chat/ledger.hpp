// What one chat's people sent, were told and got, held against what the server keeps: nothing acknowledged may be missing,
// nothing may be there twice, nobody's messages may change places. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace upcall::chat_rig {

enum class Side : std::uint8_t { customer, agent };

// A message's name, which is its content as well: "customer 17".
struct MessageName {
  Side side = Side::customer;
  std::uint32_t number = 0;  // from 1, by side
  bool operator==(const MessageName&) const = default;
};

std::string to_text(MessageName name);
std::optional<MessageName> message_name(std::string_view text);

struct Ledger {
  std::vector<MessageName> sent, acknowledged;
  std::vector<MessageName> got_by_customer, got_by_agent;   // by their sockets, as they came
  std::vector<MessageName> kept;                            // the transcript
};

// What is wrong, in words; nothing when all is well. `whole`: sockets never broke, so both must have got all of it.
std::vector<std::string> faults(const Ledger& ledger, bool whole);

}  // namespace upcall::chat_rig
