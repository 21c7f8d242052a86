// Schema 14: how each person of a call fared, kept with the meeting and so with the contact.
#include <string_view>

namespace upcall::store {

extern const std::string_view kMigration0014;

const std::string_view kMigration0014 = R"sql(
-- One row a stay: who leaves and comes back, or meets a server that was restarted, has several. `series` is JSON
-- (service/quality/quality_json.hpp), bounded; written every 20 s while the person is there.
create table call_quality(
  meeting_id text not null references meetings(meeting_id) on delete cascade, attendee_id text not null, began_ms bigint not null,
  written_ms bigint not null, external_user_id text not null, summary text not null, series text not null,
  primary key(meeting_id, attendee_id, began_ms));
)sql";

}  // namespace upcall::store
