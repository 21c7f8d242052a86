// Forgetting the last seconds of a journal that is being written: what is not sealed yet is dropped, the keys of what is
// are overwritten (ADR 12). On the journal thread but for the syncs.
#include <array>

#include "io/journal/journal_entry.hpp"

namespace upcall::journal {

namespace {

void add(JournalWriter& writer, const wire::TapRecord& record) {
  std::array<std::uint8_t, 32> raw;
  Writer out(raw);
  wire::encode(record, out);
  writer.add(out.written());
}

}  // namespace

void JournalService::forget(const std::shared_ptr<OpenJournal>& journal, Forget forget) {
  {
    const std::lock_guard lock(mutex_);
    forgets_.emplace_back(journal, std::move(forget));
  }
  wake_.notify_all();
}

void JournalService::begin_forgetting(const std::shared_ptr<OpenJournal>& journal, Instant now, Forget forget) {
  const auto refuse = [&](ErrorCode code, const char* why) { forget.done(fail(code, why)); };
  Entry* found = nullptr;
  for (auto& entry : entries_) {
    if (entry->handle == journal) found = entry.get();
  }
  if (found == nullptr || found->ended || found->closing || !found->files->keys()) {
    return refuse(ErrorCode::conflict, "Nothing of this recording can be forgotten.");
  }
  Entry& e = *found;
  if (*e.destroying != Entry::Destroying::idle) return refuse(ErrorCode::unavailable, "What was to be forgotten before is not destroyed yet.");
  // A composer reads only what nobody who asked up to now may have meant; that holds for so long behind the question.
  if (e.writer.sealed_until_us() > forget.asked_us + kForgetWithinUs) {
    return refuse(ErrorCode::unavailable, "Forgetting came too late behind its question.");
  }
  std::uint64_t begin_us = 0;
  const auto marked = e.files->keys()->mark(forget.from_us, begin_us);
  if (!marked) return forget.done(tl::unexpected(marked.error()));
  const bool sealed = marked->first != 0;
  ForgottenSpan span{sealed ? begin_us : std::max(forget.from_us, e.writer.sealed_until_us()), e.at_us(now)};
  span.from_us = std::min(span.from_us, span.until_us);

  // The end of the recording and whether it pauses are no part of what was said.
  std::optional<ByteVector> stop;
  while (e.handle->ring_->pop(e.record)) {
    const auto peek = wire::peek_tap_record(e.record);
    if (peek && peek->paused) e.paused = *peek->paused;
    if (peek && peek->stop) stop = e.record;
  }
  e.writer.forget(span.from_us);
  add(e.writer, wire::TapForgotten{span.from_us, span.until_us});
  add(e.writer, wire::TapPause{span.until_us, e.paused});
  e.dropping = !stop;
  e.dropped_from_us = span.until_us;
  if (stop) {
    e.stop_seen = true;
    e.writer.add(*stop);
  }
  e.begin_anew = std::move(forget.dropped);
  ask_anew(e, now);
  if (!sealed) return forget.done(span);
  destroy_marked(e, *marked, span, std::move(forget.done));
}

// Also again, when nothing has come of it: what comes until then is lost.
void JournalService::ask_anew(Entry& e, Instant now) {
  e.asked_anew = now;
  if (e.dropping && e.begin_anew) e.begin_anew();
}

void JournalService::destroy_marked(Entry& e, const WindowRange& marked, ForgottenSpan span,
                                    std::function<void(Result<ForgottenSpan>)> done) {
  using Destroying = Entry::Destroying;
  e.marked = marked;
  *e.destroying = Destroying::running;
  queue_done([keys = e.files->keys(), marked, span, state = e.destroying, done = std::move(done)] {
    const auto destroyed = keys->destroy(marked);
    *state = destroyed ? Destroying::idle : Destroying::failed;   // then it is tried again with the next sync
    if (!done) return;
    if (destroyed) done(span);
    else done(tl::unexpected(destroyed.error()));
  });
}

// While what comes is dropped: is this record to be kept?
bool JournalService::keeps(Entry& e, const std::optional<wire::TapPeek>& record) {
  if (!record) return false;
  if (record->refresh || record->stop) stop_dropping(e, record->at_us);
  return record->refresh || record->stop || record->paused;
}

void JournalService::stop_dropping(Entry& e, std::uint64_t until_us) {
  e.dropping = false;
  add(e.writer, wire::TapForgotten{e.dropped_from_us, std::max(until_us, e.dropped_from_us)});
}

}  // namespace upcall::journal
