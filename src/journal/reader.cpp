#include "journal/reader.hpp"

#include <algorithm>

#include "base/invariant.hpp"
#include "crypto/secret.hpp"

namespace upcall::journal {

JournalReader::JournalReader(Bytes recording_key, bool from_any_segment)
    : key_(recording_key.begin(), recording_key.end()), from_any_(from_any_segment) {
  UPCALL_INVARIANT(recording_key.size() == kKeySize, "a recording key has 32 bytes");
}

JournalReader::~JournalReader() { crypto::wipe(key_); }

void JournalReader::begin_segment() {
  if (header_read_ && footer_read_ && at_ < buffer_.size()) refuse("bytes after a footer");
  buffer_.clear();
  at_ = 0;
  offset_ = 0;
  header_read_ = false;
  plain_.clear();
  plain_at_ = 0;
  blocks_in_segment_ = 0;
}

void JournalReader::append(Bytes bytes) {
  if (at_ > 0) {
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(at_));
    offset_ += at_;
    at_ = 0;
  }
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
}

ReadStatus JournalReader::refuse(const char* what) {
  if (!corruption_) corruption_ = Corruption{header_.segment, offset_ + at_, what};
  return ReadStatus::corrupt;
}

ReadStatus JournalReader::read_header() {
  const Bytes rest = Bytes(buffer_).subspan(at_);
  const auto parsed = parse_segment_header(rest);
  if (!parsed) {
    return parsed.error() == ParseError::truncated ? ReadStatus::more_needed : refuse("not a segment header");
  }
  const std::uint32_t last_segment = header_.segment;
  header_ = *parsed;
  if (any_segment_ || !from_any_) {
    if (header_.previous != position_.chain) return refuse("the segment does not follow what was read before");
    if (any_segment_ && header_.segment <= last_segment) return refuse("segments are out of order");
    if (header_.epoch < position_.epoch) return refuse("an older writer cannot follow");
    if (header_.epoch == position_.epoch && !footer_read_) return refuse("the segment before was cut");
    if (position_.complete) return refuse("a segment after the end");
  }
  if (header_.epoch == 0) return refuse("epoch zero is never used");
  if (!cipher_ || header_.epoch != cipher_epoch_) {
    cipher_.emplace(epoch_cipher(key_, header_.epoch, crypto::AeadUse::open_only));
    cipher_epoch_ = header_.epoch;
    counter_ = 0;
  }
  chain_ = chain_start(rest.first(kHeaderSize));
  at_ += kHeaderSize;
  header_read_ = true;
  any_segment_ = true;
  footer_read_ = false;
  // Not yet authenticated: position_ takes these over with the first block.
  return ReadStatus::record;
}

// Opens the next block into plain_; a status when there is none or it ends the segment.
std::optional<ReadStatus> JournalReader::open_block() {
  const Bytes rest = Bytes(buffer_).subspan(at_);
  const auto head = parse_block_head(rest);
  if (!head) {
    if (head.error() == ParseError::truncated) return ReadStatus::more_needed;
    // A power cut can leave zeros where data was promised: the same as nothing.
    if (std::all_of(rest.begin(), rest.end(), [](std::uint8_t b) { return b == 0; })) return ReadStatus::more_needed;
    return refuse("not a block");
  }
  const std::size_t whole = kBlockHeadSize + head->size + kTagSize;
  if (rest.size() < whole) return ReadStatus::more_needed;
  if (head->counter <= counter_) return refuse("a block was repeated or moved");
  if (head->until_us < position_.until_us && blocks_in_segment_ > 0) return refuse("time runs backwards");
  std::array<std::uint8_t, kTagSize + kBlockHeadSize> aad;
  std::copy(chain_.begin(), chain_.end(), aad.begin());
  std::copy_n(rest.begin(), kBlockHeadSize, aad.begin() + kTagSize);
  const Bytes tag = rest.subspan(kBlockHeadSize + head->size, kTagSize);
  plain_.resize(head->size);
  plain_at_ = 0;
  if (!cipher_->open(block_nonce(head->counter), aad, rest.subspan(kBlockHeadSize, head->size), tag, plain_)) {
    plain_.clear();
    return refuse("a seal is broken");
  }
  SegmentIndex index;
  if (head->kind == BlockKind::footer) {
    auto parsed = parse_segment_index(plain_);
    plain_.clear();
    if (!parsed) return refuse("a sealed footer cannot be read");
    index = std::move(*parsed);
  }
  counter_ = head->counter;
  std::copy(tag.begin(), tag.end(), chain_.begin());
  ++blocks_in_segment_;
  at_ += whole;
  position_.chain = chain_;
  position_.epoch = header_.epoch;
  position_.until_us = std::max(position_.until_us, head->until_us);
  if (position_.wall_unix_ms == 0) position_.wall_unix_ms = header_.wall_unix_ms;
  position_.next_source = std::max(position_.next_source, header_.next_source);
  position_.next_segment = header_.segment + 1;
  if (head->kind == BlockKind::records) return std::nullopt;
  index_ = std::move(index);
  footer_read_ = true;
  position_.next_source = std::max(position_.next_source, index_.next_source);
  position_.complete = index_.final;
  if (at_ < buffer_.size()) return refuse("bytes after a footer");
  return index_.final ? ReadStatus::journal_end : ReadStatus::segment_end;
}

ReadStatus JournalReader::next() {
  if (corruption_) return ReadStatus::corrupt;
  while (true) {
    if (plain_at_ < plain_.size()) {
      Reader in(Bytes(plain_).subspan(plain_at_));
      const Bytes record = in.sized_bytes();
      if (!in.ok()) return refuse("a sealed block cannot be read");
      plain_at_ += in.position();
      auto parsed = wire::decode_tap_record(record);
      if (!parsed) {
        if (parsed.error() != ParseError::unsupported) return refuse("a sealed record cannot be read");
        ++skipped_;
        continue;
      }
      if (const auto* start = std::get_if<wire::TapStart>(&*parsed)) position_.wall_unix_ms = start->wall_unix_ms;
      if (const auto* source = std::get_if<wire::TapSource>(&*parsed)) {
        position_.next_source = std::max(position_.next_source, source->source + 1);
      }
      record_ = std::move(*parsed);
      return ReadStatus::record;
    }
    if (header_read_ && footer_read_) {
      if (at_ < buffer_.size()) return refuse("bytes after a footer");
      return position_.complete ? ReadStatus::journal_end : ReadStatus::segment_end;
    }
    if (!header_read_) {
      const ReadStatus status = read_header();
      if (status != ReadStatus::record) return status;
      continue;
    }
    if (const auto status = open_block()) return *status;
  }
}

}  // namespace upcall::journal
