// Schema 3: a chat item's client token, so that one that is sent again after a restart is known.
#include <string_view>

namespace upcall::store {

extern const std::string_view kMigration0003;

const std::string_view kMigration0003 = R"sql(
alter table chat_items add column client_token text;
)sql";

}  // namespace upcall::store
