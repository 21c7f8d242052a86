// Contact flows.
#include <algorithm>
#include <span>

#include "api/connect/connect_call.hpp"
#include "io/store/centre_repository.hpp"
#include "json/json.hpp"

namespace upcall::api {

namespace {

namespace bj = boost::json;
using identity::Permission;

constexpr std::size_t kPageMax = 1000;
constexpr std::size_t kContentMax = 256'000;

// Types of this interface, and how files name them.
constexpr std::pair<std::string_view, std::string_view> kTypes[] = {
    {"CONTACT_FLOW", "contactFlow"}, {"CUSTOMER_QUEUE", "customerQueue"}, {"AGENT_TRANSFER", "agentTransfer"},
    {"QUEUE_TRANSFER", "queueTransfer"}, {"MODULE", "flowModule"}};

ConnectResult<store::FlowRow> find_flow(const ConnectCall& call) {
  if (auto may = call.needs(Permission::flow_admin); !may) return tl::unexpected(may.error());
  std::string id = call.id("flow");
  // "…:$SAVED" asks for the draft: here what is saved is published.
  if (const std::size_t draft = id.find(":$SAVED"); draft != std::string::npos) id.resize(draft);
  auto row = call.api.centre.store.read([&](store::Database& db) { return store::flows::find(db, id); });
  if (!row) return fault_of(row.error());
  if (!*row || (*row)->id != id) return no_such("contact flow");
  return std::move(**row);
}

// As it was sent: a file may have line ends that other texts may not.
ConnectResult<std::string> content_of(const ConnectCall& call) {
  const auto content = json::text_at(call.body, "Content");
  if (!content || content->empty() || content->size() > kContentMax) return invalid_parameter("Content must be a text of 1 to 256000 bytes.");
  return std::string(*content);
}

// The content is checked by the importer itself; what it names goes back as the vendor's list of problems.
ConnectAnswer put_flow(ConnectCall& call, const std::string& name, std::string_view type, std::string content) {
  // Name and type stand beside the content here, and inside of it in a file.
  if (auto document = json::parse_object(content)) {
    if (document->contains("Actions")) {
      if (json::object_at(*document, "Metadata") == nullptr) (*document)["Metadata"] = bj::object{};
      bj::object& metadata = (*document)["Metadata"].get_object();
      metadata["name"] = name;
      metadata["type"] = type;
      content = bj::serialize(*document);
    }
  }
  auto checked = call.api.administer("flow.validate", {{"content", content}}, call.caller.id);
  if (!checked) return fault_of(checked.error());
  const bj::object& report = checked->as_object();
  if (!json::boolean_at(report, "valid").value_or(false)) {
    ConnectFault fault{400, "InvalidContactFlowException", "The contact flow is not valid.", {}};
    if (const bj::array* problems = json::array_at(report, "problems")) {
      for (const bj::value& p : *problems) {
        const std::string block = p.is_object() ? json::text_or(p.get_object(), "blockId") : "";
        fault.problems.push_back(bj::object{{"message", (block.empty() ? "" : "block " + block + ": ") + (p.is_object() ? json::text_or(p.get_object(), "message") : "")}});
      }
    }
    return tl::unexpected(std::move(fault));
  }
  auto done = call.api.administer("flow.import", {{"content", content}, {"name", name}}, call.caller.id);
  if (!done) return fault_of(done.error());
  const bj::object& flow = done->as_object();
  return bj::object{{"ContactFlowId", json::text_or(flow, "contactFlowId")}, {"ContactFlowArn", json::text_or(flow, "contactFlowArn")}};
}

ConnectAnswer create_flow(ConnectCall& call) {
  if (auto may = call.needs(Permission::flow_admin); !may) return tl::unexpected(may.error());
  auto name = call.text("Name", 1, 256);
  if (!name) return tl::unexpected(name.error());
  auto type = call.text("Type", 1, 64);
  if (!type) return tl::unexpected(type.error());
  auto content = content_of(call);
  if (!content) return tl::unexpected(content.error());
  const auto word = std::find_if(std::begin(kTypes), std::end(kTypes), [&](const auto& t) { return t.first == *type; });
  if (word == std::end(kTypes)) return invalid_parameter("Type must be one of CONTACT_FLOW, CUSTOMER_QUEUE, AGENT_TRANSFER, QUEUE_TRANSFER and MODULE here.");
  auto there = call.api.centre.store.read([&](store::Database& db) { return store::flows::find(db, *name); });
  if (!there) return fault_of(there.error());
  if (*there) return refuse_call(409, "DuplicateResourceException", "There is a contact flow of this name already.");
  return put_flow(call, *name, word->second, std::move(*content));
}

ConnectAnswer update_content(ConnectCall& call) {
  auto flow = find_flow(call);
  if (!flow) return tl::unexpected(flow.error());
  auto content = content_of(call);
  if (!content) return tl::unexpected(content.error());
  const auto word = std::find_if(std::begin(kTypes), std::end(kTypes), [&](const auto& t) { return t.first == flow->type; });
  if (word == std::end(kTypes)) return fault_of({ErrorCode::internal, "flow type"});
  auto done = put_flow(call, flow->name, word->second, std::move(*content));
  if (!done) return done;
  return bj::object{};
}

ConnectAnswer update_metadata(ConnectCall& call) {
  auto flow = find_flow(call);
  if (!flow) return tl::unexpected(flow.error());
  if (call.body.contains("Description")) return refuse_call(400, "InvalidRequestException", "Descriptions of contact flows are not kept here.");
  if (const auto state = json::text_at(call.body, "ContactFlowState")) {
    if (*state != "ACTIVE" && *state != "ARCHIVED") return invalid_parameter("ContactFlowState must be ACTIVE or ARCHIVED.");
    if (*state == "ARCHIVED") return refuse_call(400, "InvalidRequestException", "Contact flows are not archived here.");
  }
  if (!call.body.contains("Name")) return bj::object{};
  auto name = call.text("Name", 1, 256);
  if (!name) return tl::unexpected(name.error());
  auto done = call.api.administer("flow.rename", {{"flow", flow->id}, {"name", *name}}, call.caller.id);
  if (!done) return fault_of(done.error());
  return bj::object{};
}

ConnectAnswer describe_flow(ConnectCall& call) {
  auto flow = find_flow(call);
  if (!flow) return tl::unexpected(flow.error());
  return bj::object{{"ContactFlow", bj::object{{"Id", flow->id}, {"Arn", call.arn("contact-flow/" + flow->id)}, {"Name", flow->name}, {"Type", flow->type},
                                               {"State", "ACTIVE"}, {"Status", "PUBLISHED"}, {"Content", flow->content}}}};
}

ConnectAnswer list_flows(ConnectCall& call) {
  if (auto may = call.needs(Permission::flow_admin); !may) return tl::unexpected(may.error());
  std::vector<std::string> types;
  for (const auto& [name, value] : call.request.query) {
    if (name == "contactFlowTypes") types.push_back(value);
  }
  auto all = call.api.centre.store.read([](store::Database& db) { return store::flows::all(db); });
  if (!all) return fault_of(all.error());
  std::erase_if(*all, [&](const store::FlowRow& f) { return !types.empty() && std::find(types.begin(), types.end(), f.type) == types.end(); });
  auto page = page_of(call.request, all->size(), 100, kPageMax);
  if (!page) return tl::unexpected(page.error());
  bj::array list;
  for (std::size_t i = page->begin; i < page->end; ++i) {
    const store::FlowRow& f = (*all)[i];
    list.push_back(bj::object{{"Id", f.id}, {"Arn", call.arn("contact-flow/" + f.id)}, {"Name", f.name}, {"ContactFlowType", f.type},
                              {"ContactFlowState", "ACTIVE"}, {"ContactFlowStatus", "PUBLISHED"}});
  }
  bj::object out{{"ContactFlowSummaryList", std::move(list)}};
  if (!page->next_token.empty()) out["NextToken"] = page->next_token;
  return out;
}

constexpr ConnectRoute kOperations[] = {
    {"CreateContactFlow", "PUT", "/contact-flows/{instance}", ConnectRate::usual, create_flow},
    {"UpdateContactFlowContent", "POST", "/contact-flows/{instance}/{flow}/content", ConnectRate::usual, update_content},
    {"UpdateContactFlowMetadata", "POST", "/contact-flows/{instance}/{flow}/metadata", ConnectRate::usual, update_metadata},
    {"DescribeContactFlow", "GET", "/contact-flows/{instance}/{flow}", ConnectRate::usual, describe_flow},
    {"ListContactFlows", "GET", "/contact-flows-summary/{instance}", ConnectRate::usual, list_flows},
};

}  // namespace

std::span<const ConnectRoute> flow_operations() { return kOperations; }

}  // namespace upcall::api
