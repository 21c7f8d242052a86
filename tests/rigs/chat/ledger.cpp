#include "ledger.hpp"

#include <algorithm>
#include <charconv>
#include <map>

namespace upcall::chat_rig {

namespace {

constexpr std::string_view kCustomer = "customer ", kAgent = "agent ";

using Key = std::pair<int, std::uint32_t>;
Key key(MessageName m) { return {static_cast<int>(m.side), m.number}; }

// Each side's numbers rise: nothing twice, nothing in another order.
void expect_rising(const std::vector<MessageName>& list, const char* where, std::vector<std::string>& out) {
  std::uint32_t last[2] = {0, 0};
  for (const MessageName m : list) {
    std::uint32_t& before = last[static_cast<int>(m.side)];
    if (m.number == before) out.push_back(to_text(m) + " is twice in " + where);
    else if (m.number < before) out.push_back(to_text(m) + " comes after " + std::to_string(before) + " in " + where);
    before = std::max(before, m.number);
  }
}

}  // namespace

std::string to_text(MessageName name) { return std::string(name.side == Side::customer ? kCustomer : kAgent) + std::to_string(name.number); }

std::optional<MessageName> message_name(std::string_view text) {
  MessageName out;
  if (text.starts_with(kCustomer)) {
    text.remove_prefix(kCustomer.size());
  } else if (text.starts_with(kAgent)) {
    out.side = Side::agent;
    text.remove_prefix(kAgent.size());
  } else {
    return std::nullopt;
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out.number);
  if (error != std::errc() || end != text.data() + text.size() || out.number == 0) return std::nullopt;
  return out;
}

std::vector<std::string> faults(const Ledger& ledger, bool whole) {
  std::vector<std::string> out;
  std::map<Key, std::size_t> place;
  for (std::size_t i = 0; i < ledger.kept.size(); ++i) place.emplace(key(ledger.kept[i]), i);
  expect_rising(ledger.kept, "the transcript", out);
  for (const MessageName m : ledger.acknowledged) {
    if (!place.contains(key(m))) out.push_back(to_text(m) + " was acknowledged and is not in the transcript");
  }
  for (const MessageName m : ledger.kept) {
    if (std::find(ledger.sent.begin(), ledger.sent.end(), m) == ledger.sent.end()) out.push_back(to_text(m) + " was never sent");
  }
  for (const auto& [list, who] : {std::pair(&ledger.got_by_customer, "the customer's socket"), std::pair(&ledger.got_by_agent, "the agent's socket")}) {
    std::size_t after = 0;
    for (const MessageName m : *list) {
      const auto found = place.find(key(m));
      if (found == place.end()) {
        out.push_back(to_text(m) + " came by " + who + " and is not in the transcript");
      } else if (found->second < after) {
        out.push_back(to_text(m) + " came by " + who + " twice or out of the transcript's order");
      } else {
        after = found->second + 1;
      }
    }
    if (whole && list->size() != ledger.kept.size()) {
      out.push_back(std::string(who) + " got " + std::to_string(list->size()) + " of " + std::to_string(ledger.kept.size()) + " messages");
    }
  }
  return out;
}

}  // namespace upcall::chat_rig
