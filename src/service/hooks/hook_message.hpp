// What a hook is told and how it can tell that it comes from us: the Standard Webhooks scheme (standardwebhooks.com), so
// that its libraries verify our messages. Pure.
//
//   webhook-id: <event id>   webhook-timestamp: <Unix seconds>
//   webhook-signature: v1,<base64 of HMAC-SHA-256(secret, id "." timestamp "." body)>
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/rng.hpp"
#include "base/time.hpp"
#include "io/store/outbox_repository.hpp"

namespace upcall::service {

// Of an installation.
inline constexpr std::size_t kHooksMax = 16;
// A hook whose address begins so is a program and no URL.
inline constexpr std::string_view kCommandScheme = "command:";

// {"id","type","timestamp","sequence","meeting","data":{…}}. `extra` is put into data.
std::string hook_body(const store::OutboxEvent& event, const std::vector<std::pair<std::string, std::string>>& extra);
std::string hook_signature(Bytes secret, std::string_view id, std::int64_t unix_seconds, std::string_view body);

// "whsec_" and the base64 of 32 random bytes: how a secret is shown, once.
std::string secret_text(Bytes secret);

// Pause before the next attempt: 5 s doubled up to an hour, spread by ±20 %. Nothing when 24 h are over since the first.
std::optional<Duration> hook_pause(int attempts_made, Duration since_first, RandomSource& random);

// https://…, or http://… where that is allowed; no user, no fragment. invalid_argument with a sentence.
Result<void> check_hook_url(std::string_view url, bool plain_allowed);
// Event names and patterns joined by blanks, each of [A-Za-z.*].
Result<void> check_hook_events(std::string_view patterns);

}  // namespace upcall::service
