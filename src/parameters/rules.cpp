#include "parameters/rules.hpp"

#include <algorithm>
#include <charconv>
#include <initializer_list>

#include "parameters/check.hpp"

namespace upcall::parameters {

namespace {

constexpr std::string_view kSet = "(set)";

std::string_view value_in(const Values& values, std::string_view name) {
  const auto at = values.find(name);
  return at == values.end() ? std::string_view() : std::string_view(at->second);
}

std::string_view with_fallback(const Values& values, std::string_view name) {
  const std::string_view own = value_in(values, name);
  return own.empty() ? find(name)->fallback : own;
}

double number_in(const Values& values, std::string_view name) {
  const std::string_view text = with_fallback(values, name);
  double out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

// Collects the sentences of rules that something changed has to do with.
class Objections {
 public:
  explicit Objections(const std::vector<std::string_view>& touched) : touched_(touched) {}
  void add(std::initializer_list<std::string_view> names, const std::string& sentence) {
    const bool concerns = std::any_of(names.begin(), names.end(), [this](std::string_view n) { return std::find(touched_.begin(), touched_.end(), n) != touched_.end(); });
    if (concerns) text_ += (text_.empty() ? "" : " ") + sentence;
  }
  const std::string& text() const { return text_; }

 private:
  const std::vector<std::string_view>& touched_;
  std::string text_;
};

void check_required(const Values& values, Objections& out) {
  for (const ParameterRow& row : rows()) {
    if (!row.required || !value_in(values, row.name).empty() || !has_effect(row, values)) continue;
    const auto [parent, wanted] = parent_of(row);
    const std::string where = parent.empty() ? "" : ", for " + std::string(parent) + " is " + std::string(wanted);
    out.add({row.name, parent}, std::string(row.name) + " must be given (--" + std::string(row.flag) + ")" + where + ".");
  }
}

void check_together(const Values& own, const Values& after, Objections& out) {
  if (const auto fine = capacity_options(after); !fine) {
    out.add({"minCapacity", "maxCapacity", "slotsPerWorker", "targetCapacityPercent", "minimumScalingStepSize", "maximumScalingStepSize", "scaleInAfterSeconds"}, fine.error().message);
  }
  if (number_in(after, "recordingDiskEndPercent") > number_in(after, "recordingDiskRefusePercent")) {
    out.add({"recordingDiskEndPercent", "recordingDiskRefusePercent"},
            "recordingDiskEndPercent must not be above recordingDiskRefusePercent: recordings would be ended that were just let begin.");
  }
  const bool to_s3 = value_in(after, "recordingObjectStore") == "s3";
  s3::Settings settings;
  const auto encryption = s3::set_encryption(settings, with_fallback(own, "recordingS3Encryption"));
  if (!encryption) out.add({"recordingS3Encryption"}, encryption.error().message);
  if (const auto s3 = s3_settings(own); to_s3 && encryption && !s3) {
    out.add({"recordingObjectStore", "recordingS3Endpoint", "recordingS3Region", "recordingS3Bucket", "recordingS3AccessKeyId", "recordingS3SecretAccessKey", "recordingS3Encryption", "recordingS3VirtualHost"},
            s3.error().message);
  }
  const std::string provider = issuer_of(value_in(after, "cognitoSAMLIdentityProviderURL"));
  const std::string_view issuer = value_in(after, "federationIssuer");
  const bool on = value_in(after, "cognitoSAMLEnabled") == "true";
  if (on && issuer.empty() && provider.empty()) {
    out.add({"cognitoSAMLEnabled", "cognitoSAMLIdentityProviderURL", "federationIssuer"},
            "cognitoSAMLIdentityProviderURL must be given (--cognito-saml-identity-provider-url), or federationIssuer, for cognitoSAMLEnabled is true.");
  }
  if (!issuer.empty() && !provider.empty() && issuer != provider) {
    out.add({"cognitoSAMLIdentityProviderURL", "federationIssuer"},
            "cognitoSAMLIdentityProviderURL and federationIssuer name two providers, and there can be one: blank either of them (--federation-issuer=).");
  }
}

void take_notes(const Values& given, Plan& plan) {
  for (const ParameterRow& row : rows()) {
    if (value_in(given, row.name).empty() || has_effect(row, plan.after)) continue;
    const auto [parent, wanted] = parent_of(row);
    plan.notes.push_back(std::string(row.name) + " is kept, and counts when " + std::string(parent) + " is " + std::string(wanted) + ".");
  }
  const bool on = value_in(plan.after, "cognitoSAMLEnabled") == "true";
  const bool concerns = std::any_of(plan.changes.begin(), plan.changes.end(), [](const Change& c) { return c.row->name.starts_with("cognitoSAML") || c.row->name.starts_with("federation"); });
  if (!on || !concerns) return;
  const std::string issuer = federation_issuer(value_in(plan.after, "federationIssuer"), value_in(plan.after, "cognitoSAMLIdentityProviderURL"));
  if (!normal_value(*find("federationIssuer"), issuer)) plan.notes.push_back("cognitoSAMLIdentityProviderURL is no issuer of OpenID Connect: nobody can log in there until it is.");
  if (value_in(plan.after, "federationClientId").empty()) plan.notes.push_back("Log-in by the other provider begins when federationClientId is given, too: register PUBLIC-URL/oauth2/callback there.");
}

}  // namespace

std::pair<std::string_view, std::string_view> parent_of(const ParameterRow& row) {
  const std::size_t equals = row.parent.find('=');
  if (row.parent.empty()) return {};
  return equals == std::string_view::npos ? std::pair<std::string_view, std::string_view>(row.parent, "true") : std::pair(row.parent.substr(0, equals), row.parent.substr(equals + 1));
}

std::string_view shown(const ParameterRow& row, std::string_view value) {
  // An empty list of origins is a list.
  return value.empty() && is_original(row) && row.kind != Kind::origins ? kNotDefined : value;
}

bool has_effect(const ParameterRow& row, const Values& values) {
  const auto [parent, wanted] = parent_of(row);
  if (parent.empty()) return true;
  return value_in(values, parent) == wanted && has_effect(*find(parent), values);
}

Values in_force(const Values& own, const Values& instance) {
  Values out;
  for (const ParameterRow& row : rows()) {
    std::string_view value = value_in(own, row.name);
    if (row.secret) {
      out[std::string(row.name)] = value.empty() ? "" : kSet;
      continue;
    }
    if (value.empty()) value = value_in(instance, row.name);
    if (value.empty()) value = row.fallback;
    out[std::string(row.name)] = value;
  }
  out["cognitoSAMLEnabled"] = federation_on(value_in(own, "cognitoSAMLEnabled"), value_in(own, "federationIssuer")) ? "true" : "false";
  return out;
}

Result<Plan> plan(const Values& own, const Values& given, const Values& instance) {
  Plan out;
  Values after = own;
  std::vector<std::string_view> touched;
  std::string wrong;
  for (const auto& [name, text] : given) {
    const ParameterRow* row = find(name);
    if (row == nullptr) return fail(ErrorCode::invalid_argument, unknown_parameter(name));
    auto normal = normal_value(*row, text);
    if (!normal) {
      wrong += (wrong.empty() ? "" : " ") + normal.error().message;
      continue;
    }
    touched.push_back(row->name);
    after[name] = *normal;
    out.write[name] = std::move(*normal);
  }
  if (!wrong.empty()) return fail(ErrorCode::invalid_argument, wrong);
  const Values before = in_force(own, instance);
  out.after = in_force(after, instance);
  for (const ParameterRow& row : rows()) {
    const bool other_secret = row.secret && value_in(own, row.name) != value_in(after, row.name);
    const std::string_view from = value_in(before, row.name), to = value_in(out.after, row.name);
    if (from != to || other_secret) out.changes.push_back({&row, std::string(from), std::string(to)});
  }
  Objections objections(touched);
  check_required(out.after, objections);
  check_together(after, out.after, objections);
  if (!objections.text().empty()) return fail(ErrorCode::invalid_argument, objections.text());
  take_notes(out.write, out);
  return out;
}

std::string unknown_parameter(std::string_view word) {
  const std::string_view near = nearest(word);
  std::string out = "There is no parameter \"" + std::string(word.substr(0, 64)) + "\"";
  return out + (near.empty() ? ": upcall configure --help lists them." : std::string(". Did you mean ") + (word.starts_with("--") ? "--" : "") + std::string(near) + "?");
}

bool federation_on(std::string_view switched, std::string_view issuer) { return switched.empty() ? !issuer.empty() : switched == "true"; }

std::string federation_issuer(std::string_view issuer, std::string_view provider_url) { return issuer_of(issuer.empty() ? provider_url : issuer); }

Result<recording::CapacityOptions> capacity_options(const Values& values) {
  recording::CapacityOptions capacity;
  capacity.min_capacity = static_cast<int>(number_in(values, "minCapacity"));
  capacity.max_capacity = static_cast<int>(number_in(values, "maxCapacity"));
  capacity.slots_per_worker = static_cast<int>(number_in(values, "slotsPerWorker"));
  capacity.target_percent = number_in(values, "targetCapacityPercent");
  capacity.step_min = static_cast<int>(number_in(values, "minimumScalingStepSize"));
  capacity.step_max = static_cast<int>(number_in(values, "maximumScalingStepSize"));
  capacity.scale_in_after = Duration::s(static_cast<std::int64_t>(number_in(values, "scaleInAfterSeconds")));
  return recording::checked(capacity);
}

Result<s3::Settings> s3_settings(const Values& own) {
  s3::Settings s;
  s.endpoint = value_in(own, "recordingS3Endpoint");
  s.region = with_fallback(own, "recordingS3Region");
  s.bucket = value_in(own, "recordingS3Bucket");
  s.access_key_id = value_in(own, "recordingS3AccessKeyId");
  s.secret_access_key = value_in(own, "recordingS3SecretAccessKey");
  s.virtual_host = value_in(own, "recordingS3VirtualHost") == "true";
  if (auto fine = s3::set_encryption(s, with_fallback(own, "recordingS3Encryption")); !fine) return tl::unexpected(fine.error());
  if (auto fine = s3::check(s); !fine) return tl::unexpected(fine.error());
  return s;
}

}  // namespace upcall::parameters
