// Sending mail: by SMTP (libcurl), or into a folder, one file a mail, for demo and tests. Blocking; any thread.
#pragma once

#include <string>

#include "base/result.hpp"
#include "base/time.hpp"

namespace upcall::mail {

struct Mail {
  std::string to;       // one address
  std::string subject;  // UTF-8
  std::string text;     // UTF-8, lines end with \n
};

struct MailSettings {
  bool smtp = false;
  std::string folder;    // of the files; made when it is missing, mode 0700
  std::string url;       // smtp://HOST:587 (STARTTLS is demanded, but not on the loopback), smtps://HOST:465
  std::string username, password;
  std::string from;
  std::string ca_file;   // trusted instead of the system's authorities when not empty
  Duration timeout = Duration::s(20);
};

// RFC 5322 with a UTF-8 body in base64. `id`: unique, for Message-ID. invalid_argument when an address or the subject
// could break the header (line ends, brackets, more than one address).
Result<std::string> compose(const Mail& mail, const std::string& from, const std::string& id, WallTime now);

// unavailable: the server did not take it; trying again may help.
Result<void> send(const MailSettings& settings, const Mail& mail, const std::string& id, WallTime now);

// Connects and logs in as for a mail, and sends none. unavailable with the reason; nothing to do for files.
Result<void> reach(const MailSettings& settings);

}  // namespace upcall::mail
