// Schema 6: what of the recordings an access key sees through /aws/s3.
#include <string_view>

namespace upcall::store {

extern const std::string_view kMigration0006;

const std::string_view kMigration0006 = R"sql(
alter table access_keys add column s3_prefix text not null default '';   -- empty: everything
create index recordings_object on recordings(object_key) where state = 'stored' and deleting_ms is null;
)sql";

}  // namespace upcall::store
