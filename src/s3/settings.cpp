#include "s3/settings.hpp"

#include <algorithm>

namespace upcall::s3 {

namespace {

bool printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

bool lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

// The scheme's default port is in neither Host nor signature, as every HTTP client leaves it out.
std::string_view without_default_port(std::string_view authority, bool tls) {
  const std::string_view port = tls ? ":443" : ":80";
  return authority.ends_with(port) ? authority.substr(0, authority.size() - port.size()) : authority;
}

}  // namespace

std::string Settings::host() const {
  std::string_view authority = endpoint;
  authority.remove_prefix(std::min(authority.size(), std::string_view(tls() ? "https://" : "http://").size()));
  const std::string_view plain = without_default_port(authority, tls());
  return virtual_host ? bucket + "." + std::string(plain) : std::string(plain);
}

Result<void> set_encryption(Settings& settings, std::string_view text) {
  constexpr std::string_view kKms = "aws:kms";
  settings.kms_key.clear();
  if (text.empty() || text == "none") {
    settings.encryption = Encryption::none;
  } else if (text == "AES256") {
    settings.encryption = Encryption::aes256;
  } else if (text == kKms) {
    settings.encryption = Encryption::kms;
  } else if (text.starts_with("aws:kms:") && text.size() > kKms.size() + 1 && text.size() < 512 && printable(text)) {
    settings.encryption = Encryption::kms;
    settings.kms_key = std::string(text.substr(kKms.size() + 1));
  } else {
    return fail(ErrorCode::invalid_argument, "recordingS3Encryption must be none, AES256, aws:kms or aws:kms:KEY");
  }
  return {};
}

Result<void> check(Settings& s) {
  while (s.endpoint.ends_with('/')) s.endpoint.pop_back();
  const bool scheme = s.endpoint.starts_with("https://") || s.endpoint.starts_with("http://");
  const std::string_view rest = std::string_view(s.endpoint).substr(scheme ? s.endpoint.find("//") + 2 : 0);
  if (!scheme || rest.empty() || rest.size() > 300 || !printable(rest) || rest.find_first_of("/?#@") != std::string_view::npos) {
    return fail(ErrorCode::invalid_argument,
                "recordingS3Endpoint must be an address like https://s3.example.com or http://10.0.0.5:7480, without a path");
  }
  // The rules of bucket names for path style; the dots of older names do not fit a certificate in virtual-host style.
  const bool name = s.bucket.size() >= 3 && s.bucket.size() <= 63 && lower_or_digit(s.bucket.front()) && lower_or_digit(s.bucket.back()) &&
                    std::all_of(s.bucket.begin(), s.bucket.end(), [](char c) { return lower_or_digit(c) || c == '-' || c == '.'; });
  if (!name) {
    return fail(ErrorCode::invalid_argument, "recordingS3Bucket must be a bucket's name: 3 to 63 lower-case letters, digits, '-' and '.'");
  }
  const bool region = !s.region.empty() && s.region.size() <= 64 &&
                      std::all_of(s.region.begin(), s.region.end(), [](char c) { return lower_or_digit(c) || (c >= 'A' && c <= 'Z') || c == '-' || c == '_'; });
  if (!region) return fail(ErrorCode::invalid_argument, "recordingS3Region must be a region's name, for example us-east-1");
  if (s.access_key_id.empty() || s.access_key_id.size() > 128 || !printable(s.access_key_id) || s.access_key_id.find('/') != std::string::npos) {
    return fail(ErrorCode::invalid_argument, "recordingS3AccessKeyId must be the id of an access key");
  }
  if (s.secret_access_key.empty() || s.secret_access_key.size() > 256 || !printable(s.secret_access_key)) {
    return fail(ErrorCode::invalid_argument, "recordingS3SecretAccessKey must be the secret of the access key");
  }
  return {};
}

}  // namespace upcall::s3
