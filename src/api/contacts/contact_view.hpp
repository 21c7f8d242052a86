// How finished contacts look in answers; private to this folder. Names are read once an answer. Include it in .cpp files only.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <map>
#include <string>

#include "identity/principal.hpp"
#include "io/store/contact_search_repository.hpp"

namespace upcall::api {

class ContactView {
 public:
  explicit ContactView(store::Database& db) : db_(db) {}

  Result<boost::json::object> summary(const store::FoundContact& contact);
  // Segments, time line, attributes and recordings beside it. `viewer` decides which recordings have an address.
  Result<boost::json::object> page(const store::FoundContact& contact, const identity::Principal& viewer);

 private:
  Result<boost::json::array> timeline(const store::FoundContact& contact, const std::vector<store::ContactSegmentRow>& segments, const boost::json::array& recordings);
  Result<boost::json::array> recordings(const std::string& contact_id, const identity::Principal& viewer);
  Result<boost::json::object> agent(const std::string& id);
  Result<boost::json::object> queue(const std::string& id, const std::string& personal_of);
  Result<std::string> name_of(std::string_view sql, const std::string& id);

  store::Database& db_;
  std::map<std::string, std::string, std::less<>> names_;
};

}  // namespace upcall::api
