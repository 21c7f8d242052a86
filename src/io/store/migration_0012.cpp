// Schema 12: the history of parameters.
#include <string_view>

namespace upcall::store {

extern const std::string_view kMigration0012;

const std::string_view kMigration0012 = R"sql(
-- Values in force before and after; of secrets empty texts. Rows of one call have its `batch`, the first row's id.
create table parameter_changes(
  id integer primary key, batch bigint not null, at_ms bigint not null, actor text not null, name text not null,
  before_text text not null, after_text text not null, secret int not null, how text not null check(how in ('set', 'deleted')));
create index parameter_changes_name on parameter_changes(name, id);
)sql";

}  // namespace upcall::store
