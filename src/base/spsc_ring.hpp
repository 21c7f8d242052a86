// Bounded queue of whole byte records between one producer and one consumer thread (the tap → journal path).
// push() is invisible to the consumer until publish(): the media worker publishes once a turn, one release store.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>

#include "base/bytes.hpp"
#include "base/invariant.hpp"

namespace upcall {

class ByteRing {
 public:
  // capacity: bytes, rounded up to a power of two. Memory is touched only as it fills.
  explicit ByteRing(std::size_t capacity) {
    std::size_t size = 4096;
    while (size < capacity) size *= 2;
    mask_ = size - 1;
    memory_.reset(static_cast<std::uint8_t*>(::operator new(size)));
  }

  // Producer. False: no room, the record is dropped (the caller marks a gap).
  bool push(Bytes record) {
    const std::uint64_t need = 4 + record.size();
    if (!fits(need)) return false;
    std::uint8_t size[4];
    Writer(MutBytes(size)).u32(static_cast<std::uint32_t>(record.size()));
    copy_in(head_, size);
    copy_in(head_ + 4, record);
    head_ += need;
    return true;
  }
  // Producer. Whether so many bytes are free; a record takes 4 more than its size.
  bool fits(std::uint64_t bytes) {
    if (head_ + bytes - tail_seen_ <= mask_ + 1) return true;
    tail_seen_ = tail_.load(std::memory_order_acquire);
    return head_ + bytes - tail_seen_ <= mask_ + 1;
  }
  // Producer. Makes everything pushed so far visible; true when there was something new.
  bool publish() {
    if (published_ == head_) return false;
    published_ = head_;
    shared_head_.store(head_, std::memory_order_release);
    return true;
  }

  // Consumer. Copies the next record into `out`; false when there is none.
  bool pop(ByteVector& out) {
    const std::uint64_t tail = tail_.load(std::memory_order_relaxed);
    if (shared_head_.load(std::memory_order_acquire) == tail) return false;
    std::uint8_t raw[4];
    copy_out(tail, raw);
    const std::uint32_t size = Reader(raw).u32();
    UPCALL_INVARIANT(size <= mask_, "a record is larger than its ring");
    out.resize(size);
    copy_out(tail + 4, out);
    tail_.store(tail + 4 + size, std::memory_order_release);
    return true;
  }

  std::size_t capacity() const { return mask_ + 1; }

 private:
  struct Free {
    void operator()(std::uint8_t* p) const { ::operator delete(p); }
  };
  void copy_in(std::uint64_t at, Bytes from) {
    const std::size_t start = at & mask_;
    const std::size_t first = std::min<std::size_t>(from.size(), mask_ + 1 - start);
    if (first) std::memcpy(memory_.get() + start, from.data(), first);
    if (from.size() > first) std::memcpy(memory_.get(), from.data() + first, from.size() - first);
  }
  void copy_out(std::uint64_t at, MutBytes to) const {
    const std::size_t start = at & mask_;
    const std::size_t first = std::min<std::size_t>(to.size(), mask_ + 1 - start);
    if (first) std::memcpy(to.data(), memory_.get() + start, first);
    if (to.size() > first) std::memcpy(to.data() + first, memory_.get(), to.size() - first);
  }

  std::unique_ptr<std::uint8_t, Free> memory_;
  std::size_t mask_ = 0;
  // Producer's own.
  std::uint64_t head_ = 0, published_ = 0, tail_seen_ = 0;
  alignas(64) std::atomic<std::uint64_t> shared_head_{0};
  alignas(64) std::atomic<std::uint64_t> tail_{0};
};

}  // namespace upcall
