// A journal in memory, and what the tests put into it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "journal/reader.hpp"
#include "journal/writer.hpp"

namespace upcall::journal {

class MemorySink final : public JournalSink {
 public:
  bool open_segment(std::uint32_t segment) override {
    if (fail_writes) return false;
    current = segment;
    segments[segment].clear();
    return true;
  }
  bool write(Bytes bytes) override {
    if (fail_writes) return false;
    auto& file = segments[current];
    file.insert(file.end(), bytes.begin(), bytes.end());
    return true;
  }
  void close_segment() override { ++closed; }
  bool write_window(std::uint32_t window, const WindowPlace& place) override {
    if (fail_windows) return false;
    places[window] = place;
    return true;
  }

  std::map<std::uint32_t, WindowPlace> places;   // place 0: the key file's head
  bool fail_windows = false;
  std::map<std::uint32_t, ByteVector> segments;
  std::uint32_t current = 0;
  int closed = 0;
  bool fail_writes = false;
};

class MemoryPlaces final : public WindowPlaces {
 public:
  explicit MemoryPlaces(const std::map<std::uint32_t, WindowPlace>& places) : places_(places) {}
  std::size_t read(std::uint32_t place, MutBytes out) override {
    const auto at = places_.find(place);
    if (at == places_.end()) return 0;
    const std::size_t size = std::min({out.size(), at->second.size(), cut});
    std::copy_n(at->second.begin(), size, out.begin());
    return size;
  }
  std::size_t cut = SIZE_MAX;   // only so many bytes of each place are there

 private:
  const std::map<std::uint32_t, WindowPlace>& places_;
};

inline ByteVector test_key() {
  ByteVector key(kKeySize);
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::uint8_t>(i * 7 + 1);
  return key;
}

inline ByteVector encoded(const wire::TapRecord& record) {
  ByteVector out(2048);
  Writer w(out);
  EXPECT_TRUE(wire::encode(record, w));
  out.resize(w.size());
  return out;
}

inline ByteVector packet(std::uint64_t at_us, std::uint16_t sequence, bool key = false) {
  static const std::uint8_t payload[40] = {0x10, 1, 2, 3};
  wire::TapPacket p;
  p.at_us = at_us;
  p.source = 1;
  p.sequence = sequence;
  p.timestamp = sequence * 3000u;
  p.key_frame = key;
  p.payload = payload;
  return encoded(p);
}

// Everything a reader gives for the segments in order.
struct Reading {
  std::vector<std::uint16_t> sequences;
  std::vector<wire::TapGap> gaps;
  std::vector<JournalReader::Forgotten> forgotten;
  ReadStatus end = ReadStatus::more_needed;
  JournalPosition position;
  std::optional<JournalReader::Corruption> corruption;
};

inline Reading read_all(const std::map<std::uint32_t, ByteVector>& segments, std::size_t step = 1 << 20,
                        bool from_any = false, WindowPlaces* places = nullptr, std::uint64_t hold_after_us = UINT64_MAX) {
  Reading out;
  JournalReader reader(test_key(), from_any, places);
  reader.hold_after(hold_after_us);
  for (const auto& [number, bytes] : segments) {
    reader.begin_segment();
    for (std::size_t at = 0; at < bytes.size() || at == 0; at += step) {
      if (at < bytes.size()) reader.append(Bytes(bytes).subspan(at, std::min(step, bytes.size() - at)));
      while ((out.end = reader.next()) == ReadStatus::record || out.end == ReadStatus::forgotten) {
        if (out.end == ReadStatus::forgotten) {
          out.forgotten.push_back(reader.forgotten());
          continue;
        }
        if (const auto* p = std::get_if<wire::TapPacket>(&reader.record())) out.sequences.push_back(p->sequence);
        if (const auto* g = std::get_if<wire::TapGap>(&reader.record())) out.gaps.push_back(*g);
      }
      if (out.end == ReadStatus::corrupt || out.end == ReadStatus::held) break;
    }
    if (out.end == ReadStatus::corrupt || out.end == ReadStatus::held) break;
  }
  out.position = reader.position();
  out.corruption = reader.corruption();
  return out;
}

}  // namespace upcall::journal
