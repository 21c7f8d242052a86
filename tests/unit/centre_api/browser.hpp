// A browser at the log-in pages: keeps cookies, fills forms, follows nothing by itself.
#pragma once

#include <fstream>
#include <map>
#include <regex>

#include "crypto/hash.hpp"
#include "harness.hpp"

namespace upcall::test {

class Browser {
 public:
  explicit Browser(Installation& in) : in_(in) {}

  wire::HttpResponse get(const std::string& target, Installation::Headers headers = {}) { return take(in_.send("GET", target, "", with_cookies(std::move(headers)))); }
  wire::HttpResponse post(const std::string& target, const std::map<std::string, std::string>& fields, Installation::Headers headers = {{"origin", "https://upcall.example"}}) {
    std::string body;
    for (const auto& [name, value] : fields) body += (body.empty() ? "" : "&") + name + "=" + wire::percent_encode(value);
    headers.emplace_back("content-type", "application/x-www-form-urlencoded");
    return take(in_.send("POST", target, body, with_cookies(std::move(headers))));
  }
  // The hidden fields of the page's form.
  static std::map<std::string, std::string> hidden(const wire::HttpResponse& page) {
    static const std::regex kInput("<input type=\"hidden\" name=\"([^\"]*)\" value=\"([^\"]*)\">");
    std::map<std::string, std::string> out;
    for (std::sregex_iterator i(page.body.begin(), page.body.end(), kInput), end; i != end; ++i) out[(*i)[1]] = unescaped((*i)[2]);
    return out;
  }
  // The page's form with what a person fills in.
  wire::HttpResponse submit(const std::string& action, const wire::HttpResponse& page, const std::map<std::string, std::string>& typed) {
    auto fields = hidden(page);
    for (const auto& [name, value] : typed) fields[name] = value;
    return post(action, fields);
  }
  static std::string header(const wire::HttpResponse& response, std::string_view name) {
    for (const auto& [key, value] : response.headers) {
      if (key == name) return value;
    }
    return {};
  }
  static std::string parameter(const std::string& address, const std::string& name) {
    const std::size_t at = address.find_first_of("?&", 0);
    for (std::size_t i = at; i != std::string::npos && i < address.size();) {
      const std::size_t end = std::min(address.find('&', i + 1), address.size());
      const std::string pair = address.substr(i + 1, end - i - 1);
      if (pair.starts_with(name + "=")) return wire::percent_decode(pair.substr(name.size() + 1), true).value_or("");
      i = end;
    }
    return {};
  }
  std::map<std::string, std::string> cookies;

 private:
  static std::string unescaped(std::string text) {
    for (const auto& [from, to] : {std::pair{"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&#39;", "'"}, {"&amp;", "&"}}) {
      for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; ++at) text.replace(at, std::string_view(from).size(), to);
    }
    return text;
  }
  Installation::Headers with_cookies(Installation::Headers headers) {
    std::string text;
    for (const auto& [name, value] : cookies) text += (text.empty() ? "" : "; ") + name + "=" + value;
    if (!text.empty()) headers.emplace_back("cookie", text);
    return headers;
  }
  wire::HttpResponse take(wire::HttpResponse response) {
    for (const auto& [key, value] : response.headers) {
      if (key != "set-cookie") continue;
      const std::size_t equal = value.find('='), end = value.find(';');
      if (value.find("Max-Age=0") != std::string::npos) cookies.erase(value.substr(0, equal));
      else cookies[value.substr(0, equal)] = value.substr(equal + 1, end - equal - 1);
    }
    return response;
  }
  Installation& in_;
};

inline constexpr const char* kVerifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
// RFC 7636 appendix B.
inline constexpr const char* kChallenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

inline std::string authorize_query(const std::map<std::string, std::string>& changed = {}) {
  std::map<std::string, std::string> parameters = {{"client_id", "upcall"},       {"redirect_uri", "https://upcall.example/"}, {"response_type", "code"},
                                                   {"scope", "openid email profile"}, {"state", "st&te"},                          {"nonce", "n-1"},
                                                   {"code_challenge", kChallenge}, {"code_challenge_method", "S256"}};
  for (const auto& [name, value] : changed) {
    if (value == "-") parameters.erase(name);
    else parameters[name] = value;
  }
  std::string out;
  for (const auto& [name, value] : parameters) out += (out.empty() ? "" : "&") + name + "=" + wire::percent_encode(value);
  return out;
}

// The newest mail's text, and the link in it.
inline std::string newest_mail(Installation& in) {
  in.mails->flush();
  std::string newest;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(in.mail_folder(), error)) newest = std::max(newest, entry.path().string());
  if (newest.empty()) return {};
  std::ifstream file(newest);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  std::string body = text.substr(text.find("\r\n\r\n") + 4);
  std::erase_if(body, [](char c) { return c == '\r' || c == '\n'; });
  const auto bytes = from_base64(body);
  return bytes ? std::string(as_text(*bytes)) : "";
}
inline std::size_t mail_count(Installation& in) {
  in.mails->flush();
  std::error_code error;
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(in.mail_folder(), error), {}));
}
inline std::string link_in(const std::string& mail) {
  const std::size_t at = mail.find("https://upcall.example/");
  if (at == std::string::npos) return {};
  return mail.substr(at + std::string_view("https://upcall.example").size(), mail.find_first_of("\r\n ", at) - at - std::string_view("https://upcall.example").size());
}

}  // namespace upcall::test
