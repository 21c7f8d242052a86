// Schema 11: what the vendor's interface keeps: statuses in full, chats by their client tokens; and checkpoints behind which the
// audit was pruned.
#include <string_view>

namespace upcall::store {

extern const std::string_view kMigration0011;

const std::string_view kMigration0011 = R"sql(
alter table agent_statuses add column description text not null default '';
alter table agent_statuses add column display_order int;               -- null: after those that have one, by name
alter table agent_statuses add column enabled int not null default 1;  -- otherwise nobody can choose it

-- StartChatContact by access key and ClientToken: a repeated call gets the first one's answer. The row is there before the
-- chat; the answer, with the participant's token, after it.
create table started_chats(
  id text primary key, contact_id text not null, answer_sealed blob not null default x'', started_ms bigint not null);
create index started_chats_age on started_chats(started_ms);

-- Up to `through_id` the audit was pruned; `hash` is that row's in the chain, the signature a compact JWS over all of it.
create table audit_checkpoints(
  through_id integer primary key, hash text not null, at_ms bigint not null, rows bigint not null, signature text not null);
create trigger audit_checkpoints_not_changed before update on audit_checkpoints begin select raise(abort, 'the audit is append-only'); end;
create trigger audit_checkpoints_not_deleted before delete on audit_checkpoints begin select raise(abort, 'the audit is append-only'); end;
create trigger audit_checkpoints_not_replaced before insert on audit_checkpoints when exists(select 1 from audit_checkpoints where through_id>=new.through_id)
  begin select raise(abort, 'the audit is append-only'); end;
drop trigger audit_not_deleted;
drop trigger audit_chain_not_deleted;
drop trigger audit_heads_not_deleted;
create trigger audit_not_deleted before delete on audit when old.id>(select coalesce(max(through_id), 0) from audit_checkpoints)
  begin select raise(abort, 'the audit is append-only'); end;
create trigger audit_chain_not_deleted before delete on audit_chain when old.id>(select coalesce(max(through_id), 0) from audit_checkpoints)
  begin select raise(abort, 'the audit is append-only'); end;
create trigger audit_heads_not_deleted before delete on audit_heads when old.id>(select coalesce(max(through_id), 0) from audit_checkpoints)
  begin select raise(abort, 'the audit is append-only'); end;
)sql";

}  // namespace upcall::store
