#include "rgw.hpp"

#include <fstream>
#include <iterator>
#include <stdexcept>

#include "base/ids.hpp"
#include "crypto/random.hpp"
#include "json/json.hpp"
#include "s3/answers.hpp"

namespace upcall::test {

namespace {

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

crypto::SystemRandom& random_source() {
  static crypto::SystemRandom random;
  return random;
}

}  // namespace

Result<Rgw> Rgw::find() {
  const std::string text = read_file(UPCALL_RGW_FILE);
  const auto facts = json::parse_object(text);
  if (!facts) {
    return fail(ErrorCode::not_found, "LEFT OUT: no S3 server runs; by hand: tests/rigs/rgw/rgw.py start DIRECTORY, where DIRECTORY is that of " UPCALL_RGW_FILE);
  }
  if (const auto why = json::text_at(*facts, "absent")) return fail(ErrorCode::not_found, "LEFT OUT: " + std::string(*why));
  Rgw out;
  out.endpoint = json::text_or(*facts, "endpoint");
  out.tls_endpoint = json::text_or(*facts, "tlsEndpoint");
  out.ca_pem = read_file(json::text_or(*facts, "caFile"));
  out.access_key_id = json::text_or(*facts, "accessKeyId");
  out.secret_access_key = json::text_or(*facts, "secretAccessKey");
  out.region = json::text_or(*facts, "region");
  out.kms_key = json::text_or(*facts, "kmsKey");
  return out;
}

s3::ClientOptions Rgw::options(const std::string& bucket, const std::string& at) const {
  s3::ClientOptions out;
  out.settings.endpoint = at.empty() ? endpoint : at;
  out.settings.region = region;
  out.settings.bucket = bucket;
  out.settings.access_key_id = access_key_id;
  out.settings.secret_access_key = secret_access_key;
  if (auto fine = s3::check(out.settings); !fine) throw std::runtime_error(fine.error().message);
  return out;
}

std::string Rgw::make_bucket() const {
  std::string name = "test-" + make_uuid(random_source());
  make_bucket(name);
  return name;
}

void Rgw::make_bucket(const std::string& name) const {
  s3::Client client(options(name), random_source(), nullptr);
  s3::Call call;
  call.operation = s3::Operation::put;
  call.method = "PUT";
  if (auto made = client.call(call); !made) throw std::runtime_error("the bucket cannot be made: " + to_error(made.error()).message);
}

std::vector<std::string> Rgw::open_uploads(const std::string& bucket) const {
  s3::Client client(options(bucket), random_source(), nullptr);
  auto answer = client.call(s3::list_uploads("", "", ""));
  if (!answer) throw std::runtime_error("the uploads cannot be listed");
  const auto page = s3::parse_uploads(answer->body);
  if (!page || !page->next_key.empty()) throw std::runtime_error("the list of uploads cannot be read");
  std::vector<std::string> out;
  for (const auto& row : page->uploads) out.push_back(row.key);
  return out;
}

}  // namespace upcall::test
