// Administration as functions: the CLI calls them on a store that it opened itself, or sends the same command through
// the admin socket of a running server. Each changes the store in one transaction and leaves an audit row.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <string>
#include <string_view>
#include <vector>

#include "base/rng.hpp"
#include "io/store/sealer.hpp"
#include "io/store/store.hpp"

namespace upcall::admin {

struct Context {
  store::Store& store;
  store::Sealer& sealer;
  RandomSource& random;
  WallTime now;
  std::string public_url;      // empty: not known (no server runs)
  std::string actor = "cli";   // for the audit
};

// Makes what a new data directory lacks: instance id, security profiles, default queue and routing profile, the three
// flows, default parameters. Changes nothing that is there; safe to call at each start.
Result<void> first_start(Context& context);

// Commands by name, with arguments named as the CLI's flags:
//   user.add            {username, email?, password?, temporary?, name?, security-profile[], hierarchy-group?, routing-profile?}
//                       (without a password a temporary one is made and answered)
//   user.reset-password | user.unlock | user.reset-second-factor {username}
//   security-profile.set {name, permission[]?, second-factor: required|optional}
//   oauth-client.add    {name, redirect-uri[], logout-uri[]?, api-access?} | oauth-client.list | oauth-client.remove {client}
//   signing-key.rotate  | audit.list {actor?, action?, target?, since?, limit?} | audit.verify {head?}
//   user.list | user.disable {username} | user.enable {username}
//   user.set            {username, security-profile[]?, hierarchy-group?}  ("" removes the group)
//   security-profile.add {name, permission[]} | security-profile.list
//   hierarchy.add       {path: "A/B/C"}       | hierarchy.list
//   queue.add           {name, capacity?}     | queue.list
//   routing-profile.add {name, queue[] ("name:priority:delay"), slots?, after-contact-seconds?} | routing-profile.list
//   agent-status.add    {name, routable?}     | agent-status.list | agent-status.remove {name}
//   access-key.create   {name, username?, permission[]?} | access-key.list
//   instance.show       | instance.frontend-config
//   configure           {<parameter>: text...} sets what is given, all or nothing; the answer has all, what changed, and notes;
//                       secrets are "(set)" only
//   configure.plan      the same without storing anything
//   configure.delete    {} takes all back | configure.history {name?, limit?} | configure.outputs
//   flow.import         {content, name?, default?}  | flow.validate {content}
//   flow.rename         {flow, name}
//   flow.list | flow.export {flow, format?} | flow.trace {contact}
//   flow-function.add   {name, url} (the secret is answered once) | flow-function.list | flow-function.remove {name}
//   hours.import        {name, content} | hours.list | hours.remove {name} | hours.assign {queue, hours?}
//   recording.list      {meeting?, contact?, held?} | recording.hold {recording, reason} | recording.release {recording}
//   retention.add       {prefix?, queue?, outcome?, days} | retention.list | retention.remove {rule}
//   contact.certificate {contact}
//   webhook.add         {url | command, events?} (the secret is answered once) | webhook.list
//   webhook.remove | webhook.disable | webhook.enable {webhook}
//   pipeline.init       {repository?, branch?, stage?} (the git user's password is answered once) | pipeline.settings
//   pipeline.user-reset (likewise) | pipeline.user-revoke | pipeline.secrets (for the runner's mask)
// A server reloads its contact centre after commands for which changes_centre() is true.
Result<boost::json::value> run(Context& context, std::string_view command, const boost::json::object& arguments);
std::vector<std::string_view> commands();
bool changes_centre(std::string_view command);

// arn:aws:connect:local:000000000000:instance/<id>[/<what>]
std::string arn(std::string_view instance_id, std::string_view what = {});

}  // namespace upcall::admin
