#include "io/mail/mailer.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include <curl/curl.h>

#include "base/bytes.hpp"
#include "base/wall_text.hpp"

namespace upcall::mail {
namespace {

bool is_address(std::string_view text) {
  const std::size_t at = text.find('@');
  return text.size() <= 254 && at != std::string_view::npos && at > 0 && at + 1 < text.size() && text.find('@', at + 1) == std::string_view::npos &&
         std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) > ' ' && c != 0x7f && c != '<' && c != '>' && c != ',' && c != ';' && c != '"'; });
}

std::string encoded_word(std::string_view text) { return "=?UTF-8?B?" + to_base64(as_bytes(text)) + "?="; }

// http_date() with the zone as RFC 5322 writes it.
std::string mail_date(WallTime now) {
  std::string out = http_date(now);
  return out.substr(0, out.size() - 3) + "+0000";
}

Result<void> write_file(const MailSettings& settings, const std::string& message, const std::string& id, WallTime now) {
  std::error_code error;
  std::filesystem::create_directories(settings.folder, error);
  if (error) return fail(ErrorCode::unavailable, "the mail folder cannot be made");
  std::filesystem::permissions(settings.folder, std::filesystem::perms::owner_all, error);
  const std::string path = settings.folder + "/" + std::to_string(now.unix_ms()) + "-" + id + ".eml";
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return fail(ErrorCode::unavailable, "a mail's file cannot be made");
  std::string_view rest = message;
  while (!rest.empty()) {
    const ssize_t n = ::write(file, rest.data(), rest.size());
    if (n <= 0) break;
    rest.remove_prefix(static_cast<std::size_t>(n));
  }
  ::close(file);
  return rest.empty() ? Result<void>() : fail(ErrorCode::unavailable, "a mail's file could not be written");
}

struct Upload {
  std::string_view rest;
  static std::size_t read(char* out, std::size_t size, std::size_t count, void* self) {
    auto& upload = *static_cast<Upload*>(self);
    const std::size_t n = std::min(size * count, upload.rest.size());
    std::copy_n(upload.rest.data(), n, out);
    upload.rest.remove_prefix(n);
    return n;
  }
};

bool on_loopback(const std::string& url) {
  for (const char* beginning : {"smtp://127.0.0.1", "smtp://localhost", "smtp://[::1]"}) {
    if (url.starts_with(beginning)) return true;
  }
  return false;
}

using CurlPtr = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;

// Empty when libcurl cannot start.
CurlPtr connection(const MailSettings& s) {
  static const bool ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  CurlPtr curl(ready ? curl_easy_init() : nullptr, &curl_easy_cleanup);
  CURL* c = curl.get();
  if (c == nullptr) return curl;
  curl_easy_setopt(c, CURLOPT_URL, s.url.c_str());
  curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  // A password reset in clear text is one for whoever listens.
  curl_easy_setopt(c, CURLOPT_USE_SSL, static_cast<long>(on_loopback(s.url) ? CURLUSESSL_NONE : CURLUSESSL_ALL));
  if (!s.ca_file.empty()) curl_easy_setopt(c, CURLOPT_CAINFO, s.ca_file.c_str());
  if (!s.username.empty()) {
    curl_easy_setopt(c, CURLOPT_USERNAME, s.username.c_str());
    curl_easy_setopt(c, CURLOPT_PASSWORD, s.password.c_str());
  }
  curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, static_cast<long>(s.timeout.ms()));
  return curl;
}

Result<void> by_smtp(const MailSettings& s, const Mail& mail, const std::string& message) {
  const CurlPtr curl = connection(s);
  const std::string to = "<" + mail.to + ">", from = "<" + s.from + ">";
  const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> recipients(curl_slist_append(nullptr, to.c_str()), &curl_slist_free_all);
  if (!curl || !recipients) return fail(ErrorCode::unavailable, "libcurl cannot start");
  Upload upload{message};
  CURL* c = curl.get();
  curl_easy_setopt(c, CURLOPT_MAIL_FROM, from.c_str());
  curl_easy_setopt(c, CURLOPT_MAIL_RCPT, recipients.get());
  curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(c, CURLOPT_READFUNCTION, &Upload::read);
  curl_easy_setopt(c, CURLOPT_READDATA, &upload);
  const CURLcode code = curl_easy_perform(c);
  if (code == CURLE_OK) return {};
  return fail(ErrorCode::unavailable, std::string("the mail server did not take a mail: ") + curl_easy_strerror(code));
}

}  // namespace

Result<std::string> compose(const Mail& mail, const std::string& from, const std::string& id, WallTime now) {
  if (!is_address(mail.to) || !is_address(from)) return fail(ErrorCode::invalid_argument, "a mail needs one address and one sender");
  if (mail.subject.empty() || mail.subject.find_first_of("\r\n") != std::string::npos) return fail(ErrorCode::invalid_argument, "a mail's subject is one line");
  const std::size_t at = from.find('@');
  std::string out = "Date: " + mail_date(now) + "\r\nFrom: <" + from + ">\r\nTo: <" + mail.to + ">\r\nSubject: " + encoded_word(mail.subject) + "\r\nMessage-ID: <" + id +
                    from.substr(at) + ">\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\nAuto-Submitted: auto-generated\r\n\r\n";
  std::string text;
  for (const char c : mail.text) {
    if (c == '\n') text += '\r';
    text += c;
  }
  const std::string body = to_base64(as_bytes(std::string_view(text)));
  for (std::size_t i = 0; i < body.size(); i += 76) out += body.substr(i, 76) + "\r\n";
  return out;
}

Result<void> send(const MailSettings& settings, const Mail& mail, const std::string& id, WallTime now) {
  auto message = compose(mail, settings.from, id, now);
  if (!message) return tl::unexpected(message.error());
  return settings.smtp ? by_smtp(settings, mail, *message) : write_file(settings, *message, id, now);
}

Result<void> reach(const MailSettings& settings) {
  if (!settings.smtp) return {};
  const CurlPtr curl = connection(settings);
  if (!curl) return fail(ErrorCode::unavailable, "libcurl cannot start");
  // Greeting, STARTTLS and authentication belong to connecting.
  curl_easy_setopt(curl.get(), CURLOPT_CONNECT_ONLY, 1L);
  const CURLcode code = curl_easy_perform(curl.get());
  if (code == CURLE_OK) return {};
  return fail(ErrorCode::unavailable, std::string("the mail server cannot be used: ") + curl_easy_strerror(code));
}

}  // namespace upcall::mail
