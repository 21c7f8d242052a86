#include "server/doctor/doctor.hpp"

#include "server/doctor/checks.hpp"
#include "server/serve/own_addresses.hpp"

namespace upcall::doctor {

std::string Installation::local_url() const {
  const std::string host = listen_address == "::" ? "::1" : server::is_wildcard(listen_address) ? "127.0.0.1" : listen_address;
  return std::string(tls() ? "https://" : "http://") + server::host_text(host) + ":" + std::to_string(port);
}

std::vector<Finding> examine(const Installation& installation, RandomSource& random, const Now& now) {
  Report report;
  if (!check_directory(installation, report)) return report.take();
  const Opened opened = check_database(installation, report);
  check_disk(installation, opened, report);
  check_descriptors(installation, report);
  if (installation.silent) {
    report.fault("server", "it runs and does not answer", "nobody is served; calls that run may go on", "look into its log (journalctl -u upcall) and what else takes this host's cores and disk, then systemctl restart upcall");
    return report.take();
  }
  check_port(installation, report);
  check_media_port(installation, report);
  check_candidates(installation, report);
  check_certificate(installation, now, report);
  check_public_url(installation, report);
  check_recorder(installation, report);
  check_object_store(installation, opened, random, now, report);
  check_contact_centre(opened, report);
  check_mail(installation, opened, report);
  check_parameters(installation, opened, report);
  return report.take();
}

}  // namespace upcall::doctor
