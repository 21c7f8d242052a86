// The commands of `upcall`, one file each. Each add_ function registers a subcommand whose callback sets `exit_code`:
// 0 done, 1 failed (a sentence on stderr says what to do), 2 wrong usage.
#pragma once

namespace CLI {
class App;
}

namespace upcall::cli {

void add_serve(CLI::App& app, int& exit_code);
void add_demo(CLI::App& app, int& exit_code);
// user, security-profile, hierarchy, queue, routing-profile, access-key, instance, flow, meeting
void add_admin(CLI::App& app, int& exit_code);
// verify: a call on a running server
void add_verify(CLI::App& app, int& exit_code);
// meter: the same once a minute, as metrics
void add_meter(CLI::App& app, int& exit_code);
// deploy, destroy
void add_deploy(CLI::App& app, int& exit_code);
// handover: another release takes over from a running server
void add_handover(CLI::App& app, int& exit_code);
void add_configure(CLI::App& app, int& exit_code);
void add_sync_config(CLI::App& app, int& exit_code);
// master-key rotate
void add_master_key(CLI::App& app, int& exit_code);
// tls reload, log reopen
void add_operations(CLI::App& app, int& exit_code);
// backup create | verify, restore
void add_backup(CLI::App& app, int& exit_code);
void add_doctor(CLI::App& app, int& exit_code);
// capacity simulate
void add_capacity(CLI::App& app, int& exit_code);
// pipeline init, user, runner, runs, show, log, retry, stop
void add_pipeline(CLI::App& app, int& exit_code);

}  // namespace upcall::cli
