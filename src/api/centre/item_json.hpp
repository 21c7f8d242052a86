// Chat items and contacts as the channels show them (item shape of the participant interface). Include in .cpp only.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "contact/centre.hpp"

namespace upcall::api {

// `on_socket`: adds InitialContactId, which transcripts carry at their top.
boost::json::object item_json(const contact::ChatItem& item, bool on_socket);

// "agentId", "status" (what it means for routing), "statusId", "statusName", and "nextStatus" when one was chosen.
boost::json::object agent_status_json(const contact::Centre& centre, const std::string& agent_id);

// A contact as its agent sees it.
boost::json::object contact_json(const contact::Contact& contact, contact::AgentView view, const contact::CentreConfig& config, std::string_view seen_by);

// All contacts that the agent sees; one that is not (or no longer) this agent's with its id and state only.
boost::json::array agent_contacts_json(const contact::Centre& centre, const std::string& agent_id);

}  // namespace upcall::api
