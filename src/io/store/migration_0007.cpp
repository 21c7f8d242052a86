// Schema 7: contact flows: what the interpreter needs beyond one file (hours of operation, functions, traces).
#include <string_view>

namespace upcall::store {

extern const std::string_view kMigration0007;

const std::string_view kMigration0007 = R"sql(
create table hours_of_operation(
  id text primary key, name text not null unique, content text not null,   -- JSON: zone, periods, overrides
  created_ms bigint not null, updated_ms bigint not null);
alter table queues add column hours_id text not null default '';           -- empty: always open

create table flow_functions(
  id text primary key, name text not null unique, url text not null, secret_sealed blob not null, created_ms bigint not null);

-- The last blocks that a contact's flows have run.
create table contact_flow_steps(
  contact_id text not null references contacts(id) on delete cascade, number bigint not null, at_ms bigint not null,
  flow text not null, block text not null, type text not null, result text not null, note text not null,
  primary key(contact_id, number)) without rowid;
create index contacts_ended on contacts(ended_ms) where ended_ms is not null;   -- whose traces may go
)sql";

}  // namespace upcall::store
