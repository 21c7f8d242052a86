// Schema 2: routes from a phone call to a chat with the same agent (references that are dictated).
#include <string_view>

namespace upcall::store {

extern const std::string_view kMigration0002;

const std::string_view kMigration0002 = R"sql(
create table adhoc_routes(
  route_id text primary key, agent_id text not null references users(id) on delete cascade, email text not null,
  created_ms bigint not null, expires_ms bigint not null, used_ms bigint, failures bigint not null default 0);
create index adhoc_routes_expiry on adhoc_routes(expires_ms);
)sql";

}  // namespace upcall::store
