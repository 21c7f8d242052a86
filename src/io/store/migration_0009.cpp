// Schema 9: identity: password life cycle, second factors, clients and codes of OpenID Connect, federation, audit chain.
#include <string_view>

namespace upcall::store {

extern const std::string_view kMigration0009;

const std::string_view kMigration0009 = R"sql(
alter table users add column password_temporary int not null default 0;  -- must be changed at the next log-in
alter table users add column password_changed_ms bigint;
alter table users add column onboarded_ms bigint;                        -- connectUserId is in the id token from then on
alter table security_profiles add column second_factor int not null default 0;  -- required of its holders

-- Failed log-ins: 'user/<id>', 'name/<hash>' (nobody's) and 'peer/<keyed hash>'.
create table login_failures(
  subject text primary key, failures int not null, last_ms bigint not null, locked_until_ms bigint not null);
create index login_failures_last on login_failures(last_ms);

-- Links in mails: each works once.
create table password_links(
  token_hash text primary key, user_id text not null references users(id) on delete cascade,
  purpose text not null check(purpose in ('reset','invitation')), expires_ms bigint not null, used_ms bigint);
create index password_links_user on password_links(user_id);
create index password_links_expiry on password_links(expires_ms);

create table second_factors(
  user_id text primary key references users(id) on delete cascade, secret_sealed blob not null,
  confirmed_ms bigint, last_step bigint not null default 0);             -- a code's time step works once
create table recovery_codes(
  user_id text not null references users(id) on delete cascade, code_hash text not null, used_ms bigint,
  primary key(user_id, code_hash));

create table oauth_clients(
  id text primary key, name text not null, redirect_uris text not null,  -- one a line
  logout_uris text not null default '', api_access int not null default 0, created_ms bigint not null);
create table authorization_codes(
  code_hash text primary key, client_id text not null, user_id text not null references users(id) on delete cascade,
  redirect_uri text not null, challenge text not null, nonce text not null, scope text not null, auth_ms bigint not null,
  expires_ms bigint not null, session_id text);                          -- set when the code was exchanged
create index authorization_codes_expiry on authorization_codes(expires_ms);
-- A browser that has logged in at our page: others of our apps need no password then.
create table browser_sessions(
  token_hash text primary key, user_id text not null references users(id) on delete cascade, auth_ms bigint not null,
  expires_ms bigint not null);
create index browser_sessions_expiry on browser_sessions(expires_ms);
create index browser_sessions_user on browser_sessions(user_id);

alter table sessions add column client_id text not null default 'upcall';
alter table sessions add column nonce text not null default '';
create index sessions_user on sessions(user_id);
create index sessions_expiry on sessions(expires_ms);
alter table refresh_tokens add column parent_hash text not null default '';
alter table refresh_tokens add column replaced int not null default 0;   -- its use means a copy, at any time
create index refresh_tokens_parent on refresh_tokens(parent_hash);

create table user_cache(
  user_id text primary key references users(id) on delete cascade, content text not null, written_ms bigint not null);
create index user_cache_written on user_cache(written_ms);

create table federated_identities(
  issuer text not null, subject text not null, user_id text not null references users(id) on delete cascade,
  linked_ms bigint not null, primary key(issuer, subject));
create index federated_identities_user on federated_identities(user_id);

-- The audit can only grow, and each row is bound to all before it. A head is the chain's state, signed.
create table audit_chain(id integer primary key, hash text not null);
create table audit_heads(
  id integer primary key, hash text not null, at_ms bigint not null, signature text not null);
create index audit_at on audit(at_ms);
create trigger audit_not_changed before update on audit begin select raise(abort, 'the audit is append-only'); end;
create trigger audit_not_deleted before delete on audit begin select raise(abort, 'the audit is append-only'); end;
create trigger audit_chain_not_changed before update on audit_chain begin select raise(abort, 'the audit is append-only'); end;
create trigger audit_chain_not_deleted before delete on audit_chain begin select raise(abort, 'the audit is append-only'); end;
create trigger audit_heads_not_changed before update on audit_heads begin select raise(abort, 'the audit is append-only'); end;
create trigger audit_heads_not_deleted before delete on audit_heads begin select raise(abort, 'the audit is append-only'); end;
-- "insert or replace" deletes without asking the trigger of before.
create trigger audit_not_replaced before insert on audit when exists(select 1 from audit where id=new.id)
  begin select raise(abort, 'the audit is append-only'); end;
create trigger audit_chain_not_replaced before insert on audit_chain when exists(select 1 from audit_chain where id=new.id)
  begin select raise(abort, 'the audit is append-only'); end;
create trigger audit_heads_not_replaced before insert on audit_heads when exists(select 1 from audit_heads where id=new.id)
  begin select raise(abort, 'the audit is append-only'); end;
)sql";

}  // namespace upcall::store
