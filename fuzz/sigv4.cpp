// Authorization headers of signed requests and bearer tokens: whatever they hold, nothing crashes and nothing verifies.
// link: upcall_crypto
#include <cstdlib>
#include <cstring>

#include "crypto/signature.hpp"
#include "crypto/sigv4.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace upcall;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static const crypto::JwsVerifier verifier = [] {
    crypto::JwsVerifier v;
    v.add(crypto::Es256PrivateKey::generate().public_key());
    return v;
  }();
  if (verifier.verify(text)) std::abort();
  const std::size_t cut = text.find('\n');
  const std::string_view header = text.substr(0, cut);
  const std::string_view query = cut == std::string_view::npos ? "" : text.substr(cut + 1);
  if (auto a = crypto::SigV4Authorization::parse(header)) {
    const std::vector<std::pair<std::string, std::string>> headers = {{"host", "h"}, {"x-amz-date", "20150830T123600Z"}};
    const crypto::SigV4Request request{"GET", "/a b", query, headers, ""};
    (void)crypto::sigv4_verify(request, *a, "secret", WallTime::from_unix_ms(1440938160000));
  }
  return 0;
}
