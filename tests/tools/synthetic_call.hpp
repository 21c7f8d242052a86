// A call that never happened, as its tap would have recorded it: real video and Opus of test patterns, with clocks, delays,
// losses and events as asked for. The result is a list of tap records in order of arrival.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "io/media/picture.hpp"
#include "rtc/codec/video_payload.hpp"

namespace upcall::test {

struct Span {
  std::uint32_t from_ms = 0, to_ms = UINT32_MAX;
};

// From this moment on the camera sends this (a phone that is turned, an encoder that saves bandwidth).
struct Shape {
  std::uint32_t from_ms = 0;
  int width = 0, height = 0;
  std::uint8_t rotation = 0;
};

// From this moment on the camera sends this codec: another source of the recording, which begins with a key frame.
struct CodecChange {
  std::uint32_t from_ms = 0;
  rtc::VideoCodec codec = rtc::VideoCodec::vp8;
};

struct SyntheticPerson {
  std::string id, name;
  std::uint8_t participant = 0;
  int width = 1280, height = 720, fps = 30;
  int kbps = 1200;
  rtc::VideoCodec codec = rtc::VideoCodec::vp8;   // of camera and screen
  std::vector<CodecChange> codec_changes;         // of the camera; rising
  // What the camera sees instead of the test pattern: fills the picture of this moment.
  std::function<void(std::uint32_t clock_ms, const media::MutI420View& picture)> draw;
  bool repeats_sound = false;           // the second second's packets again and again: beeps as before, without encoding
  std::uint8_t rotation = 0;            // quarter turns clockwise to upright, sent as CVO; the picture is turned back
  std::vector<Span> camera = {Span{}};  // when the camera is on
  std::vector<Shape> shapes;            // after the first one, which width, height and rotation say; rising
  std::vector<Span> screen;             // when the screen is shared (as "<id>#content")
  int screen_width = 1280, screen_height = 720;
  std::uint32_t joins_ms = 0;           // nothing of them before
  std::vector<Span> speaks = {Span{}};  // when the levels that they send say so
  double clock_ppm = 0;                 // how much faster their clock runs
  std::uint32_t clock_step_at_ms = 0;   // their wall clock is set by…
  std::int64_t clock_step_ms = 0;       // …this much at that moment
  std::uint32_t delay_ms = 30, jitter_ms = 10;
  std::uint32_t video_delay_ms = 25;    // encoder and pacer on top
  double loss = 0;                      // of packets, for good
  double late = 0;                      // of packets, retransmitted 200 ms later
  double damaged = 0;                   // of frames and voice packets: a decoder refuses them, nothing else notices
  std::uint32_t first_report_ms = 300;
};

struct SyntheticCall {
  std::uint64_t run = 0;
  std::string meeting_id = "synthetic";
  std::uint32_t duration_ms = 6000;
  std::vector<SyntheticPerson> people;
  std::vector<Span> pauses;             // of the recording: no packets; what goes on then is announced anew
  std::vector<Span> forgotten;          // at the end of each everything is announced anew; JournalFeeder::forget destroys it
  std::uint64_t seed = 1;
  bool stop_record = true;
  // What the encoders made, before it becomes packets: each in its order. For films of the same pictures by other means.
  std::function<void(std::uint8_t participant, Bytes frame, bool key)> on_frame;      // of cameras
  std::function<void(std::uint8_t participant, Bytes packet)> on_sound;
};

struct TimedRecord {
  std::uint64_t at_us = 0;
  ByteVector record;   // encoded
};

Result<std::vector<TimedRecord>> make_call(const SyntheticCall& call);

// Writes records as a journal with this key (segments and a file "key"), as far as it is told: a journal that grows.
class JournalFeeder {
 public:
  // `windows`: of version 2.
  JournalFeeder(std::vector<TimedRecord> records, std::string directory, Bytes key, std::uint32_t segment_ms = 10000,
                bool windows = false);
  ~JournalFeeder();
  // Everything before this moment, sealed every 250 ms.
  Result<void> feed_until(std::uint64_t at_us);
  // Of what was sealed so far, everything from here on. The records that follow must announce everything anew.
  Result<void> forget(std::uint64_t from_us);
  // The rest (none when `only_seal`), then the end of the segment; `final`: and of the journal.
  Result<void> finish(bool final = true, bool only_seal = false);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Writes the records as a journal with this key: segments and a file "key". `segment_ms`: length of a segment.
Result<void> write_journal(const std::vector<TimedRecord>& records, const std::string& directory, Bytes key,
                           std::uint32_t segment_ms = 10000, std::uint64_t until_us = 0, bool final = true);
// A whole journal of version 2 of which the call's forgotten spans were forgotten at their ends.
Result<void> write_forgetting_journal(const SyntheticCall& call, const std::vector<TimedRecord>& records,
                                      const std::string& directory, Bytes key, std::uint32_t segment_ms = 10000);
// Named scenarios of the tests; not_found for an unknown name.
Result<SyntheticCall> scenario(const std::string& name, std::uint64_t run, std::uint32_t duration_ms);

}  // namespace upcall::test
