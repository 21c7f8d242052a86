// Queries of the contact search. What is taken becomes an expression that the index understands, whatever was typed: nobody
// gets a word out of its quotes, and no search is answered with an error of the database. A token that is read is written the
// same again.
// link: upcall_api_contacts upcall_io_store
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "api/contacts/search_request.hpp"
#include "io/store/database.hpp"
#include "io/store/migrations.hpp"
#include "io/store/contact_search_repository.hpp"
#include "wire/http.hpp"

namespace {

upcall::store::Database& database() {
  static const std::unique_ptr<upcall::store::Database> db = [] {
    auto opened = upcall::store::Database::open(":memory:", upcall::store::Database::Mode::read_write);
    if (!opened || !upcall::store::migrate(**opened)) std::abort();
    return std::move(*opened);
  }();
  return *db;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace upcall;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto token = contact::parse_search_token(text); token && contact::to_text(*token) != text) std::abort();
  wire::HttpRequest request;
  request.target = "/?" + std::string(text);
  if (!wire::parse_target(request)) return 0;
  const auto asked = api::parse_contact_search(request.query);
  if (!asked) return 0;
  const auto found = store::contact_search::search(database(), asked->filter, {false, "a/b"}, {asked->limit, false, asked->past}, WallTime::from_unix_ms(1'800'000'000'000));
  if (!found && found.error().code != ErrorCode::invalid_argument) std::abort();
  return 0;
}
