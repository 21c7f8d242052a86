// What a turn of the media core wants done: datagrams to send and events for the control side. Reused; when it is full
// it flushes to its sink, so no fan-out overflows it. One thread.
#pragma once

#include <array>
#include <functional>
#include <span>
#include <vector>

#include "base/bytes.hpp"
#include "rtc/ice/lite_server.hpp"
#include "rtc/srtp/profile.hpp"
#include "wire/sfu.hpp"

namespace upcall::sfu {

struct Transmit {
  ice::Path path;
  Bytes datagram;
};

class TransmitSink {
 public:
  virtual ~TransmitSink() = default;
  // The datagrams live until the call returns.
  virtual void transmit(std::span<const Transmit> batch) = 0;
};

class Outbox {
 public:
  // A picture of four packets for 250 receivers; the sink brings together what is for one of them.
  static constexpr std::size_t kBatch = 1024;
  // What an Ethernet frame carries over IPv4 and UDP; what is larger would go out in fragments, which many NATs drop.
  static constexpr std::size_t kDatagramMax = 1472;

  explicit Outbox(TransmitSink& sink) : sink_(sink), memory_(kBatch * kDatagramMax) {}

  // Room for one datagram; commit() or forget it.
  MutBytes slot() { return MutBytes(memory_).subspan(count_ * kDatagramMax, kDatagramMax); }
  // The part of it that a plain packet may fill, so that protecting it never fails for want of room.
  MutBytes rtp_slot() { return slot().first(kDatagramMax - srtp::kMaxExpansion); }
  void commit(const ice::Path& path, std::size_t size) {
    batch_[count_] = {path, Bytes(memory_).subspan(count_ * kDatagramMax, size)};
    if (++count_ == kBatch) flush();
  }
  void send(const ice::Path& path, Bytes datagram) {
    if (datagram.size() > kDatagramMax) return;
    std::copy(datagram.begin(), datagram.end(), slot().begin());
    commit(path, datagram.size());
  }
  void flush() {
    if (count_ > 0) sink_.transmit(std::span(batch_).first(count_));
    count_ = 0;
  }

  // Rare: may allocate.
  void event(wire::SfuEvent event) { events_.push_back(std::move(event)); }
  std::vector<wire::SfuEvent>& events() { return events_; }

 private:
  TransmitSink& sink_;
  ByteVector memory_;
  std::array<Transmit, kBatch> batch_;
  std::size_t count_ = 0;
  std::vector<wire::SfuEvent> events_;
};

}  // namespace upcall::sfu
