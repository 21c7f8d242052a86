// The SFU's rows of the numbers to reach: packets per core-second against a bare loop in the same run, turn latency,
// allocations, memory of a meeting, the price of capturing. Usage: sfu_bench [FILE.json]
// link: upcall_call_rig upcall_rtc_srtp
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>

#include <malloc.h>

#include "call_rig.hpp"
#include "rtc/srtp/session.hpp"

namespace upcall::bench {
namespace {

constexpr std::size_t kFanOut = 10, kBurst = 32, kPackets = 60'000;

// The least a forwarder can do with the same sockets and ciphers: receive, decrypt, copy and encrypt for each receiver,
// send. No streams, no rules.
double bare_packets_per_core_second() {
  const auto address = NetAddress::v4(127, 0, 0, 1, 0);
  auto server = udp::UdpSocket::bind(address, 8 << 20).value(), publisher = udp::UdpSocket::bind(address, 4 << 20).value();
  std::vector<udp::UdpSocket> sinks;
  for (std::size_t i = 0; i < kFanOut; ++i) sinks.push_back(udp::UdpSocket::bind(address, 4 << 20).value());
  srtp::MasterKey key;
  key.profile = srtp::Profile::aead_aes_128_gcm;
  SeededRandom random(1);
  random.fill(key.key.bytes());
  random.fill(key.salt.bytes());
  srtp::SrtpSession in(key, srtp::Direction::unprotect), source(key, srtp::Direction::protect);
  std::vector<srtp::SrtpSession> outs;
  for (std::size_t i = 0; i < kFanOut; ++i) outs.emplace_back(key, srtp::Direction::protect);
  auto memory = std::make_unique<udp::UdpSocket::ReceiveMemory>();
  auto sink_memory = std::make_unique<udp::UdpSocket::ReceiveMemory>();
  std::vector<std::array<std::uint8_t, 1536>> slots(256);
  std::vector<udp::UdpSocket::Item> items;
  items.reserve(256);
  std::uint16_t sequence = 0;
  std::uint64_t sent = 0;
  double cpu = 0;
  for (std::size_t done = 0; done < kPackets; done += kBurst) {
    for (std::size_t i = 0; i < kBurst; ++i) {
      std::uint8_t packet[1536] = {};
      Writer w{MutBytes(packet)};
      w.u8(0x80);
      w.u8(96);
      w.u16(sequence++);
      w.u32(0);
      w.u32(1);
      const std::size_t size = source.protect_rtp(packet, 12 + 1100).value();
      const udp::UdpSocket::Item item[] = {{server.local(), Bytes(packet).first(size)}};
      publisher.send(item);
    }
    const double before = thread_cpu_seconds();
    for (;;) {
      const auto received = server.receive(*memory);
      for (auto& r : received) {
        const auto size = in.unprotect_rtp(r.datagram);
        if (!size) continue;
        for (std::size_t i = 0; i < kFanOut; ++i) {
          auto& slot = slots[items.size()];
          std::memcpy(slot.data(), r.datagram.data(), *size);
          const std::size_t whole = outs[i].protect_rtp(slot, *size).value();
          static thread_local std::array<NetAddress, kFanOut> names;
          if (names[i].port == 0) names[i] = sinks[i].local();
          items.push_back({names[i], Bytes(slot).first(whole)});
          if (items.size() == slots.size()) {
            sent += items.size() - server.send(items);
            items.clear();
          }
        }
      }
      if (received.size() < udp::UdpSocket::kBatch) break;
    }
    sent += items.size() - server.send(items);
    items.clear();
    cpu += thread_cpu_seconds() - before;
    for (auto& sink : sinks) {
      while (sink.receive(*sink_memory).size() == udp::UdpSocket::kBatch) {
      }
    }
  }
  return static_cast<double>(sent) / cpu;
}

struct Forwarding {
  double packets_per_core_second = 0, allocations_per_packet = 0, cpu_us_per_packet_in = 0;
};

// Warm up, then count.
Forwarding forward(CallRig& rig, RigAttendee& from, std::size_t packets) {
  const auto run = [&](std::size_t count) {
    for (std::size_t done = 0; done < count; done += kBurst) {
      for (std::size_t i = 0; i < kBurst; ++i) rig.publish(from, done % 3200 == 0 && i == 0);
      rig.turn();
      rig.drain_tap();
      rig.drain_sinks();
    }
  };
  run(3200);
  rig.costs = {};
  run(packets);
  // A figure of a forwarder that forwards nothing would be the best of all.
  const std::uint64_t receivers = rig.attendees().size() - 1;
  if (allocations() == 0 || rig.costs.packets_out < rig.costs.packets_in * receivers * 95 / 100 || rig.costs.packets_in < packets * 95 / 100) {
    std::fputs("packets were not forwarded: this run measured nothing\n", stderr);
    std::exit(1);
  }
  return {static_cast<double>(rig.costs.packets_out) / rig.costs.cpu_seconds,
          static_cast<double>(rig.costs.allocations) / static_cast<double>(rig.costs.packets_out),
          rig.costs.cpu_seconds * 1e6 / static_cast<double>(rig.costs.packets_in)};
}

// After the answer to its camera the receivers subscribe: frames flow to everybody.
bool start_call(CallRig& rig, RigAttendee& publisher) {
  if (!rig.connect()) return false;
  for (int i = 0; i < 200; ++i) {
    rig.publish(publisher, true);
    rig.turn();
    rig.step_attendees();
  }
  return true;
}

double percentile(std::vector<double> values, double p) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(p * static_cast<double>(values.size() - 1))];
}

int run(const std::string& file) {
  std::puts("bare receive-decrypt-encrypt-send ...");
  const double bare = bare_packets_per_core_second();

  std::puts("fan-out 10 ...");
  double p99 = 0, p50 = 0, cpu_p99 = 0;
  Forwarding fan;
  {
    CallRig rig;
    rig.open_meeting("m");
    RigAttendee& publisher = rig.add("m", "publisher", true);
    for (std::size_t i = 0; i < kFanOut; ++i) rig.add("m", "viewer-" + std::to_string(i), false);
    if (!start_call(rig, publisher)) return std::puts("the call did not connect"), 1;
    fan = forward(rig, publisher, kPackets);

    std::puts("turn latency at half load ...");
    const double in_per_second = fan.packets_per_core_second / kFanOut / 2;
    rig.costs = {};
    rig.keep_turn_times = true;
    auto next = std::chrono::steady_clock::now();
    double owed = 0;
    for (int tick = 0; tick < 3000; ++tick) {   // one a millisecond
      next += std::chrono::milliseconds(1);
      owed += in_per_second / 1000;
      for (; owed >= 1; owed -= 1) rig.publish(publisher, false);
      rig.turn();
      rig.drain_sinks();
      std::this_thread::sleep_until(next);
    }
    p99 = percentile(rig.costs.turn_us, 0.99);
    p50 = percentile(rig.costs.turn_us, 0.5);
    cpu_p99 = percentile(rig.costs.turn_cpu_us, 0.99);
  }

  std::puts("capture ...");
  double capture_core = 0, plain_us = 0, tapped_us = 0;
  {
    CallRig rig;
    rig.open_meeting("m");
    RigAttendee& publisher = rig.add("m", "publisher", true);
    rig.add("m", "viewer", false);
    if (!start_call(rig, publisher)) return std::puts("the call did not connect"), 1;
    // The best of three rounds each: what differs is the tap, not the machine's mood.
    plain_us = tapped_us = 1e9;
    for (int round = 0; round < 3; ++round) plain_us = std::min(plain_us, forward(rig, publisher, kPackets / 2).cpu_us_per_packet_in);
    rig.open_tap("m");
    const std::uint64_t before = rig.records();
    for (int round = 0; round < 3; ++round) tapped_us = std::min(tapped_us, forward(rig, publisher, kPackets / 2).cpu_us_per_packet_in);
    if (rig.records() - before < kPackets * 3 / 2) return std::puts("the tap did not record"), 1;
    // Two people, each 1.5 Mbit/s of video in packets of 1100 bytes and 50 packets of sound a second.
    capture_core = std::max(0.0, tapped_us - plain_us) * 2 * (1.5e6 / 8 / 1100 + 50) / 1e6;
  }

  std::puts("memory of 200 meetings ...");
  double meeting_bytes = 0;
  {
    CallRig rig;
    constexpr int kMeetings = 200;
    for (int i = 0; i < kMeetings; ++i) {
      const std::string id = "m" + std::to_string(i);
      rig.open_meeting(id);
      rig.add(id, "a", true);
      rig.add(id, "b", true);
    }
    if (!rig.connect()) return std::puts("the calls did not connect"), 1;
    for (int i = 0; i < 40; ++i) {
      for (const auto& a : rig.attendees()) rig.publish(*a, true);
      rig.turn();
      rig.step_attendees();
    }
    const auto in_use = [] {
      const auto info = ::mallinfo2();
      return static_cast<double>(info.uordblks) + static_cast<double>(info.hblkhd);
    };
    const double before = in_use();
    for (int i = 0; i < kMeetings; ++i) rig.end_meeting("m" + std::to_string(i));
    meeting_bytes = (before - in_use()) / kMeetings;
  }

  char json[2048];
  std::snprintf(json, sizeof json,
                "{\n"
                "  \"packet_payload_bytes\": 1100, \"fan_out\": %zu, \"cipher\": \"AEAD_AES_128_GCM\",\n"
                "  \"bare_packets_per_core_second\": %.0f,\n"
                "  \"sfu_packets_per_core_second\": %.0f,\n"
                "  \"sfu_to_bare\": %.3f,\n"
                "  \"allocations_per_packet\": %.5f,\n"
                "  \"turn_us_p50_at_half_load\": %.1f,\n"
                "  \"turn_us_p99_at_half_load\": %.1f,\n"
                "  \"turn_cpu_us_p99_at_half_load\": %.1f,\n"
                "  \"capture_us_per_packet\": %.3f,\n"
                "  \"capture_core_of_two_party_call\": %.5f,\n"
                "  \"server_heap_bytes_per_two_party_meeting\": %.0f\n"
                "}\n",
                kFanOut, bare, fan.packets_per_core_second, fan.packets_per_core_second / bare, fan.allocations_per_packet, p50, p99, cpu_p99,
                tapped_us - plain_us, capture_core, meeting_bytes);
  std::fputs(json, stdout);
  if (std::FILE* out = std::fopen(file.c_str(), "w")) {
    std::fputs(json, out);
    std::fclose(out);
    return 0;
  }
  std::fprintf(stderr, "cannot write %s\n", file.c_str());
  return 1;
}

}  // namespace
}  // namespace upcall::bench

int main(int argc, char** argv) { return upcall::bench::run(argc > 1 ? argv[1] : "sfu.json"); }
