// Schema 1: identity, contact centre, meetings, recordings, outbox. Ids are UUID texts, times milliseconds since 1970
// UTC, structures JSON text. Secrets are hashed when we only compare them and sealed when we must read them again.
#include <string_view>

namespace upcall::store {

extern const std::string_view kMigration0001;

const std::string_view kMigration0001 = R"sql(
create table parameters(name text primary key, value text not null);

create table audit(
  id integer primary key autoincrement, at_ms bigint not null, actor text not null, action text not null,
  target text not null, detail text not null);
create index audit_target on audit(target, at_ms);

create table hierarchy_groups(
  id text primary key, name text not null, parent_id text references hierarchy_groups(id), level int not null check(level between 1 and 5),
  path text not null);                         -- ids from the root to the group itself, joined by '/'
create unique index hierarchy_groups_name on hierarchy_groups(coalesce(parent_id, ''), name);

create table security_profiles(id text primary key, name text not null unique);
create table security_profile_permissions(
  profile_id text not null references security_profiles(id) on delete cascade, permission text not null,
  primary key(profile_id, permission));

create table queues(id text primary key, name text not null unique, created_ms bigint not null);
create table routing_profiles(
  id text primary key, name text not null unique, chat_slots int not null check(chat_slots between 1 and 10), created_ms bigint not null);
create table routing_profile_queues(
  profile_id text not null references routing_profiles(id) on delete cascade, queue_id text not null references queues(id),
  priority int not null check(priority between 1 and 99), primary key(profile_id, queue_id));

create table users(
  id text primary key, username text not null unique, email text not null, name text not null, password_hash text not null,
  hierarchy_group_id text references hierarchy_groups(id), routing_profile_id text not null references routing_profiles(id),
  disabled int not null default 0, created_ms bigint not null);
create unique index users_email on users(lower(email));
create table user_security_profiles(
  user_id text not null references users(id) on delete cascade, profile_id text not null references security_profiles(id),
  primary key(user_id, profile_id));

create table sessions(
  id text primary key, user_id text not null references users(id) on delete cascade, auth_ms bigint not null,
  expires_ms bigint not null, revoked_ms bigint);
create table refresh_tokens(
  token_hash text primary key, session_id text not null references sessions(id) on delete cascade,
  expires_ms bigint not null, used_ms bigint);
create index refresh_tokens_session on refresh_tokens(session_id);

create table access_keys(
  id text primary key, name text not null unique, secret_sealed blob not null,
  user_id text references users(id) on delete cascade,     -- null: a service principal of its own
  permissions text not null,                               -- names joined by blanks, or '*'
  created_ms bigint not null, disabled int not null default 0);
create table signing_keys(
  kid text primary key, private_sealed blob not null, created_ms bigint not null, retired_ms bigint);

create table contact_flows(
  id text primary key, name text not null unique, type text not null, content text not null,
  created_ms bigint not null, updated_ms bigint not null);

create table contacts(
  id text primary key, state text not null, started_ms bigint not null, ended_ms bigint, agent_id text,
  snapshot text not null);                                 -- JSON of the contact's machine, enough to go on after a restart
create index contacts_live on contacts(state) where state <> 'ended';
create table contact_attributes(
  contact_id text not null references contacts(id) on delete cascade, name text not null, value text not null,
  primary key(contact_id, name));
create table participants(
  id text primary key, contact_id text not null references contacts(id) on delete cascade, role text not null,
  display_name text not null, user_id text, token_hash text not null unique);
create index participants_contact on participants(contact_id);
create table participant_connections(
  token_hash text primary key, participant_id text not null references participants(id) on delete cascade,
  expires_ms bigint not null);
create index participant_connections_expiry on participant_connections(expires_ms);
create table chat_items(
  contact_id text not null references contacts(id) on delete cascade, seq bigint not null, id text not null unique,
  at_ms bigint not null, type text not null, content_type text not null, content text, participant_id text, role text,
  display_name text, primary key(contact_id, seq));
create table agent_states(
  user_id text primary key references users(id) on delete cascade, status text not null, since_ms bigint not null);

create table meetings(
  meeting_id text primary key, external_meeting_id text not null, title text not null, owner_principal text not null,
  owner_name text not null, contact_id text, created_ms bigint not null, ended_ms bigint, data text not null);
create unique index meetings_live on meetings(external_meeting_id) where ended_ms is null;
create index meetings_external on meetings(external_meeting_id, created_ms);
create table attendees(
  attendee_id text primary key, meeting_id text not null references meetings(meeting_id) on delete cascade,
  external_user_id text not null, name text not null, email text not null, role text not null,
  join_token_hash text not null unique, join_token_sealed blob not null, created_ms bigint not null, removed_ms bigint);
create unique index attendees_external on attendees(meeting_id, external_user_id) where removed_ms is null;

create table recordings(
  recording_id text primary key, external_meeting_id text not null, meeting_id text not null references meetings(meeting_id),
  owner_principal text not null, hierarchy_group_id text, hierarchy_path text, contact_id text,
  state text not null check(state in ('requested','starting','recording','stopping','composing','stored','failed')),
  reason text not null default '', object_key text not null, requested_ms bigint not null, started_ms bigint,
  stopped_ms bigint, stored_ms bigint, duration_ms bigint, size_bytes bigint, lease_owner text, lease_until_ms bigint,
  data text not null default '{}');
create unique index recordings_in_progress on recordings(external_meeting_id)
  where state in ('requested','starting','recording','stopping');
create index recordings_meeting on recordings(external_meeting_id, requested_ms);
create index recordings_open on recordings(state) where state not in ('stored','failed');
create table recording_keys(
  recording_id text primary key references recordings(recording_id) on delete cascade, wrapped_key blob not null,
  writer_epoch bigint not null default 0);

create table outbox_sequences(meeting_id text primary key, last_seq bigint not null);
create table outbox(
  position integer primary key autoincrement, event_id text not null unique, meeting_id text not null, seq bigint not null,
  type text not null, body text not null, at_ms bigint not null, unique(meeting_id, seq));
create table outbox_cursors(consumer text primary key, position bigint not null);
)sql";

}  // namespace upcall::store
