// What recordings, chats and mails need: the composer program, the object store, people and flows, the mail server.
#include <fcntl.h>
#include <sys/timex.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iterator>

#include "base/ids.hpp"
#include "io/mail/mailer.hpp"
#include "io/net/http_client.hpp"
#include "io/process/child_process.hpp"
#include "io/s3/s3_object_store.hpp"
#include "io/store/parameter_repository.hpp"
#include "server/admin/mail_parameters.hpp"
#include "server/admin/storage_parameters.hpp"
#include "server/doctor/checks.hpp"

namespace upcall::doctor {

namespace {

constexpr Duration kRecorderTime = Duration::s(20);
constexpr double kClockMax_s = 60;
constexpr std::string_view kProbe = "upcall doctor's probe";

// What a program wrote to standard error, its last line.
std::string last_line(int fd) {
  char text[2048];
  const off_t size = ::lseek(fd, 0, SEEK_END);
  const off_t from = size > static_cast<off_t>(sizeof text) ? size - static_cast<off_t>(sizeof text) : 0;
  const ssize_t n = ::pread(fd, text, sizeof text, from);
  std::string out(text, n > 0 ? static_cast<std::size_t>(n) : 0);
  while (!out.empty() && (out.back() == '\n' || out.back() == ' ')) out.pop_back();
  return out.substr(out.rfind('\n') + 1);
}

Result<void> probe_object(objects::ObjectStore& store, const std::string& key, WallTime now) {
  auto upload = store.begin_upload(key, "text/plain");
  if (!upload) return tl::unexpected(upload.error());
  if (auto put = (*upload)->put_part(1, as_bytes(kProbe)); !put) return put;
  if (auto whole = (*upload)->complete(now); !whole) return tl::unexpected(whole.error());
  const auto read = [&]() -> Result<void> {
    auto source = store.open(key);
    if (!source) return tl::unexpected(source.error());
    ByteVector back(kProbe.size());
    auto n = (*source)->read(0, back);
    if (!n) return tl::unexpected(n.error());
    if (*n != back.size() || as_text(back) != kProbe) return fail(ErrorCode::corrupt, "what was read is not what was written");
    return {};
  }();
  auto removed = store.remove(key);
  return read ? removed : read;
}

Result<void> probe_folder(const std::string& folder) {
  const std::string probe = folder + "/.doctor-probe";
  const int fd = ::open(probe.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return fail(ErrorCode::unavailable, folder + " cannot be written: " + std::strerror(errno));
  const bool written = ::write(fd, kProbe.data(), kProbe.size()) == static_cast<ssize_t>(kProbe.size()) && ::fsync(fd) == 0;
  const int why = errno;
  ::close(fd);
  ::unlink(probe.c_str());
  if (!written) return fail(ErrorCode::unavailable, folder + " takes nothing: " + std::strerror(why));
  return {};
}

// By the Date of the store's answers (RFC 9110 §5.6.7), which are refused far from its own clock.
void compare_clock(const s3::Settings& settings, const std::string& ca_pem, const Now& now, Report& report) {
  net::HttpClientOptions options;
  options.timeout = Duration::s(5);
  options.ca_pem = ca_pem;
  net::HttpClient client(std::move(options));
  const auto answer = client.get(settings.endpoint + "/");
  const auto date = answer ? answer->header("date") : std::nullopt;
  std::tm parts{};
  if (!date || ::strptime(std::string(*date).c_str(), "%a, %d %b %Y %H:%M:%S", &parts) == nullptr) {
    return report.note("clock", "the object store tells no time to compare with", "its requests are signed with the time", "keep the clock right: timedatectl");
  }
  const double apart = static_cast<double>(now.wall.unix_ms()) / 1000.0 - static_cast<double>(::timegm(&parts));
  if (std::abs(apart) > kClockMax_s) {
    return report.fault("clock", "this host is " + std::to_string(static_cast<long long>(std::abs(apart))) + " s " + (apart > 0 ? "ahead of" : "behind") + " the object store", "S3 refuses requests that are fifteen minutes off; tokens and certificates hang on the time too",
                        "set it and keep it set: timedatectl set-ntp true");
  }
  report.well("clock", "as the object store's, within a minute");
}

void ask_kernel_about_clock(Report& report) {
  timex state{};
  const int told = ::adjtimex(&state);
  if (told >= 0 && told != TIME_ERROR && (state.status & STA_UNSYNC) == 0) return report.well("clock", "the kernel says that it is kept in step");
  report.note("clock", "nothing here keeps it in step, or says so", "tokens, certificates and recordings hang on the time", "compare it with a clock that you trust, then timedatectl set-ntp true");
}

}  // namespace

void check_recorder(const Installation& at, Report& report) {
  const char* check = "recorder";
  const std::string why = "without it recordings stay journals, and nobody can watch them";
  if (::access(at.recorder_program.c_str(), X_OK) != 0) {
    return report.fault(check, at.recorder_program + " is not there, or may not be run", why, "apt install upcall-recorder, or say where it is with --recorder");
  }
  const int errors = ::open("/tmp", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
  process::ChildHost host;
  process::ChildOptions options;
  options.program = at.recorder_program;
  options.arguments = {"self-test"};
  options.environment = {{"PATH", "/usr/local/bin:/usr/bin:/bin"}};
  options.descriptors = {{-1, 1}, {errors, 2}};
  auto child = host.spawn(std::move(options));
  const auto exit = child ? (*child)->wait(kRecorderTime) : std::nullopt;
  const std::string said = errors >= 0 ? last_line(errors) : "";
  if (errors >= 0) ::close(errors);
  if (!child) return report.fault(check, child.error().message, why, "apt install --reinstall upcall-recorder");
  if (!exit) return report.fault(check, "it did not try its codecs within twenty seconds", why, "see what else takes this host's cores");
  if (!exit->ok()) return report.fault(check, "its codecs do not work: " + (said.empty() ? std::string("it said nothing") : said), why, "apt install --reinstall upcall-recorder brings its codecs (H.264, AAC, VP8, VP9, Opus) and the font");
  report.well(check, "H.264, AAC, VP8, VP9, Opus and the font work");
}

void check_object_store(const Installation& at, const Opened& opened, RandomSource& random, const Now& now, Report& report) {
  const char* check = "object store";
  const std::string why = "films wait on this server's disk until it is full";
  if (auto here = probe_folder(at.data_dir + "/objects"); !here && (at.running || ::access((at.data_dir + "/objects").c_str(), F_OK) == 0)) {
    report.fault(check, here.error().message, "neither films nor files of chats can be kept", "chown -R it to the server's user");
  }
  if (!opened.database || !opened.sealer) return ask_kernel_about_clock(report);
  auto settings = admin::storage_settings(*opened.database, *opened.sealer);
  if (!settings) {
    report.fault(check, settings.error().message, why, "correct it with upcall configure --recording-s3-…");
    return ask_kernel_about_clock(report);
  }
  if (!settings->s3) {
    report.well(check, "the data directory; a probe could be written and removed");
    return ask_kernel_about_clock(report);
  }
  s3::ClientOptions options;
  options.settings = *settings->s3;
  if (!settings->ca_file.empty()) {
    std::ifstream in(settings->ca_file, std::ios::binary);
    options.ca_pem = std::string(std::istreambuf_iterator<char>(in), {});
    if (options.ca_pem.empty()) report.fault(check, "the file of its authorities, " + settings->ca_file + ", cannot be read", why, "correct --recording-s3-ca-file");
  }
  compare_clock(*settings->s3, options.ca_pem, now, report);
  options.io_timeout = Duration::s(5);
  options.writes = options.reads = {Duration::s(8), 2};
  s3::S3ObjectStore store(std::move(options), random, nullptr);
  const auto probed = probe_object(store, "RECORDINGS/doctor-" + make_uuid(random), now.wall);
  if (!probed) return report.fault(check, "the bucket " + settings->s3->bucket + ": " + probed.error().message, why, "correct its settings with upcall configure, the key's rights (put, get, delete), or the network to it");
  report.well(check, "the bucket " + settings->s3->bucket + ": a probe could be written, read and deleted");
}

void check_contact_centre(const Opened& opened, Report& report) {
  if (!opened.database) return;
  store::Database& db = *opened.database;
  const auto number = [&](std::string_view sql) {
    const auto found = db.one(sql, [](store::Row& row) { return row.i64(0); });
    return found && *found ? **found : 0;
  };
  const auto agents = number(
      "select count(distinct u.id) from users u join user_security_profiles p on p.user_id=u.id "
      "join security_profile_permissions s on s.profile_id=p.profile_id where u.disabled=0 and s.permission='contact.handle'");
  if (agents == 0) {
    report.fault("people", "there is no agent", "chats wait until their customers leave", "upcall user add --security-profile Agent …, see docs/guides/log-in.md");
  } else {
    report.well("people", std::to_string(agents) + " may take chats");
  }
  const auto flow = store::parameters::get_or(db, "connectDefaultContactFlowId", "");
  const auto there = flow ? db.one("select 1 from contact_flows where id=?1", [](store::Row& row) { return row.i64(0); }, *flow) : Result<std::optional<std::int64_t>>(std::nullopt);
  if (!there || !*there) {
    report.fault("contact flow", "the default contact flow is not there", "the customer's page cannot start a chat", "upcall flow import FILE, then upcall configure --connect-default-contact-flow-id=…, see docs/guides/flows.md");
  } else {
    report.well("contact flow", "the default one is there");
  }
}

void check_mail(const Installation& at, const Opened& opened, Report& report) {
  const char* check = "mail";
  if (!opened.database || !opened.sealer) return;
  const auto settings = admin::mail_settings(*opened.database, *opened.sealer, at.data_dir);
  if (!settings) return report.fault(check, settings.error().message, "links for passwords are not sent", "correct it with upcall configure --smtp-…");
  if (!settings->smtp) return report.note(check, "mails are put into files below " + settings->folder, "nobody gets a link for a password by mail", "upcall configure --mail-method=smtp --smtp-url=…, see docs/guides/log-in.md; not needed where another provider logs people in");
  mail::MailSettings asked = *settings;
  asked.timeout = Duration::s(8);
  const auto reached = mail::reach(asked);
  if (!reached) return report.fault(check, reached.error().message, "links for passwords do not arrive", "correct its settings with upcall configure --smtp-…, its firewall, or its certificate");
  report.well(check, "the mail server takes our log-in");
}

}  // namespace upcall::doctor
