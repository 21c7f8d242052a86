#include "contact/flow_runner.hpp"

#include <charconv>

namespace upcall::contact {
namespace {

bool name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

std::string attribute(const FlowHost& host, std::string_view name) {
  const auto found = host.attributes().find(name);
  return found != host.attributes().end() ? found->second : std::string();
}

std::string value_of(const FlowValue& value, const FlowHost& host) {
  return value.is_attribute ? attribute(host, value.text) : expand(value.text, host);
}

std::optional<double> number(std::string_view text) {
  double out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, std::chars_format::fixed);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

// Length of the path after "$." that begins `text`, and its value.
std::pair<std::size_t, std::string> token(std::string_view text, const FlowHost& host) {
  constexpr std::string_view kAttributes = "Attributes";
  if (text.starts_with(kAttributes)) {
    std::string_view rest = text.substr(kAttributes.size());
    if (rest.starts_with(".")) {
      std::size_t end = 1;
      while (end < rest.size() && name_character(rest[end])) ++end;
      return {kAttributes.size() + end, attribute(host, rest.substr(1, end - 1))};
    }
    if (rest.starts_with("['")) {
      const std::size_t end = rest.find("']", 2);
      if (end != std::string_view::npos) return {kAttributes.size() + end + 2, attribute(host, rest.substr(2, end - 2))};
    }
  }
  // Dots join names ("Queue.Name"); a dot that ends a sentence is not part of the path.
  std::size_t end = 0;
  while (end < text.size() && (name_character(text[end]) || (text[end] == '.' && end + 1 < text.size() && name_character(text[end + 1])))) ++end;
  return {end, host.system_value(text.substr(0, end))};
}

}  // namespace

std::string expand(std::string_view text, const FlowHost& host) {
  std::string out;
  while (!text.empty() && out.size() < kExpandedMax) {
    const std::size_t at = text.find("$.");
    if (at == std::string_view::npos || at + 2 >= text.size() || !name_character(text[at + 2])) {
      const std::size_t plain = at == std::string_view::npos ? text.size() : at + 2;
      out += text.substr(0, plain);
      text.remove_prefix(plain);
      continue;
    }
    out += text.substr(0, at);
    auto [length, value] = token(text.substr(at + 2), host);
    out += value;
    text.remove_prefix(at + 2 + length);
  }
  if (out.size() > kExpandedMax) {
    std::size_t cut = kExpandedMax;
    while (cut > 0 && (static_cast<unsigned char>(out[cut]) & 0xc0) == 0x80) --cut;  // never inside a character
    out.resize(cut);
  }
  return out;
}

bool matches(const FlowCondition& condition, std::string_view value) {
  using Op = FlowCondition::Op;
  switch (condition.op) {
    case Op::equals: return value == condition.operand;
    case Op::contains: return value.find(condition.operand) != std::string_view::npos;
    case Op::starts_with: return value.starts_with(condition.operand);
    case Op::ends_with: return value.ends_with(condition.operand);
    default: break;
  }
  const auto left = number(value), right = number(condition.operand);
  if (!left || !right) return false;
  switch (condition.op) {
    case Op::greater: return *left > *right;
    case Op::greater_or_equal: return *left >= *right;
    case Op::less: return *left < *right;
    default: return *left <= *right;
  }
}

FlowOutcome run_flow(const Flow& flow, FlowPosition& position, FlowHost& host, Instant now) {
  for (int step = 0; step < kFlowMaxSteps; ++step) {
    if (position.block >= flow.blocks.size()) return FlowOutcome::stuck;
    const Block& block = flow.blocks[position.block];
    std::optional<BlockNo> next;
    switch (block.type) {
      case BlockType::set_logging: next = block.success; break;
      case BlockType::play_prompt:
        if (std::string text = value_of(block.value, host); !text.empty()) host.say(text);
        next = block.success;
        break;
      case BlockType::set_attributes: {
        // All values are read before the first is written: they may refer to each other's old values.
        std::vector<std::pair<std::string, std::string>> values;
        for (const auto& [name, value] : block.attributes) values.emplace_back(name, value_of(value, host));
        for (auto& [name, value] : values) host.set_attribute(name, std::move(value));
        next = block.success;
        break;
      }
      case BlockType::check_attribute: {
        const std::string value = value_of(block.value, host);
        next = block.no_match;
        for (const FlowCondition& condition : block.conditions) {
          if (matches(condition, value)) {
            next = condition.next;
            break;
          }
        }
        break;
      }
      case BlockType::update_priority:
        host.set_priority(block.priority);
        next = block.success;
        break;
      case BlockType::set_event_hook: next = host.set_queue_flow(block.hook_flow) ? block.success : block.error; break;
      case BlockType::set_queue: {
        const std::string value = value_of(block.value, host);
        const bool found = block.queue_of_agent ? host.set_agent_queue(value) : host.set_queue(value);
        next = found ? block.success : block.error;
        break;
      }
      case BlockType::transfer_to_queue:
        switch (host.transfer()) {
          case FlowHost::Transfer::queued: return FlowOutcome::transferred;
          case FlowHost::Transfer::at_capacity: next = block.at_capacity; break;
          case FlowHost::Transfer::error: next = block.error; break;
        }
        break;
      case BlockType::wait:
        if (!position.waiting) {
          position.waiting = true;
          position.deadline = now + block.wait;
        }
        if (now < position.deadline) return FlowOutcome::waiting;
        position.waiting = false;
        position.deadline = Instant::never();
        next = block.timeout;
        break;
      case BlockType::loop_prompts: next = block.error; break;
      case BlockType::disconnect: return FlowOutcome::disconnected;
    }
    if (!next) return FlowOutcome::stuck;
    position.block = *next;
  }
  return FlowOutcome::stuck;
}

}  // namespace upcall::contact
