// Schema 13: what the vendor's meetings interface keeps: capabilities of attendees, tags, which request made which meeting.
#include <string_view>

namespace upcall::store {

extern const std::string_view kMigration0013;

const std::string_view kMigration0013 = R"sql(
-- wire/attendee_capabilities.hpp: "SendReceive Send None" of audio, video, content. Empty: everything.
alter table attendees add column capabilities text not null default '';

create table meeting_tags(
  meeting_id text not null references meetings(meeting_id) on delete cascade, key text not null, value text not null,
  primary key(meeting_id, key));

-- By owner and ClientRequestToken, written with the meeting: a repeated request gets the same one. `parameters` is a hash of
-- all else that was asked for, `answer` what the meeting's own rows do not say (faults of single attendees).
create table meeting_requests(
  id text primary key, parameters text not null, meeting_id text not null, answer text not null, made_ms bigint not null);
create index meeting_requests_age on meeting_requests(made_ms);
)sql";

}  // namespace upcall::store
