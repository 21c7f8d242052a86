#include "server/admin/stored_parameters.hpp"

#include <charconv>

#include "contact/flow_import.hpp"
#include "identity/permission.hpp"
#include "io/store/centre_repository.hpp"
#include "io/store/identity_repository.hpp"
#include "io/store/parameter_repository.hpp"
#include "server/admin/admin.hpp"
#include "server/admin/embedded_flows.hpp"
#include "server/admin/mail_parameters.hpp"

namespace upcall::admin {

namespace {

// Where `upcall serve` listens unless it is told otherwise: of a directory that none has served yet.
constexpr std::string_view kFirstUrl = "http://127.0.0.1:8080";

double number_of(std::string_view text) {
  double out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

std::string first_flow_name() {
  for (const EmbeddedFlow& file : embedded_flows()) {
    const auto import = contact::import_flow(file.content);
    if (import.flow && import.flow->type == contact::FlowType::contact_flow) return import.flow->name;
  }
  return {};
}

}  // namespace

Result<parameters::Values> own_parameters(store::Database& db, store::Sealer& sealer) {
  parameters::Values out;
  for (const parameters::ParameterRow& row : parameters::rows()) {
    auto stored = store::parameters::get_or(db, row.name, "");
    if (!stored) return tl::unexpected(stored.error());
    if (stored->empty()) continue;
    if (row.secret) {
      auto plain = secret_parameter(db, sealer, row.name);
      *stored = plain ? std::move(*plain) : std::string(kUnreadable);
    }
    out[std::string(row.name)] = std::move(*stored);
  }
  return out;
}

Result<parameters::Values> instance_parameters(store::Database& db, const std::string& public_url) {
  parameters::Values out;
  auto instance = store::parameters::get_or(db, "instanceId", "");
  if (!instance) return tl::unexpected(instance.error());
  if (!instance->empty()) out["connectInstanceARN"] = arn(*instance);
  auto served = store::parameters::get_or(db, kPublicUrl, "");
  if (!served) return tl::unexpected(served.error());
  out["connectInstanceURL"] = !public_url.empty() ? public_url : !served->empty() ? *served : std::string(kFirstUrl);
  // The flow that the first start made the first one, and the profile for playback: as long as they are there.
  static const std::string first_flow = first_flow_name();
  auto flow = store::flows::find(db, first_flow);
  if (!flow) return tl::unexpected(flow.error());
  if (*flow) out["connectDefaultContactFlowId"] = (*flow)->id;
  auto profile = store::security_profiles::find_name(db, identity::kPlaybackProfileName);
  if (!profile) return tl::unexpected(profile.error());
  if (*profile) out["recordingPlaybackSecurityProfileId"] = (*profile)->id;
  return out;
}

Result<std::string> parameter_in_force(store::Database& db, std::string_view name) {
  auto stored = store::parameters::get_or(db, name, "");
  if (stored && stored->empty()) return std::string(parameters::find(name)->fallback);
  return stored;
}

Result<Duration> journal_copy_parameter(store::Database& db) {
  const auto text = parameter_in_force(db, "recordingJournalCopySeconds");
  if (!text) return tl::unexpected(text.error());
  return Duration::s(static_cast<std::int64_t>(number_of(*text)));
}

Result<recording::DiskRules> disk_parameters(store::Database& db) {
  const auto refuse = parameter_in_force(db, "recordingDiskRefusePercent"), end = parameter_in_force(db, "recordingDiskEndPercent");
  if (!refuse) return tl::unexpected(refuse.error());
  if (!end) return tl::unexpected(end.error());
  return recording::DiskRules{.refuse_below = number_of(*refuse) / 100, .end_below = number_of(*end) / 100};
}

Result<recording::CapacityOptions> capacity_parameters(store::Database& db) {
  parameters::Values values;
  for (const char* name : {"minCapacity", "maxCapacity", "slotsPerWorker", "targetCapacityPercent", "minimumScalingStepSize", "maximumScalingStepSize", "scaleInAfterSeconds"}) {
    auto text = parameter_in_force(db, name);
    if (!text) return tl::unexpected(text.error());
    values[name] = std::move(*text);
  }
  return parameters::capacity_options(values);
}

}  // namespace upcall::admin
