#include "service/recording/instance_id.hpp"

#include <filesystem>
#include <fstream>

#include "base/ids.hpp"

namespace upcall::service {

Result<std::string> instance_id(const std::string& spool_directory, RandomSource& random) {
  const std::string path = spool_directory + "/instance";
  std::string id;
  if (std::ifstream in(path); in && std::getline(in, id) && is_uuid(id)) return id;
  id = make_uuid(random);
  const std::string fresh = path + ".new";
  std::ofstream out(fresh, std::ios::trunc);
  out << id << "\n";
  out.close();
  std::error_code error;
  if (out) std::filesystem::rename(fresh, path, error);
  if (!out || error) return fail(ErrorCode::unavailable, "the spool directory cannot be written");
  return id;
}

}  // namespace upcall::service
