// A journal in memory, and what the tests put into it.
#pragma once

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

  std::map<std::uint32_t, ByteVector> segments;
  std::uint32_t current = 0;
  int closed = 0;
  bool fail_writes = false;
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
  ReadStatus end = ReadStatus::more_needed;
  JournalPosition position;
  std::optional<JournalReader::Corruption> corruption;
};

inline Reading read_all(const std::map<std::uint32_t, ByteVector>& segments, std::size_t step = 1 << 20,
                        bool from_any = false) {
  Reading out;
  JournalReader reader(test_key(), from_any);
  for (const auto& [number, bytes] : segments) {
    reader.begin_segment();
    for (std::size_t at = 0; at < bytes.size() || at == 0; at += step) {
      if (at < bytes.size()) reader.append(Bytes(bytes).subspan(at, std::min(step, bytes.size() - at)));
      while ((out.end = reader.next()) == ReadStatus::record) {
        if (const auto* p = std::get_if<wire::TapPacket>(&reader.record())) out.sequences.push_back(p->sequence);
        if (const auto* g = std::get_if<wire::TapGap>(&reader.record())) out.gaps.push_back(*g);
      }
      if (out.end == ReadStatus::corrupt) break;
    }
    if (out.end == ReadStatus::corrupt) break;
  }
  out.position = reader.position();
  out.corruption = reader.corruption();
  return out;
}

}  // namespace upcall::journal
