// What finished contacts are searched by: the terms that stand for a contact in the index, the expression that a search
// becomes, and the token of a page (docs/adr/0017-contact-search.md).
//
// Every filter is a word of the index, so that one walk through it, newest first, answers any combination. Words for ids and
// attributes are hashes: they cannot be mistaken for what people have written.
// Errors: invalid_argument, with a text for the caller. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "contact/chat.hpp"

namespace upcall::contact {

// --- the index's side ---
struct SearchFacts {
  WallTime started, ended;
  std::vector<std::string> agent_ids, queue_ids;  // of all its segments
  std::string group_path;                         // of its last agent, ids from the root joined by '/'; empty: none
  std::string outcome;
  bool video = false, recorded = false;
  std::vector<std::pair<std::string, std::string>> attributes;
};
// The columns of a contact in the index.
struct SearchDocument {
  std::string terms;  // words that search_terms() has made
  std::string name;   // the customer's
  std::string customer, agent, other;  // what they wrote; other: flows and supervisors
};
std::string search_terms(const SearchFacts& facts);
// Adds a message's text; what is beyond kSearchTextMax bytes of a contact is not found by its words.
inline constexpr std::size_t kSearchTextMax = 256 * 1024;
void add_search_text(SearchDocument& document, Role role, std::string_view text);

// The order of all contacts: by their start, then as they come. The first number of this millisecond.
inline constexpr std::int64_t kNumbersPerMs = 256;
constexpr std::int64_t first_number(WallTime started) { return started.unix_ms() * kNumbersPerMs; }

// --- the searcher's side ---
struct SearchedText {
  enum class Speaker : std::uint8_t { anybody, customer, agent, other } speaker = Speaker::anybody;
  std::string words;  // all of them must be there; "…" is a phrase
};
struct SearchedAttribute {
  std::string name;
  std::vector<std::string> values;  // one of them, in any case of ASCII letters
};
// Conditions that are absent fit all; those that are there must all be met.
struct SearchFilter {
  std::optional<WallTime> started_from, started_until;  // [from, until)
  std::optional<WallTime> ended_from, ended_until;
  std::string contact_id;
  std::vector<std::string> agent_ids, queue_ids;        // one of them
  std::vector<std::string> group_paths;                 // one of them or below
  std::string outcome;
  bool video = false, recorded = false;                 // true: only those
  std::string customer;                                 // words of the name
  std::vector<SearchedText> texts;
  bool any_text = false;                                // one of `texts` is enough
  std::vector<SearchedAttribute> attributes;
  enum class Match : std::uint8_t { all, any, none } attribute_match = Match::all;
};
// Whose contacts may be found at all (identity::ContactScope, in this room's words).
struct SearchScope {
  bool everything = false;
  std::string group_path;  // that group and below; empty: those without a group
};

inline constexpr std::size_t kSearchWordsMax = 16;     // of one text
inline constexpr std::size_t kSearchTextBytesMax = 512;
inline constexpr std::size_t kSearchChoicesMax = 100;  // ids, values or texts of one condition

// The index's expression (FTS5). A part about the end of a contact is exact to the hour: the rest is the query's.
Result<std::string> search_expression(const SearchFilter& filter, const SearchScope& scope);

// Where the next page begins, bound to the search it belongs to. Opaque to clients; knowing one opens nothing.
struct SearchToken {
  std::int64_t number = 0;        // of the last contact given
  std::uint32_t fingerprint = 0;  // of the search
};
std::uint32_t search_fingerprint(const SearchFilter& filter, bool ascending);
std::string to_text(const SearchToken& token);
std::optional<SearchToken> parse_search_token(std::string_view text);

}  // namespace upcall::contact
