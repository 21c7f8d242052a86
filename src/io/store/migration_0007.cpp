// Schema 7: contact flows: what the interpreter needs beyond one file (modules, hours of operation, traces).
#include <string_view>

namespace upcall::store {

extern const std::string_view kMigration0007;

const std::string_view kMigration0007 = R"sql(
select 1;
)sql";

}  // namespace upcall::store
