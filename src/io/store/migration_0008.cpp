// Schema 8: routing and chat: statuses, routing profiles in full, transfers, attachments.
#include <string_view>

namespace upcall::store {

extern const std::string_view kMigration0008;

const std::string_view kMigration0008 = R"sql(
insert into security_profile_permissions(profile_id, permission)
  select id, 'contact.monitor' from security_profiles where name in ('Admin', 'CallCenterManager');
alter table queues add column capacity int not null default 0;             -- contacts waiting; 0: the installation's
alter table routing_profiles add column after_contact_seconds int not null default 0;   -- 0: until the agent is done
alter table routing_profile_queues add column delay_seconds int not null default 0;
create table agent_statuses(
  id text primary key, name text not null unique, routable int not null, created_ms bigint not null);
alter table agent_states add column next_status text not null default '';

create table contact_segments(                                             -- one queue, then one agent; a transfer begins the next
  contact_id text not null references contacts(id) on delete cascade, number int not null, queue_id text not null,
  queue_agent_id text not null, agent_id text not null, enqueued_ms bigint not null, connected_ms bigint, ended_ms bigint,
  end_reason text not null, primary key(contact_id, number));
create index contact_segments_agent on contact_segments(agent_id, enqueued_ms);

alter table chat_items add column attachments text;                        -- JSON, of ATTACHMENT items
create table chat_receipts(
  contact_id text not null references contacts(id) on delete cascade, message_id text not null, participant_id text not null,
  delivered_ms bigint, read_ms bigint, primary key(contact_id, message_id, participant_id));
create table chat_attachments(
  id text primary key, contact_id text not null references contacts(id) on delete cascade, participant_id text not null,
  name text not null, content_type text not null, size_bytes bigint not null,
  state text not null check(state in ('started','uploaded','scanning','approved','rejected')),
  object_key text not null, client_token text, created_ms bigint not null);
create index chat_attachments_contact on chat_attachments(contact_id);
create index chat_attachments_open on chat_attachments(state) where state in ('started','uploaded','scanning');
)sql";

}  // namespace upcall::store
