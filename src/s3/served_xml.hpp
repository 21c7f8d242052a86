// The documents of the serving side (/aws/s3), as the vendor's clients read them. No I/O.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.hpp"
#include "s3/listing.hpp"

namespace upcall::s3 {

struct ServedObject {
  std::string etag;       // bare
  std::uint64_t size = 0;
  WallTime modified;
};

// `extra`: elements of this code alone, as ActualObjectSize of InvalidRange.
std::string error_xml(std::string_view code, std::string_view message, std::string_view resource, std::string_view request_id,
                      const std::vector<std::pair<std::string, std::string>>& extra = {});
std::string buckets_xml(const std::vector<std::string>& names, std::string_view owner, WallTime created);
// An empty constraint: us-east-1, which is what clients assume of a store without regions.
std::string location_xml();
// `objects`: one for each item of the page that is a key, in their order.
std::string list_xml(std::string_view bucket, const ListRequest& request, const ListPage& page, const std::vector<ServedObject>& objects);

}  // namespace upcall::s3
