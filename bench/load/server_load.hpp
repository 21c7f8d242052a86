// What a server spends while it is under load, from outside, and the table that is made of it.
#pragma once

#include <boost/json/object.hpp>

#include <string>
#include <vector>

#include "bench_server.hpp"
#include "callers.hpp"

namespace upcall::bench {

// CPU seconds so far.
struct LoadCpu {
  double server = 0, media = 0, generator = 0;
  static LoadCpu of(pid_t server);
  LoadCpu operator-(const LoadCpu& before) const { return {server - before.server, media - before.media, generator - before.generator}; }
};

// The p-th part of them in order; 0 of none.
double percentile(std::vector<double> values, double p);

// Lines of a table for people, and the same facts for a file.
void print_window(const char* what, const WindowResult& window, const LoadCpu& cpu, double seconds, std::size_t meetings);
boost::json::object window_json(const WindowResult& window, const LoadCpu& cpu, double seconds);

// More descriptors than the usual soft limit: each attendee has two.
void raise_file_limit();
// This program on the last processor; the others, for the server. Empty: there is one only.
std::vector<int> take_last_processor();

}  // namespace upcall::bench
