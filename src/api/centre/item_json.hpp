// Chat items and contacts as the channels show them (item shape of the participant interface). Include in .cpp only.
#pragma once

#include <boost/json/object.hpp>

#include "contact/centre.hpp"

namespace upcall::api {

// `on_socket`: adds InitialContactId, which transcripts carry at their top.
boost::json::object item_json(const contact::ChatItem& item, bool on_socket);

// A contact as its agent sees it.
boost::json::object contact_json(const contact::Contact& contact, contact::AgentView view, const contact::CentreConfig& config);

}  // namespace upcall::api
