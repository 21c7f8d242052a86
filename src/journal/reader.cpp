#include "journal/reader.hpp"

#include <algorithm>

#include "base/invariant.hpp"
#include "crypto/secret.hpp"

namespace upcall::journal {

JournalReader::JournalReader(Bytes recording_key, bool from_any_segment, WindowPlaces* places)
    : key_(recording_key.begin(), recording_key.end()), places_(places), from_any_(from_any_segment) {
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
  if (header_.version == kWindowVersion && places_ == nullptr) return refuse("the journal's key file is missing");
  if (header_.epoch != cipher_epoch_) {
    cipher_.reset();
    cipher_epoch_ = header_.epoch;
    counter_ = 0;
  }
  if (header_.version == kVersion && (!cipher_ || cipher_window_ != 0)) {
    cipher_.emplace(epoch_cipher(key_, header_.epoch, crypto::AeadUse::open_only));
    cipher_window_ = 0;
  }
  chain_ = chain_start(rest.first(kHeaderSize));
  at_ += kHeaderSize;
  header_read_ = true;
  any_segment_ = true;
  footer_read_ = false;
  // Not yet authenticated: position_ takes these over with the first block.
  return ReadStatus::record;
}

// Makes cipher_ that of the window.
WindowState JournalReader::enter_window(std::uint32_t window) {
  if (cipher_ && cipher_window_ == window) return WindowState::key;
  if (!secrets_) secrets_.emplace(key_);
  WindowPlace place{};
  const std::size_t head_size = places_->read(0, place);
  const auto forgetting = secrets_->parse_head(Bytes(place).first(head_size));
  if (!forgetting) return forgetting.error() == ParseError::truncated ? WindowState::absent : WindowState::damaged;
  if (forgetting->covers(window)) return WindowState::forgotten;
  crypto::Secret<kKeySize> key;
  const std::size_t size = places_->read(window, place);
  const WindowState state = secrets_->open(window, Bytes(place).first(size), key.bytes());
  if (state == WindowState::key) {
    cipher_.emplace(window_cipher(key_, key.bytes(), header_.epoch, window, crypto::AeadUse::open_only));
    cipher_window_ = window;
  }
  return state;
}

// Opens the next block into plain_; a status when there is none, or no records in it.
std::optional<ReadStatus> JournalReader::open_block() {
  const Bytes rest = Bytes(buffer_).subspan(at_);
  const auto head = parse_block_head(rest, header_.version);
  if (!head) {
    if (head.error() == ParseError::truncated) return ReadStatus::more_needed;
    // A power cut can leave zeros where data was promised: the same as nothing.
    if (std::all_of(rest.begin(), rest.end(), [](std::uint8_t b) { return b == 0; })) return ReadStatus::more_needed;
    return refuse("not a block");
  }
  const std::size_t head_size = block_head_size(header_.version);
  const std::size_t whole = head_size + head->size + kTagSize;
  if (rest.size() < whole) return ReadStatus::more_needed;
  if (head->counter <= counter_) return refuse("a block was repeated or moved");
  if (head->until_us < position_.until_us && blocks_in_segment_ > 0) return refuse("time runs backwards");
  std::optional<crypto::Aead> end_cipher;
  if (head->kind == BlockKind::final_footer) {
    end_cipher.emplace(epoch_cipher(key_, header_.epoch, crypto::AeadUse::open_only));
  } else if (header_.version == kWindowVersion) {
    if (head->until_us > hold_after_us_) return ReadStatus::held;
    switch (enter_window(head->window)) {
      case WindowState::key: break;
      // A block whose key has not reached the disk is a torn tail, to be vouched for by the next header.
      case WindowState::absent: return ReadStatus::more_needed;
      case WindowState::damaged: return refuse("a window's key is damaged");
      case WindowState::forgotten: {
        forgotten_ = {std::max(position_.until_us, header_.first_us), head->until_us};
        const auto status = accept(*head, rest.first(whole), {});
        if (head->until_us <= forgotten_.from_us) return status;   // a footer: it takes no time
        return ReadStatus::forgotten;
      }
    }
  }
  std::array<std::uint8_t, kTagSize + kBlockHeadMax> aad;
  std::copy(chain_.begin(), chain_.end(), aad.begin());
  std::copy_n(rest.begin(), head_size, aad.begin() + kTagSize);
  const Bytes tag = rest.subspan(head_size + head->size, kTagSize);
  plain_.resize(head->size);
  plain_at_ = 0;
  crypto::Aead& cipher = end_cipher ? *end_cipher : *cipher_;
  if (!cipher.open(block_nonce(head->counter), Bytes(aad).first(kTagSize + head_size), rest.subspan(head_size, head->size), tag, plain_)) {
    plain_.clear();
    return refuse("a seal is broken");
  }
  SegmentIndex index;
  if (head->kind != BlockKind::records) {
    auto parsed = parse_segment_index(plain_);
    plain_.clear();
    if (!parsed) return refuse("a sealed footer cannot be read");
    index = std::move(*parsed);
  }
  return accept(*head, rest.first(whole), std::move(index));
}

// The block counts as read; nothing when it holds records.
std::optional<ReadStatus> JournalReader::accept(const BlockHead& head, Bytes block, SegmentIndex index) {
  counter_ = head.counter;
  chain_ = chain_after(header_.version, chain_, block.first(block_head_size(header_.version)), block.last(kTagSize));
  ++blocks_in_segment_;
  at_ += block.size();
  position_.chain = chain_;
  position_.epoch = header_.epoch;
  position_.until_us = std::max(position_.until_us, head.until_us);
  if (position_.wall_unix_ms == 0) position_.wall_unix_ms = header_.wall_unix_ms;
  position_.next_source = std::max(position_.next_source, header_.next_source);
  position_.next_segment = header_.segment + 1;
  if (head.kind == BlockKind::records) return std::nullopt;
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
