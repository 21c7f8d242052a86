#include "contact/search.hpp"

#include <algorithm>
#include <array>

#include "crypto/hash.hpp"

namespace upcall::contact {
namespace {

constexpr std::int64_t kHourMs = 3'600'000, kDayMs = 24 * kHourMs;
constexpr std::int64_t kDaysMax = 400;
constexpr std::size_t kTermBytes = 12;    // of a hash: enough for no two of an installation to meet

std::string hex(Bytes bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const std::uint8_t b : bytes) {
    out += kDigits[b >> 4];
    out += kDigits[b & 15];
  }
  return out;
}

std::string hashed(char kind, std::string_view text) {
  const auto digest = crypto::sha256(as_bytes(text));
  return kind + hex(Bytes(digest).first(kTermBytes));
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

constexpr std::string_view kEverything = "xall";
constexpr std::string_view kNoGroup = "gnone";
constexpr std::string_view kVideo = "xvideo";
constexpr std::string_view kRecorded = "xrecorded";
std::string agent_term(std::string_view id) { return hashed('a', id); }
std::string queue_term(std::string_view id) { return hashed('q', id); }
std::string group_term(std::string_view path) { return hashed('g', path); }
std::string outcome_term(std::string_view text) { return hashed('o', lower(text)); }
std::string attribute_term(std::string_view name, std::string_view value) {
  return hashed('k', std::string(name) + '\0' + lower(value));
}
std::string hour_term(std::int64_t hour) { return "h" + std::to_string(hour); }
std::string day_term(std::int64_t day) { return "d" + std::to_string(day); }

std::string in_terms(std::string_view term) { return "terms:" + std::string(term); }

std::string joined(const std::vector<std::string>& parts, std::string_view word) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : " " + std::string(word) + " ") + part;
  return parts.size() == 1 ? out : "(" + out + ")";
}

// Whether the tokenizer finds a word in it: letters and digits of any script, not signs alone.
bool has_word(std::string_view piece) {
  for (std::size_t i = 0; i < piece.size(); ++i) {
    const auto c = static_cast<unsigned char>(piece[i]);
    if (c < 0x80) {
      if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return true;
      continue;
    }
    // U+0080..U+00BF, U+2000..U+206F and U+3000..U+303F are signs; the bytes that follow belong to their character.
    const unsigned char next = i + 1 < piece.size() ? static_cast<unsigned char>(piece[i + 1]) : 0;
    const bool sign = c == 0xC2 || (c == 0xE2 && (next == 0x80 || next == 0x81)) || (c == 0xE3 && next == 0x80);
    if (!sign) return true;
    for (++i; i < piece.size() && (static_cast<unsigned char>(piece[i]) & 0xC0) == 0x80; ++i) {}
    --i;
  }
  return false;
}

// Words and phrases of what somebody typed, as strings of the expression. Quotes cannot get out: each is doubled or a bound.
Result<std::string> words(std::string_view column, std::string_view text, std::string_view what) {
  if (text.size() > kSearchTextBytesMax) return fail(ErrorCode::invalid_argument, std::string(what) + " may have " + std::to_string(kSearchTextBytesMax) + " bytes.");
  std::vector<std::string> parts;
  std::string piece;
  bool quoted = false;
  const auto take = [&] {
    if (has_word(piece)) parts.push_back(std::string(column) + ":\"" + piece + "\"");
    piece.clear();
  };
  for (const char c : text) {
    if (c == '"') {
      take();
      quoted = !quoted;
    } else if (!quoted && (c == ' ' || c == '\t' || c == '\n' || c == '\r')) {
      take();
    } else {
      piece += c;
    }
  }
  take();
  if (parts.empty()) return fail(ErrorCode::invalid_argument, std::string(what) + " has no word to look for.");
  if (parts.size() > kSearchWordsMax) return fail(ErrorCode::invalid_argument, std::string(what) + " may have " + std::to_string(kSearchWordsMax) + " words.");
  return joined(parts, "AND");
}

std::string_view column_of(SearchedText::Speaker speaker) {
  switch (speaker) {
    case SearchedText::Speaker::anybody: return "{customer agent other}";
    case SearchedText::Speaker::customer: return "customer";
    case SearchedText::Speaker::agent: return "agent";
    case SearchedText::Speaker::other: return "other";
  }
  return "";
}

// [from, until) in whole hours and days.
std::string ended_between(const SearchFilter& f) {
  const std::int64_t from = f.ended_from ? f.ended_from->unix_ms() : 0;
  const std::int64_t until = f.ended_until ? f.ended_until->unix_ms() : INT64_MAX;
  if (until <= from) return "";
  std::int64_t hour = from / kHourMs;
  const std::int64_t last = (until - 1) / kHourMs;
  // Years of an open range are no condition worth a thousand words: the query's own comparison is enough then.
  if (last / 24 - hour / 24 > kDaysMax) return "";
  std::vector<std::string> parts;
  while (hour <= last) {
    if (hour % 24 == 0 && hour + 23 <= last) {
      parts.push_back(in_terms(day_term(hour / 24)));
      hour += 24;
    } else {
      parts.push_back(in_terms(hour_term(hour++)));
    }
  }
  return joined(parts, "OR");
}

Result<void> check_count(std::size_t count, std::string_view what) {
  if (count <= kSearchChoicesMax) return {};
  return fail(ErrorCode::invalid_argument, std::string(what) + " may have " + std::to_string(kSearchChoicesMax) + " entries.");
}

template <class Term>
std::string one_of(const std::vector<std::string>& values, Term term) {
  std::vector<std::string> parts;
  for (const std::string& value : values) parts.push_back(in_terms(term(value)));
  return joined(parts, "OR");
}

}  // namespace

std::string search_terms(const SearchFacts& f) {
  std::vector<std::string> terms{std::string(kEverything)};
  for (const std::string& id : f.agent_ids) terms.push_back(agent_term(id));
  for (const std::string& id : f.queue_ids) terms.push_back(queue_term(id));
  if (f.group_path.empty()) terms.emplace_back(kNoGroup);
  for (std::size_t i = 1; i <= f.group_path.size(); ++i) {
    if (i == f.group_path.size() || f.group_path[i] == '/') terms.push_back(group_term(f.group_path.substr(0, i)));
  }
  if (!f.outcome.empty()) terms.push_back(outcome_term(f.outcome));
  if (f.video) terms.emplace_back(kVideo);
  if (f.recorded) terms.emplace_back(kRecorded);
  for (const auto& [name, value] : f.attributes) terms.push_back(attribute_term(name, value));
  terms.push_back(hour_term(f.ended.unix_ms() / kHourMs));
  terms.push_back(day_term(f.ended.unix_ms() / kDayMs));
  std::sort(terms.begin(), terms.end());
  terms.erase(std::unique(terms.begin(), terms.end()), terms.end());
  std::string out;
  for (const std::string& term : terms) out += (out.empty() ? "" : " ") + term;
  return out;
}

void add_search_text(SearchDocument& d, Role role, std::string_view text) {
  const std::size_t have = d.customer.size() + d.agent.size() + d.other.size();
  if (have >= kSearchTextMax) return;
  std::string_view taken = text.substr(0, kSearchTextMax - have);
  // A word that the bound cuts in two is left out, and so is half a character.
  if (taken.size() < text.size()) taken = taken.substr(0, std::min(taken.find_last_of(" \n\t") + 1, taken.size()));
  std::string& out = role == Role::customer ? d.customer : role == Role::agent ? d.agent : d.other;
  if (!out.empty()) out += '\n';
  out += taken;
}

Result<std::string> search_expression(const SearchFilter& f, const SearchScope& scope) {
  std::vector<std::string> all;
  if (!scope.everything) all.push_back(in_terms(scope.group_path.empty() ? std::string(kNoGroup) : group_term(scope.group_path)));
  if (auto few = check_count(std::max({f.agent_ids.size(), f.queue_ids.size(), f.group_paths.size(), f.texts.size(), f.attributes.size()}), "A condition"); !few) return tl::unexpected(few.error());
  if (!f.agent_ids.empty()) all.push_back(one_of(f.agent_ids, agent_term));
  if (!f.queue_ids.empty()) all.push_back(one_of(f.queue_ids, queue_term));
  if (!f.group_paths.empty()) all.push_back(one_of(f.group_paths, group_term));
  if (!f.outcome.empty()) all.push_back(in_terms(outcome_term(f.outcome)));
  if (f.video) all.push_back(in_terms(kVideo));
  if (f.recorded) all.push_back(in_terms(kRecorded));
  if (f.ended_from || f.ended_until) {
    if (std::string ended = ended_between(f); !ended.empty()) all.push_back(std::move(ended));
  }
  if (!f.customer.empty()) {
    auto name = words("name", f.customer, "The customer's name");
    if (!name) return name;
    all.push_back(std::move(*name));
  }
  std::vector<std::string> texts;
  for (const SearchedText& text : f.texts) {
    auto expression = words(column_of(text.speaker), text.words, "The text");
    if (!expression) return expression;
    texts.push_back(std::move(*expression));
  }
  if (!texts.empty()) all.push_back(joined(texts, f.any_text ? "OR" : "AND"));
  std::vector<std::string> attributes;
  for (const SearchedAttribute& a : f.attributes) {
    if (auto few = check_count(a.values.size(), "An attribute"); !few) return tl::unexpected(few.error());
    if (a.name.empty() || a.values.empty()) return fail(ErrorCode::invalid_argument, "An attribute needs a name and a value.");
    attributes.push_back(one_of(a.values, [&](const std::string& value) { return attribute_term(a.name, value); }));
  }
  const bool none = f.attribute_match == SearchFilter::Match::none;
  if (!attributes.empty() && !none) all.push_back(joined(attributes, f.attribute_match == SearchFilter::Match::any ? "OR" : "AND"));
  if (all.empty()) all.push_back(in_terms(kEverything));
  std::string out = joined(all, "AND");
  if (!attributes.empty() && none) out = "(" + out + " NOT " + joined(attributes, "OR") + ")";
  return out;
}

std::uint32_t search_fingerprint(const SearchFilter& f, bool ascending) {
  crypto::Sha256 hash;
  // Each with its length: no two searches give the same bytes.
  const auto add = [&](std::string_view text) {
    hash.update(as_bytes(std::to_string(text.size()) + ":"));
    hash.update(as_bytes(text));
  };
  const auto add_all = [&](const std::vector<std::string>& list) {
    add(std::to_string(list.size()));
    for (const std::string& text : list) add(text);
  };
  for (const auto& at : {f.started_from, f.started_until, f.ended_from, f.ended_until}) add(at ? std::to_string(at->unix_ms()) : "-");
  add(f.contact_id);
  add_all(f.agent_ids);
  add_all(f.queue_ids);
  add_all(f.group_paths);
  add(f.outcome);
  add(std::string{f.video ? 'v' : '-', f.recorded ? 'r' : '-', f.any_text ? 'a' : '-', ascending ? 'u' : 'd', static_cast<char>('0' + static_cast<int>(f.attribute_match))});
  add(f.customer);
  add(std::to_string(f.texts.size()));
  for (const SearchedText& text : f.texts) add(std::string(1, static_cast<char>('0' + static_cast<int>(text.speaker))) + text.words);
  for (const SearchedAttribute& a : f.attributes) {
    add(a.name);
    add_all(a.values);
  }
  const auto digest = hash.finish();
  return static_cast<std::uint32_t>(digest[0]) << 24 | static_cast<std::uint32_t>(digest[1]) << 16 | static_cast<std::uint32_t>(digest[2]) << 8 | digest[3];
}

std::string to_text(const SearchToken& token) {
  std::array<std::uint8_t, 12> bytes{};
  for (int i = 0; i < 8; ++i) bytes[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(token.number) >> (8 * (7 - i)));
  for (int i = 0; i < 4; ++i) bytes[static_cast<std::size_t>(8 + i)] = static_cast<std::uint8_t>(token.fingerprint >> (8 * (3 - i)));
  return hex(bytes);
}

std::optional<SearchToken> parse_search_token(std::string_view text) {
  if (text.size() != 24) return std::nullopt;
  std::uint64_t number = 0, fingerprint = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (digit < 0) return std::nullopt;
    std::uint64_t& part = i < 16 ? number : fingerprint;
    part = part << 4 | static_cast<std::uint64_t>(digit);
  }
  if (number > static_cast<std::uint64_t>(INT64_MAX)) return std::nullopt;
  return SearchToken{static_cast<std::int64_t>(number), static_cast<std::uint32_t>(fingerprint)};
}

}  // namespace upcall::contact
