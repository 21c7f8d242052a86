// Schema 10: contact search (docs/adr/0017-contact-search.md): what is found, its index, what waits to be put there; the
// agents' side of a contact's time line.
#include <string_view>

namespace upcall::store {

extern const std::string_view kMigration0010;

const std::string_view kMigration0010 = R"sql(
-- One row a finished contact. `number` is the order of answers: the start's millisecond times 256, and a count.
create table contact_search(
  number integer primary key, contact_id text not null unique references contacts(id), started_ms bigint not null,
  ended_ms bigint not null, agent_id text not null, group_path text not null,   -- the last agent's and that one's group then
  queue_id text not null, customer text not null, outcome text not null, end_reason text not null, segments int not null,
  video int not null, recorded int not null,
  terms text not null, name text not null, last_seq bigint not null);           -- what the index holds, to take it out again
create virtual table contact_index using fts5(
  terms, name, customer, agent, other, content='', columnsize=0, tokenize='unicode61 remove_diacritics 2');

create table contact_search_pending(contact_id text primary key references contacts(id)) without rowid;
insert into contact_search_pending select id from contacts where state='ended';
create trigger contact_search_ended after update of state on contacts when new.state='ended' and old.state<>'ended'
  begin insert into contact_search_pending values(new.id) on conflict do nothing; end;
create trigger contact_search_ended_at_once after insert on contacts when new.state='ended'
  begin insert into contact_search_pending values(new.id) on conflict do nothing; end;
create trigger contact_search_attribute after insert on contact_attributes
  when exists(select 1 from contacts where id=new.contact_id and state='ended')
  begin insert into contact_search_pending values(new.contact_id) on conflict do nothing; end;
create trigger contact_search_attribute_changed after update on contact_attributes
  when exists(select 1 from contacts where id=new.contact_id and state='ended')
  begin insert into contact_search_pending values(new.contact_id) on conflict do nothing; end;
create trigger contact_search_recorded after insert on recordings
  when exists(select 1 from contacts where id=new.contact_id and state='ended')
  begin insert into contact_search_pending values(new.contact_id) on conflict do nothing; end;
create trigger contact_search_recording_gone after delete on recordings
  when exists(select 1 from contacts where id=old.contact_id and state='ended')
  begin insert into contact_search_pending values(old.contact_id) on conflict do nothing; end;

-- What became of a contact at an agent: offered, missed, rejected, withdrawn, after_contact_began, after_contact_ended.
create table contact_agent_events(
  id integer primary key, contact_id text not null references contacts(id) on delete cascade, at_ms bigint not null,
  agent_id text not null, kind text not null);
create index contact_agent_events_contact on contact_agent_events(contact_id);
)sql";

}  // namespace upcall::store
