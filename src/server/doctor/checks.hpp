// The checks, one function a subject. Each adds what it found, also when all is well.
#pragma once

#include <memory>

#include "io/store/database.hpp"
#include "io/store/sealer.hpp"
#include "server/doctor/doctor.hpp"

namespace upcall::doctor {

class Report {
 public:
  void well(std::string check, std::string what) { add({std::move(check), Verdict::well, std::move(what), {}, {}}); }
  void note(std::string check, std::string what, std::string why, std::string advice) { add({std::move(check), Verdict::note, std::move(what), std::move(why), std::move(advice)}); }
  void fault(std::string check, std::string what, std::string why, std::string advice) { add({std::move(check), Verdict::fault, std::move(what), std::move(why), std::move(advice)}); }
  std::vector<Finding> take() { return std::move(findings_); }

 private:
  void add(Finding finding) { findings_.push_back(std::move(finding)); }
  std::vector<Finding> findings_;
};

// What later checks read. Without it they are left out.
struct Opened {
  std::unique_ptr<store::Database> database;
  std::unique_ptr<store::Sealer> sealer;
};

// False: nothing else can be looked at.
bool check_directory(const Installation& at, Report& report);
Opened check_database(const Installation& at, Report& report);
void check_disk(const Installation& at, const Opened& opened, Report& report);
void check_descriptors(const Installation& at, Report& report);

void check_port(const Installation& at, Report& report);
void check_media_port(const Installation& at, Report& report);
void check_candidates(const Installation& at, Report& report);
void check_certificate(const Installation& at, const Now& now, Report& report);
void check_public_url(const Installation& at, Report& report);

void check_recorder(const Installation& at, Report& report);
// Also compares the clocks.
void check_object_store(const Installation& at, const Opened& opened, RandomSource& random, const Now& now, Report& report);
void check_contact_centre(const Opened& opened, Report& report);
void check_parameters(const Installation& at, const Opened& opened, Report& report);
void check_mail(const Installation& at, const Opened& opened, Report& report);

}  // namespace upcall::doctor
