// What /metrics shows of all parts.
#include <limits>

#include "server/serve/server_parts.hpp"
#include "sfu/load_shedder.hpp"

namespace upcall::server {

void Server::Parts::add_metrics() {
  const auto gauge = [this](const char* name, const char* help, std::function<double()> read) { metrics.gauge_from(name, help, {}, std::move(read)); };
  const auto counter = [this](const char* name, const char* help, std::function<double()> read) { metrics.counter_from(name, help, {}, std::move(read)); };
  const auto d = [](auto v) { return static_cast<double>(v); };
  meter.add_metrics(metrics);
  counter("upcall_flow_functions_answered_total", "Functions of contact flows that answered", [this, d] { return d(functions->counters().answered); });
  counter("upcall_flow_functions_failed_total", "Functions of contact flows that did not, or not as they must", [this, d] { return d(functions->counters().failed); });
  counter("upcall_flow_functions_refused_total", "Calls of functions beyond those that may wait", [this, d] { return d(functions->counters().refused); });
  counter("upcall_contacts_indexed_total", "Finished contacts put into the search's index, again when they changed", [this, d] { return d(contact_indexer->counters().indexed); });
  counter("upcall_contacts_not_indexed_total", "Finished contacts that could not be indexed and are not found", [this, d] { return d(contact_indexer->counters().given_up); });
  counter("upcall_call_quality_written_total", "Pictures over time of people in calls, written to the store", [this, d] { return d(call_quality->counters().written); });
  counter("upcall_call_quality_failed_total", "Times that the store did not take them; they are written again", [this, d] { return d(call_quality->counters().failed); });
  gauge("upcall_draining_servers", "Servers before this one that still have calls", [this, d] { return d(peers->counters().peers); });
  gauge("upcall_draining_meetings", "Meetings on them", [this, d] { return d(peers->counters().meetings); });
  gauge("upcall_meetings", "Live meetings", [this, d] { return d(runtime->counters().meetings); });
  gauge("upcall_signaling_sockets", "Open signalling sockets", [this, d] { return d(runtime->counters().sockets); });
  counter("upcall_signaling_refused_tokens_total", "Sockets with a join token that is not valid", [this, d] { return d(runtime->counters().refused_tokens); });
  counter("upcall_media_packets_received_total", "Datagrams received", [this, d] { return d(runtime->counters().media.packets_in); });
  counter("upcall_media_packets_sent_total", "Datagrams sent", [this, d] { return d(runtime->counters().media.packets_out); });
  counter("upcall_media_unknown_address_total", "Datagrams from addresses that no check validated", [this, d] { return d(runtime->counters().media.unknown_address); });
  gauge("upcall_media_tcp_connections", "Open connections of media over TCP", [this, d] { return d(runtime->counters().media.tcp.open); });
  counter("upcall_media_tcp_accepted_total", "Connections of media over TCP that came in", [this, d] { return d(runtime->counters().media.tcp.accepted); });
  counter("upcall_media_tcp_refused_total", "Connections of media over TCP beyond a limit, or that were none", [this, d] {
    const auto tcp = runtime->counters().media.tcp;
    return d(tcp.refused + tcp.malformed + tcp.idle);
  });
  counter("upcall_media_tcp_dropped_total", "Datagrams for clients over TCP that did not read fast enough", [this, d] { return d(runtime->counters().media.tcp.dropped); });
  counter("upcall_media_slow_turns_total", "Turns of the media worker over 5 ms", [this, d] { return d(runtime->counters().media.slow_turns); });
  gauge("upcall_media_busy_percent", "Of a processor, what the media worker took in its last half second", [this, d] { return d(runtime->counters().media.busy_percent); });
  // Prometheus has a value for what has no limit.
  gauge("upcall_media_cameras_most", "Cameras that an attendee is sent at most; a number: the media worker has too much to do", [this, d] {
    const std::uint64_t most = runtime->counters().media.cameras_most;
    return most == sfu::LoadShedder::kAll ? std::numeric_limits<double>::infinity() : d(most);
  });
  counter("upcall_media_video_packets_held_total", "Video packets not passed on to an attendee: no room on its link or in the worker, or no key frame yet", [this, d] {
    return d(runtime->counters().media.video_held);
  });
  counter("upcall_media_cpu_seconds_total", "CPU time of the media worker", [this] { return runtime->counters().media_cpu.seconds(); });
  counter("upcall_media_events_lost_total", "Events that the control thread was too slow for", [this, d] { return d(runtime->counters().lost_events); });
  gauge("upcall_recordings_in_progress", "Recordings that capture now", [this, d] { return d(recordings->counters().recording); });
  gauge("upcall_recordings_composing", "Composers at work", [this, d] { return d(recordings->counters().composing); });
  gauge("upcall_composer_workers", "Composer workers that there are", [this, d] { return d(recordings->pool().workers); });
  gauge("upcall_composer_workers_desired", "Composer workers that the load asks for", [this, d] { return d(recordings->pool().desired); });
  gauge("upcall_composer_slots", "Places for compositions", [this, d] { return d(recordings->pool().slots); });
  gauge("upcall_composer_slots_in_use", "Places in use", [this, d] { return d(recordings->pool().running); });
  gauge("upcall_composer_slots_warm", "Places whose process waits for an order", [this, d] { return d(recordings->pool().warm); });
  gauge("upcall_composer_cores", "Cores that keeping pace takes, by the films composed so far", [this] { return recordings->pool().cost.cores; });
  counter("upcall_composer_idle_deaths_total", "Processes that ended before they had an order", [this, d] { return d(recordings->pool().died); });
  gauge("upcall_spool_disk_free_share", "Free share of the spool's disk", [this] { return recordings->counters().disk_free_share; });
  gauge("upcall_recordings_waiting", "Recordings that wait for a composer", [this, d] { return d(recordings->counters().waiting_for_composer); });
  gauge("upcall_recordings_upload_trouble", "Films that the object store does not take at the moment", [this, d] { return d(recordings->counters().uploads_in_trouble); });
  counter("upcall_recordings_stored_total", "Recordings stored and verified", [this, d] { return d(recordings->counters().stored); });
  counter("upcall_recordings_leases_lost_total", "Recordings that this server gave up and somebody took up anew", [this, d] { return d(recordings->counters().leases_lost); });
  counter("upcall_recordings_failed_total", "Failures of starting or composing", [this, d] { return d(recordings->counters().failed); });
  for (std::size_t i = 0; i < recording::kHealthKinds; ++i) {
    const std::string kind(recording::to_string(static_cast<recording::HealthKind>(i)));
    metrics.counter_from("upcall_recording_health_alarms_total", "Stored films that are not what the call was, by what is wrong", {{"kind", kind}},
                         [this, i, d] { return d(recordings->health().alarms[i]); });
  }
  counter("upcall_recording_checks_total", "Stored films that were checked", [this, d] { return d(recordings->health().checked); });
  counter("upcall_recording_checks_failed_total", "Checks of films that came to no end", [this, d] { return d(recordings->health().failed); });
  counter("upcall_recordings_deleted_total", "Recordings that were deleted, by rule or by hand", [this, d] { return d(retention->counters().deleted); });
  counter("upcall_journal_segments_copied_total", "Segments of journals that were copied into the bucket", [this, d] { return d(copies->counters().segments); });
  counter("upcall_journal_copies_failed_total", "Rounds of copying journals that did not come to an end", [this, d] { return d(copies->counters().failed); });
  counter("upcall_journals_restored_total", "Journals that came back from the bucket", [this, d] { return d(copies->counters().restored); });
  gauge("upcall_recordings_held", "Recordings under legal hold", [this, d] { return d(retention->counters().held); });
  gauge("upcall_recordings_missing", "Calls of the last days that should have a recording and have none", [this, d] { return d(retention->counters().missing); });
  gauge("upcall_recordings_without_file", "Stored recordings whose file is gone, as last compared", [this, d] { return d(retention->counters().rows_without_file); });
  gauge("upcall_files_without_recording", "Files that no recording names, as last compared", [this, d] { return d(retention->counters().files_without_row); });
  counter("upcall_hook_deliveries_total", "Events that webhooks and command hooks took", [this, d] { return hooks ? d(hooks->counters().delivered) : 0; });
  counter("upcall_hook_failures_total", "Attempts that failed; they are made again for 24 hours", [this, d] { return hooks ? d(hooks->counters().failed) : 0; });
  counter("upcall_hook_given_up_total", "Events that a hook never took", [this, d] { return hooks ? d(hooks->counters().given_up) : 0; });
  gauge("upcall_spool_bytes", "Bytes of open journals and of films that are not stored yet", [this, d] { return d(recordings->counters().spool_bytes); });
  counter("upcall_store_commits_total", "Group commits", [this, d] { return d(store->counters().commits); });
  counter("upcall_store_writes_total", "Writes in them", [this, d] { return d(store->counters().writes); });
  counter("upcall_http_requests_total", "Requests", [this, d] { return http ? d(http->counters().requests) : 0; });
  counter("upcall_http_relayed_total", "Signalling sockets carried to a server before this one", [this, d] { return http ? d(http->counters().relayed) : 0; });
  gauge("upcall_http_connections", "Open connections", [this, d] { return http ? d(http->counters().open) : 0; });
  counter("upcall_http_connections_refused_total", "Connections beyond the server's limit", [this, d] { return http ? d(http->counters().refused) : 0; });
  counter("upcall_http_connections_made_room_total", "Idle connections closed for others at the server's limit", [this, d] { return http ? d(http->counters().made_room) : 0; });
  counter("upcall_http_connections_of_peer_refused_total", "Connections beyond the limit of one address", [this, d] { return http ? d(http->counters().refused_of_peer) : 0; });
  counter("upcall_password_mails_sent_total", "Mails with links for passwords", [this, d] { return d(mails->counters().sent); });
  counter("upcall_password_mails_failed_total", "Mails that the mail server did not take", [this, d] { return d(mails->counters().failed); });
  counter("upcall_log_lines_dropped_total", "Log lines that found no room", [d] { return d(log::dropped()); });
}

}  // namespace upcall::server
