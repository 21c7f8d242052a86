// Private to Centre's files: the context of one command.
#pragma once

#include <algorithm>

#include "base/ids.hpp"
#include "contact/centre.hpp"

namespace upcall::contact {

struct Centre::Turn {
  Now now;
  RandomSource& random;
  Effects& effects;

  std::set<std::string> touched = {};  // contacts whose place in an index may be another now

  void touch(const Contact& contact) { touched.insert(contact.id); }
  void changed(const Contact& contact) {
    touch(contact);
    auto& list = effects.changed_contacts;
    if (std::find(list.begin(), list.end(), contact.id) == list.end()) list.push_back(contact.id);
  }
  void changed_segments(const Contact& contact) {
    changed(contact);
    auto& list = effects.changed_segments;
    if (std::find(list.begin(), list.end(), contact.id) == list.end()) list.push_back(contact.id);
  }
  void refuse(ErrorCode code, std::string message) { effects.error = Error{code, std::move(message)}; }
};

// JSON content of the invitation event.
std::string invitation_content(const Invitation& invitation);

}  // namespace upcall::contact
