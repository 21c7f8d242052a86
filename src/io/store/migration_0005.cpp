// Schema 5: how long recordings are kept, what is held, and what was erased.
#include <string_view>

namespace upcall::store {

extern const std::string_view kMigration0005;

const std::string_view kMigration0005 = R"sql(
create table retention_rules(
  id text primary key, prefix text not null, queue text not null, outcome text not null, days int not null check(days between 0 and 36500),
  created_ms bigint not null, unique(prefix, queue, outcome));      -- empty: any
alter table recordings add column hold_reason text;                 -- null: not held
alter table recordings add column held_by text;
alter table recordings add column held_ms bigint;
alter table recordings add column deleting_ms bigint;               -- the file goes, then the row
alter table recordings add column deleting_why text;
create index recordings_deleting on recordings(deleting_ms) where deleting_ms is not null;
create index recordings_contact on recordings(contact_id) where contact_id is not null;
create index recordings_final on recordings(requested_ms) where state in ('stored','failed');
create index meetings_contact on meetings(contact_id) where contact_id is not null;
create table erasures(
  contact_id text primary key, requested_ms bigint not null, actor text not null, recordings text not null,  -- JSON
  done_ms bigint, certificate text);
)sql";

}  // namespace upcall::store
