// Schema 4: webhooks and their deliveries; the keys by which a start and a stop that are sent again are known.
#include <string_view>

namespace upcall::store {

extern const std::string_view kMigration0004;

const std::string_view kMigration0004 = R"sql(
create table webhooks(
  id text primary key, url text not null, secret_sealed blob not null, events text not null, created_ms bigint not null,
  disabled int not null default 0, position bigint not null);   -- of the outbox: what is before was taken up
create table webhook_deliveries(
  webhook_id text not null references webhooks(id) on delete cascade, position bigint not null, event_id text not null,
  meeting_id text not null, seq bigint not null, type text not null, body text not null, at_ms bigint not null,
  attempts int not null default 0, first_ms bigint, next_ms bigint not null, answer text not null default '',
  state text not null default 'pending' check(state in ('pending','delivered','given_up')), done_ms bigint,
  primary key(webhook_id, position));
create index webhook_deliveries_due on webhook_deliveries(webhook_id, meeting_id, position) where state = 'pending';

alter table recordings add column start_key text;
alter table recordings add column stop_key text;
create unique index recordings_start_key on recordings(owner_principal, start_key) where start_key is not null;
)sql";

}  // namespace upcall::store
