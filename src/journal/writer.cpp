#include "journal/writer.hpp"

#include <algorithm>

#include "base/invariant.hpp"
#include "crypto/secret.hpp"
#include "wire/tap_record.hpp"

namespace upcall::journal {

namespace {
std::size_t varint_size(std::uint64_t v) {
  std::size_t n = 1;
  while (v >= 128) {
    v >>= 7;
    ++n;
  }
  return n;
}
}  // namespace

JournalWriter::JournalWriter(Bytes recording_key, const JournalPosition& from, std::uint32_t epoch,
                             JournalWriterOptions options)
    : options_(options),
      version_(options.windows != nullptr ? kWindowVersion : kVersion),
      head_size_(block_head_size(version_)),
      next_window_(options.next_window),
      position_(from) {
  UPCALL_INVARIANT(recording_key.size() == kKeySize, "a recording key has 32 bytes");
  UPCALL_INVARIANT(epoch > from.epoch, "a journal epoch may be used once only");
  UPCALL_INVARIANT(!from.complete, "a complete journal is never continued");
  position_.epoch = epoch;
  next_source_ = from.next_source;
  pending_.reserve(256 << 10);
  begin_pending();
  if (version_ == kVersion) {
    cipher_.emplace(epoch_cipher(recording_key, epoch, crypto::AeadUse::seal_only));
  } else {
    key_.assign(recording_key.begin(), recording_key.end());
    secrets_.emplace(recording_key);
  }
}

JournalWriter::~JournalWriter() { crypto::wipe(key_); }

bool JournalWriter::ensure_window(std::uint64_t until_us, JournalSink& sink) {
  if (version_ == kVersion) return true;
  if (window_ != 0 && until_us <= window_from_us_ + kWindowUs) return true;
  window_ = 0;
  // The number moves even when the write fails: its nonce may already lie on the disk.
  const std::uint32_t window = next_window_++;
  crypto::Secret<kKeySize> key;
  options_.windows->fill(key.bytes());
  if (!sink.write_window(window, secrets_->wrap(position_.epoch, window, position_.until_us, key.bytes()))) return false;
  cipher_.emplace(window_cipher(key_, key.bytes(), position_.epoch, window, crypto::AeadUse::seal_only));
  window_ = window;
  window_from_us_ = position_.until_us;
  return true;
}

void JournalWriter::forget(std::uint64_t from_us) {
  crypto::wipe(pending_);
  pending_records_ = 0;
  begin_pending();
  pending_keys_.clear();
  std::erase_if(index_.key_frames, [&](const SegmentIndex::KeyFrame& key) { return key.at_us >= from_us; });
  window_ = 0;
  cipher_.reset();
}

bool JournalWriter::add(Bytes record) {
  const std::size_t need = varint_size(record.size()) + record.size();
  if (pending_bytes() + need > kBlockMax) return false;
  const auto peek = wire::peek_tap_record(record);
  if (!peek) return false;
  if (peek->start_wall_ms) position_.wall_unix_ms = *peek->start_wall_ms;
  if (peek->new_source) next_source_ = std::max(next_source_, *peek->new_source + 1);
  if (peek->key_frame_of) pending_keys_.push_back({*peek->key_frame_of, peek->at_us, 0});
  const std::size_t at = pending_.size();
  pending_.resize(at + need);
  Writer out(MutBytes(pending_).subspan(at));
  out.sized_bytes(record);
  ++pending_records_;
  return true;
}

void JournalWriter::drop_pending() {
  lost_records_ += pending_records_;
  gap_records_ += pending_records_;
  pending_records_ = 0;
  begin_pending();
  pending_keys_.clear();
}

bool JournalWriter::ensure_segment(std::uint64_t now_us, JournalSink& sink) {
  if (segment_open_) return true;
  SegmentHeader header;
  header.version = version_;
  header.epoch = position_.epoch;
  header.segment = position_.next_segment;
  header.first_us = position_.until_us;
  header.wall_unix_ms = position_.wall_unix_ms;
  header.next_source = position_.next_source;
  header.previous = position_.chain;
  if (!sink.open_segment(header.segment)) return false;
  const auto encoded = encode(header);
  if (!sink.write(encoded)) {
    // The next attempt opens the same segment again, from its start.
    sink.close_segment();
    return false;
  }
  segment_chain_ = chain_start(encoded);
  segment_open_ = true;
  segment_first_us_ = now_us;
  segment_size_ = static_cast<std::uint32_t>(encoded.size());
  index_ = {};
  return true;
}

bool JournalWriter::write_block(ByteVector& block, BlockKind kind, std::uint64_t until_us, JournalSink& sink) {
  const std::size_t size = block.size() - head_size_;
  // The counter moves even when the write fails: its nonce may already lie on the disk.
  const bool end = kind == BlockKind::final_footer;
  const BlockHead head{static_cast<std::uint32_t>(size), kind, ++counter_, until_us, end ? 0 : window_};
  encode(head, version_, MutBytes(block).first(head_size_));
  std::array<std::uint8_t, kTagSize + kBlockHeadMax> aad;
  std::copy(segment_chain_.begin(), segment_chain_.end(), aad.begin());
  std::copy_n(block.begin(), head_size_, aad.begin() + kTagSize);
  block.resize(block.size() + kTagSize);
  if (end) {
    window_ = 0;
    cipher_.emplace(epoch_cipher(key_, position_.epoch, crypto::AeadUse::seal_only));
  }
  cipher_->seal_appended(block_nonce(head.counter), Bytes(aad).first(kTagSize + head_size_), MutBytes(block).subspan(head_size_), size);
  if (!sink.write(block)) return false;
  segment_size_ += static_cast<std::uint32_t>(block.size());
  segment_chain_ = chain_after(version_, segment_chain_, Bytes(block).first(head_size_), Bytes(block).last(kTagSize));
  position_.chain = segment_chain_;
  position_.until_us = until_us;
  return true;
}

bool JournalWriter::seal(std::uint64_t until_us, JournalSink& sink) {
  until_us = std::max(until_us, position_.until_us);
  if (!ensure_segment(until_us, sink) || !ensure_window(until_us, sink)) {
    drop_pending();
    return false;
  }
  if (gap_records_ > 0) {
    // Before what was pending: the reader sees the gap where the records are missing.
    std::array<std::uint8_t, 64> raw;
    Writer record(raw);
    encode(wire::TapRecord(wire::TapGap{position_.until_us, until_us, wire::TapGapReason::disk_full, gap_records_}),
           record);
    ByteVector gap;
    gap.push_back(static_cast<std::uint8_t>(record.size()));  // < 128: one varint byte
    gap.insert(gap.end(), record.written().begin(), record.written().end());
    pending_.insert(pending_.begin() + static_cast<std::ptrdiff_t>(head_size_), gap.begin(), gap.end());
    ++pending_records_;
  }
  const std::uint32_t block_offset = segment_size_;
  if (!write_block(pending_, BlockKind::records, until_us, sink)) {
    if (gap_records_ > 0) --pending_records_;  // the gap record itself is no loss
    drop_pending();
    return false;
  }
  gap_records_ = 0;
  sealed_records_ += pending_records_;
  index_.records += pending_records_;
  for (auto& key : pending_keys_) {
    key.block_offset = block_offset;
    if (index_.key_frames.size() < 4096) index_.key_frames.push_back(key);
  }
  pending_keys_.clear();
  pending_records_ = 0;
  begin_pending();
  position_.next_source = next_source_;
  if (until_us - segment_first_us_ >= options_.segment_us) return finish_segment(false, sink);
  return true;
}

bool JournalWriter::finish_segment(bool final, JournalSink& sink) {
  index_.final = final;
  index_.next_source = position_.next_source;
  const bool windows_end = final && version_ == kWindowVersion;
  if (windows_end) index_.key_frames.clear();
  ByteVector block(head_size_);
  const ByteVector body = encode(index_);
  block.insert(block.end(), body.begin(), body.end());
  if (!write_block(block, windows_end ? BlockKind::final_footer : BlockKind::footer, position_.until_us, sink)) return false;
  sink.close_segment();
  segment_open_ = false;
  ++position_.next_segment;
  position_.complete = final;
  return true;
}

bool JournalWriter::close(std::uint64_t until_us, bool final, JournalSink& sink) {
  if (!seal(until_us, sink)) return false;
  // seal() may just have ended a segment; a final one still has to say so.
  if (!segment_open_ && !final) return true;
  if (!ensure_segment(position_.until_us, sink)) return false;
  return finish_segment(final, sink);
}

}  // namespace upcall::journal
