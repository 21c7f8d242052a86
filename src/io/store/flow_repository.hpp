// What contact flows need beside their files: functions behind web addresses, hours of operation, and the trace of each
// contact's flows.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "contact/commands.hpp"
#include "io/store/database.hpp"

namespace upcall::store {

struct FlowFunction {
  std::string id;
  std::string name;           // as flows name it: that of the vendor's function, or the whole ARN
  std::string url;
  ByteVector secret_sealed;   // store::Sealer, purpose "flow_functions/<id>"
  WallTime created;
};

struct HoursRow {
  std::string id, name;
  std::string content;        // contact::parse_hours
  WallTime created, updated;
};

struct FlowStepRow {
  std::uint64_t number = 0;
  WallTime at;
  std::string flow, block, type, result, note;
};

namespace flow_functions {
Result<void> insert(Database& db, const FlowFunction& function);  // conflict: the name is there
Result<std::vector<FlowFunction>> all(Database& db);
// By its name, its id, or the name at the end of an ARN ("…:function:lookup", with or without a version behind it).
Result<std::optional<FlowFunction>> find(Database& db, std::string_view function);
Result<bool> remove(Database& db, std::string_view name_or_id);
}  // namespace flow_functions

namespace hours {
// Makes hours, or gives those of that name new content and keeps their id. The answer is the row's id.
Result<std::string> put(Database& db, const HoursRow& hours);
Result<std::vector<HoursRow>> all(Database& db);
Result<bool> update(Database& db, const HoursRow& hours);        // by id. False: there are none. conflict: the name is there
Result<bool> remove(Database& db, std::string_view name_or_id);  // queues that had them are always open then
// False: no such queue. An empty id: always open.
Result<bool> assign(Database& db, std::string_view queue_name_or_id, std::string_view hours_id);
}  // namespace hours

namespace flow_steps {
// Keeps the last contact::kFlowStepsKept of each contact.
Result<void> add(Database& db, const contact::FlowStepRecord& step, WallTime at);
// Removes those of contacts that ended in [from, until).
Result<void> prune(Database& db, WallTime from, WallTime until);
// The oldest first.
Result<std::vector<FlowStepRow>> of_contact(Database& db, std::string_view contact_id);
}  // namespace flow_steps

}  // namespace upcall::store
