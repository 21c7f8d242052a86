// The data directory, its database and key, the disk, the limit of descriptors.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "io/store/parameter_repository.hpp"
#include "server/admin/stored_parameters.hpp"
#include "server/doctor/checks.hpp"
#include "server/keys/master_keys.hpp"

namespace upcall::doctor {

namespace {

constexpr std::uint64_t kDescriptorsMin = 4096;

std::string mib(std::uint64_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

// Of a running process; nothing when it cannot be read.
std::optional<std::uint64_t> descriptor_limit_of(std::int64_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/limits");
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with("Max open files")) continue;
    std::istringstream values(line.substr(14));
    std::uint64_t soft = 0;
    if (values >> soft) return soft;
  }
  return std::nullopt;
}

}  // namespace

bool check_directory(const Installation& at, Report& report) {
  const char* check = "data directory";
  struct stat info{};
  if (::stat(at.data_dir.c_str(), &info) != 0) {
    report.fault(check, "there is no directory " + at.data_dir, "everything that the server keeps lies in it", "give the server's own with --data-dir, or start the server once: it makes it");
    return false;
  }
  if (info.st_uid != ::geteuid()) {
    report.fault(check, at.data_dir + " belongs to another user", "what is looked at here must be seen as the server sees it", "run this as that user: sudo -u upcall upcall doctor …");
    return false;
  }
  const std::string probe = at.data_dir + "/.doctor-probe";
  const int fd = ::open(probe.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  const int why = errno;
  if (fd >= 0) {
    ::close(fd);
    ::unlink(probe.c_str());
  }
  if (fd < 0) {
    report.fault(check, at.data_dir + " cannot be written: " + std::strerror(why), "no chat and no recording can be kept", "chown it to the server's user, chmod 700, and see that its disk is mounted writable");
    return false;
  }
  if ((info.st_mode & 077) != 0) {
    report.fault(check, at.data_dir + " can be entered by other users of this host", "chats, and hashes of passwords, lie in it", "chmod 700 " + at.data_dir);
  } else {
    report.well(check, at.data_dir + " is the server's alone");
  }
  return true;
}

Opened check_database(const Installation& at, Report& report) {
  Opened out;
  auto database = store::Database::open(at.data_dir + "/upcall.db", store::Database::Mode::read_only);
  auto id = database ? store::parameters::get_or(**database, "masterKeyId", "") : Result<std::string>(tl::unexpected(database.error()));
  if (!id) {
    report.fault("database", id.error().message, "without it the server does not start", "start the server once, or restore the last good backup: upcall restore --help");
    return out;
  }
  report.well("database", "it can be read");
  out.database = std::move(*database);
  auto command = store::parameters::get_or(*out.database, "masterKeyCommand", "");
  const bool by_command = command && !command->empty();
  auto key = by_command ? server::master_key_from_command(*command) : store::read_master_key_file(at.data_dir + "/master.key");
  if (!key) {
    report.fault("master key", key.error().message, "what is sealed (films, stored secrets) cannot be read without it, and must not be read by others",
                 key.error().code == ErrorCode::forbidden ? "chmod 600 " + at.data_dir + "/master.key" : "put it back from where you keep it beside the backups; without it the server does not start");
  } else if (!id->empty() && store::master_key_id(*key) != *id) {
    report.fault("master key", "it is " + store::master_key_id(*key) + ", and the database is sealed under " + *id, "the server does not start with another key", "put the right one back from where you keep it beside the backups");
  } else {
    report.well("master key", by_command ? "its command tells the right one" : "it is the right one, and nobody else may read it");
    out.sealer = std::make_unique<store::Sealer>(*key);
  }
  return out;
}

void check_disk(const Installation& at, const Opened& opened, Report& report) {
  const char* check = "disk";
  struct statvfs disk{};
  if (::statvfs(at.data_dir.c_str(), &disk) != 0 || disk.f_blocks == 0) return report.note(check, "its free space cannot be asked for", "recordings need room", "look at it yourself: df");
  const std::uint64_t free = std::uint64_t{disk.f_bavail} * disk.f_frsize, all = std::uint64_t{disk.f_blocks} * disk.f_frsize;
  recording::DiskRules rules;
  if (opened.database) {
    if (const auto set = admin::disk_parameters(*opened.database)) rules = *set;
  }
  const double share = static_cast<double>(free) / static_cast<double>(all);
  if (share < rules.refuse_below && free < rules.refuse_bytes) {
    report.fault(check, mib(free) + " are free, " + std::to_string(static_cast<int>(share * 100)) + " % of the disk", "new recordings are refused below " + std::to_string(static_cast<int>(rules.refuse_below * 100)) + " %",
                 "make room, set retention rules (docs/guides/storage.md), or put the data directory on a larger disk");
  } else if (at.spool_limit_mib > 0 && (at.spool_limit_mib << 20) > free) {
    report.fault(check, "the spool may take " + std::to_string(at.spool_limit_mib) + " MiB and " + mib(free) + " are free", "the disk is full before the limit is reached", "lower --spool-limit-mib, or make room");
  } else {
    report.well(check, mib(free) + " are free, " + std::to_string(static_cast<int>(share * 100)) + " %");
  }
}

void check_descriptors(const Installation& at, Report& report) {
  std::optional<std::uint64_t> limit;
  if (at.running) {
    limit = descriptor_limit_of(at.pid);
  } else if (rlimit files{}; ::getrlimit(RLIMIT_NOFILE, &files) == 0) {
    limit = files.rlim_max;  // the server takes as many as it may
  }
  if (!limit) return report.note("descriptors", "the server's limit cannot be read", "each connection takes one", "see LimitNOFILE= of the unit");
  if (*limit < kDescriptorsMin) {
    report.fault("descriptors", "at most " + std::to_string(*limit) + " files and connections may be open", "each browser takes six connections: people are turned away", "LimitNOFILE=65536 in the unit (the packages' has it), or ulimit -n 65536 before the start");
  } else {
    report.well("descriptors", "up to " + std::to_string(*limit) + " connections and files");
  }
}

}  // namespace upcall::doctor
