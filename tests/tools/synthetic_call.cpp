#include "synthetic_call.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <utility>

#include "base/rng.hpp"
#include "io/media/opus_codec.hpp"
#include "io/media/scale.hpp"
#include "io/media/test_pattern.hpp"
#include "io/journal/window_key_file.hpp"
#include "journal/writer.hpp"
#include "io/video_codecs/video_codecs.hpp"
#include "rtc/codec/video_payload.hpp"
#include "wire/tap_record.hpp"

namespace upcall::test {

namespace {

constexpr std::int64_t kMs = 1000;
constexpr std::int64_t kSoundsPerSecond = 50;

wire::TapCodec tap_codec(rtc::VideoCodec codec) {
  return codec == rtc::VideoCodec::vp8 ? wire::TapCodec::vp8 : codec == rtc::VideoCodec::h264 ? wire::TapCodec::h264 : wire::TapCodec::vp9;
}

// So that a decoder refuses the frame and its packets look as before.
void damage(rtc::VideoCodec codec, ByteVector& data) {
  switch (codec) {
    case rtc::VideoCodec::vp8:
      // The first partition is longer than the frame (RFC 6386 §9.1).
      data[0] |= 0xe0;
      data[1] = data[2] = 0xff;
      break;
    case rtc::VideoCodec::vp9: data[0] = 0; break;   // no frame marker
    case rtc::VideoCodec::h264:
      // Its slice names picture parameter set 3, which there is none of.
      for (std::size_t at = 0; at + 4 < data.size(); ++at) {
        const bool begins = data[at] == 0 && data[at + 1] == 0 && data[at + 2] == 1;
        if (begins && ((data[at + 3] & 0x1f) == 1 || (data[at + 3] & 0x1f) == 5)) data[at + 4] = 0xc9;
      }
      break;
  }
}

class CallMaker {
 public:
  explicit CallMaker(const SyntheticCall& call) : call_(call), random_(call.seed) {}

  Result<std::vector<TimedRecord>> make() {
    add(0, wire::TapStart{wire::kTapVersion, "synthetic-recording", call_.meeting_id, 1'763'800'000'000});
    for (const auto& p : call_.people) add(p.joins_ms * kMs, wire::TapAttendee{p.joins_ms * 1000ull, p.id, p.name, false});
    for (const auto& p : call_.people) {
      for (const Span& s : p.camera) {
        if (auto done = video(p, {std::max(s.from_ms, p.joins_ms), s.to_ms}, false); !done) return tl::unexpected(done.error());
      }
      for (const Span& s : p.screen) {
        add(s.from_ms * kMs, wire::TapAttendee{s.from_ms * 1000ull, p.id + "#content", p.name, false});
        if (auto done = video(p, s, true); !done) return tl::unexpected(done.error());
        if (s.to_ms < call_.duration_ms) {
          add(s.to_ms * kMs, wire::TapAttendeeLeft{s.to_ms * 1000ull, p.id + "#content", false});
        }
      }
      if (auto done = audio(p); !done) return tl::unexpected(done.error());
    }
    std::stable_sort(out_.begin(), out_.end(),
                     [](const TimedRecord& a, const TimedRecord& b) { return a.at_us < b.at_us; });
    for (const Span& s : call_.pauses) announce_anew(s, true);
    for (const Span& s : call_.forgotten) announce_anew(s, false);
    if (call_.stop_record) {
      const std::uint64_t end = call_.duration_ms * 1000ull;
      std::erase_if(out_, [&](const TimedRecord& r) { return r.at_us > end; });
      add(static_cast<std::int64_t>(end), wire::TapStop{end, wire::TapStopReason::requested});
    }
    return std::move(out_);
  }

 private:
  void add(std::int64_t at_us, const wire::TapRecord& record) {
    TimedRecord t{static_cast<std::uint64_t>(at_us), ByteVector(2048)};
    Writer w(t.record);
    wire::encode(record, w);
    t.record.resize(w.size());
    out_.push_back(std::move(t));
  }

  static bool in(const std::vector<Span>& spans, std::int64_t t_us) {
    return std::any_of(spans.begin(), spans.end(), [&](const Span& s) { return s.from_ms * kMs <= t_us && t_us < s.to_ms * kMs; });
  }

  // What a paused tap leaves out, and how it goes on (sfu/tap.hpp); without a pause how it begins anew.
  void announce_anew(Span span, bool paused) {
    const std::uint64_t from = span.from_ms * 1000ull, to = span.to_ms * 1000ull;
    std::vector<TimedRecord> before = std::exchange(out_, {});
    std::map<std::string, wire::TapAttendee> people;
    std::map<std::uint32_t, wire::TapSource> sources;
    std::map<std::uint32_t, std::uint32_t> renamed;
    bool begun = false, ended = false;
    const auto mark = [&](std::uint64_t now_us) {
      if (!begun && now_us >= from) {
        begun = true;
        if (paused) add(span.from_ms * kMs, wire::TapPause{from, true});
      }
      if (!ended && now_us >= to) {
        ended = true;
        if (paused) add(span.to_ms * kMs, wire::TapPause{to, false});
        add(span.to_ms * kMs, wire::TapRefresh{to, next_source_});
        for (auto [id, a] : people) {
          a.at_us = to;
          add(span.to_ms * kMs, a);
        }
        for (auto [number, s] : sources) {
          renamed[number] = s.source = next_source_++;
          s.at_us = to;
          add(span.to_ms * kMs, s);
        }
      }
    };
    const auto now_called = [&](std::uint32_t source) { return renamed.contains(source) ? renamed[source] : source; };
    for (TimedRecord& r : before) {
      mark(r.at_us);
      auto record = wire::decode_tap_record(r.record).value();
      if (auto* p = std::get_if<wire::TapPacket>(&record)) {
        if (paused && begun && !ended) continue;
        p->source = now_called(p->source);
      } else if (auto* report = std::get_if<wire::TapSenderReport>(&record)) {
        if (paused && begun && !ended) continue;
        report->source = now_called(report->source);
      } else if (auto* a = std::get_if<wire::TapAttendee>(&record)) {
        people[a->attendee_id] = *a;
      } else if (auto* l = std::get_if<wire::TapAttendeeLeft>(&record)) {
        people.erase(l->attendee_id);
      } else if (auto* s = std::get_if<wire::TapSource>(&record)) {
        sources[s->source] = *s;
      } else if (auto* e = std::get_if<wire::TapSourceEnd>(&record)) {
        sources.erase(e->source);
        e->source = now_called(e->source);
      }
      add(static_cast<std::int64_t>(r.at_us), record);
    }
    mark(from);
  }

  // Their wall clock (us since 1900) at true time t.
  static std::int64_t their_clock(const SyntheticPerson& p, std::int64_t t_us) {
    std::int64_t out = 3'900'000'000'000'000 + p.participant * 7'777'777 +
                       static_cast<std::int64_t>(static_cast<double>(t_us) * (1 + p.clock_ppm / 1e6));
    if (p.clock_step_ms != 0 && t_us >= p.clock_step_at_ms * kMs) out += p.clock_step_ms * kMs;
    return out;
  }
  static std::uint64_t ntp(std::int64_t us) {
    const auto seconds = static_cast<std::uint64_t>(us / 1'000'000), rest = static_cast<std::uint64_t>(us % 1'000'000);
    return seconds << 32 | (rest << 32) / 1'000'000;
  }
  // RTP time runs on their crystal too, but is never set.
  static std::uint32_t rtp(const SyntheticPerson& p, std::int64_t t_us, std::uint32_t rate, std::uint32_t base) {
    return base + static_cast<std::uint32_t>(static_cast<std::int64_t>(
                      static_cast<double>(t_us) * (1 + p.clock_ppm / 1e6) * rate / 1e6 + 0.5));
  }

  void send(const SyntheticPerson& p, std::int64_t sent_us, wire::TapPacket packet) {
    std::int64_t delay = p.delay_ms * kMs;
    if (p.jitter_ms > 0) delay += static_cast<std::int64_t>(random_.below(p.jitter_ms * 1000));
    if (p.loss > 0 && random_.chance(p.loss)) return;
    if (p.late > 0 && random_.chance(p.late)) delay += 200 * kMs;
    packet.at_us = static_cast<std::uint64_t>(sent_us + delay);
    add(sent_us + delay, wire::TapRecord(packet));
  }
  void report(const SyntheticPerson& p, std::int64_t t_us, std::uint32_t source, std::uint32_t rate, std::uint32_t base) {
    const std::int64_t at = t_us + p.delay_ms * kMs;
    // Senders round the report's time to a millisecond.
    const std::int64_t clock = their_clock(p, t_us) / 1000 * 1000;
    add(at, wire::TapSenderReport{static_cast<std::uint64_t>(at), source, ntp(clock), rtp(p, t_us, rate, base)});
  }

  Result<void> video(const SyntheticPerson& p, Span span, bool content) {
    std::uint32_t source = next_source_++;
    rtc::VideoCodec codec = p.codec;
    const std::uint32_t base = static_cast<std::uint32_t>(random_.u64());
    const std::uint32_t to_ms = std::min(span.to_ms, call_.duration_ms);
    const std::string id = p.id + (content ? "#content" : "");
    const std::int64_t opened = span.from_ms * kMs;
    add(opened, wire::TapSource{static_cast<std::uint64_t>(opened), source, id, wire::TapKind::video, tap_codec(codec),
                                90000, 0, content});
    Shape shape{0, content ? p.screen_width : p.width, content ? p.screen_height : p.height, content ? std::uint8_t{0} : p.rotation};
    const int fps = content ? 15 : p.fps;
    const media::TestPattern pattern({call_.run, p.participant, p.name, content});
    std::unique_ptr<media::Picture> upright, sent;
    std::unique_ptr<media::VideoEncoder> encoder;
    const auto begin_shape = [&]() -> Result<void> {
      const bool sideways = shape.rotation % 2 != 0;
      upright = std::make_unique<media::Picture>(sideways ? shape.height : shape.width, sideways ? shape.width : shape.height);
      sent = std::make_unique<media::Picture>(shape.width, shape.height);
      auto made = media::open_video_encoder(codec, {.width = shape.width, .height = shape.height, .fps = fps, .bitrate_kbps = p.kbps,
                                                    .threads = 1, .speed = 10, .screen_content = content});
      if (!made) return tl::unexpected(made.error());
      encoder = std::move(*made);
      return {};
    };
    if (auto done = begin_shape(); !done) return done;
    auto sequence = static_cast<std::uint16_t>(65500 + random_.below(100));   // wraps soon
    std::uint16_t picture_id = 32760;
    std::int64_t next_report = opened + p.first_report_ms * kMs;
    for (std::int64_t n = 0;; ++n) {
      const std::int64_t captured = opened + n * 1'000'000 / fps;
      if (captured >= to_ms * kMs) break;
      while (next_report <= captured) {
        report(p, next_report, source, 90000, base);
        next_report += 1000 * kMs;
      }
      bool turned = false;
      for (const Shape& next : p.shapes) {
        if (content || next.from_ms * kMs > captured || next.from_ms <= shape.from_ms) continue;
        shape = next;
        turned = true;
        if (auto done = begin_shape(); !done) return done;
      }
      for (const CodecChange& next : p.codec_changes) {
        if (content || next.from_ms * kMs > captured || next.codec == codec || (n > 0 && next.from_ms * kMs <= captured - 1'000'000 / fps)) continue;
        codec = next.codec;
        turned = true;
        if (auto done = begin_shape(); !done) return done;
        // As the media worker writes it: the old source ends where the new one's first packet arrives.
        const std::int64_t at = captured + (p.video_delay_ms + p.delay_ms) * kMs;
        add(at, wire::TapSourceEnd{static_cast<std::uint64_t>(at), source});
        source = next_source_++;
        add(at, wire::TapSource{static_cast<std::uint64_t>(at), source, id, wire::TapKind::video, tap_codec(codec), 90000, 0, content});
      }
      const int turns = shape.rotation;
      const auto clock_ms = static_cast<std::uint32_t>(captured / 1000);
      if (p.draw && !content) p.draw(clock_ms, upright->mut_view());
      else pattern.draw(upright->mut_view(), clock_ms);
      if (turns) media::rotate(upright->view(), sent->mut_view(), 4 - turns);
      const media::I420View picture = turns ? sent->view() : upright->view();
      // The tap asks for a key frame when the encoder starts and when a pause is over; a long call has one every 4 s.
      const auto begins_anew = [&](const Span& s) {
        const std::int64_t since = captured - s.to_ms * kMs;
        return since >= 0 && since < 1'000'000 / fps;
      };
      const bool resumed = std::any_of(call_.pauses.begin(), call_.pauses.end(), begins_anew) ||
                           std::any_of(call_.forgotten.begin(), call_.forgotten.end(), begins_anew);
      auto frame = encoder->encode(picture, n * 90000 / fps, n % (4 * fps) == 0 || turned || resumed);
      if (!frame) return tl::unexpected(frame.error());
      if (!*frame) continue;
      bool first = true;
      const bool key = (*frame)->key_frame;
      if (call_.on_frame && !content) call_.on_frame(p.participant, (*frame)->data, key);
      ByteVector data((*frame)->data.begin(), (*frame)->data.end());
      if (p.damaged > 0 && random_.chance(p.damaged)) damage(codec, data);
      rtc::packetize_video(codec, data, picture_id++ & 0x7fff, 1100, [&](Bytes payload, bool last) {
        wire::TapPacket packet;
        packet.source = source;
        packet.sequence = sequence++;
        packet.timestamp = rtp(p, captured, 90000, base);
        packet.marker = last;
        packet.key_frame = first && key;
        if ((turns || !p.shapes.empty()) && last && (key || n % 30 == 0)) packet.rotation = shape.rotation;
        packet.payload = payload;
        send(p, captured + p.video_delay_ms * kMs, packet);
        first = false;
      });
    }
    if (to_ms < call_.duration_ms) {
      add(to_ms * kMs + 100 * kMs, wire::TapSourceEnd{to_ms * 1000ull + 100'000, source});
    }
    return {};
  }

  Result<void> audio(const SyntheticPerson& p) {
    const std::uint32_t source = next_source_++;
    const std::uint32_t base = static_cast<std::uint32_t>(random_.u64());
    add(p.joins_ms * kMs, wire::TapSource{p.joins_ms * 1000ull, source, p.id, wire::TapKind::audio, wire::TapCodec::opus, 48000, 0, false});
    auto encoder = media::OpusEncoder::open({});
    if (!encoder) return tl::unexpected(encoder.error());
    const media::TestPattern pattern({call_.run, p.participant, p.name, false});
    std::vector<float> pcm(media::kOpusFrame);
    std::vector<ByteVector> second(kSoundsPerSecond);
    std::array<std::uint8_t, 1275> packet_bytes;
    auto sequence = static_cast<std::uint16_t>(65400 + random_.below(200));
    std::int64_t next_report = (p.joins_ms + p.first_report_ms * 2) * kMs;
    for (std::int64_t n = p.joins_ms / 20; n * 20 < call_.duration_ms; ++n) {
      const std::int64_t begins = n * 20 * kMs;
      while (next_report <= begins) {
        report(p, next_report, source, 48000, base);
        next_report += 2500 * kMs;
      }
      Result<std::size_t> size = std::size_t{0};
      const auto phase = static_cast<std::size_t>(n % kSoundsPerSecond);
      if (p.repeats_sound && n >= 2 * kSoundsPerSecond) {
        const ByteVector& known = second[phase];
        std::copy(known.begin(), known.end(), packet_bytes.begin());
        size = known.size();
      } else {
        pattern.sound(static_cast<std::uint64_t>(n) * media::kOpusFrame, pcm);
        size = (*encoder)->encode(pcm, packet_bytes);
        if (!size) return tl::unexpected(size.error());
        if (n >= kSoundsPerSecond) second[phase].assign(packet_bytes.begin(), packet_bytes.begin() + static_cast<std::ptrdiff_t>(*size));
      }
      if (call_.on_sound) call_.on_sound(p.participant, Bytes(packet_bytes).first(*size));
      wire::TapPacket packet;
      packet.source = source;
      packet.sequence = sequence++;
      packet.timestamp = rtp(p, begins, 48000, base);
      packet.marker = n == 0;
      packet.audio_level = in(p.speaks, begins) ? 40 : 100;
      packet.payload = Bytes(packet_bytes).first(*size);
      if (p.damaged > 0 && random_.chance(p.damaged)) {
        // "Two frames of the same size" of an odd number of bytes (RFC 6716 §3.2.3).
        packet_bytes[0] = static_cast<std::uint8_t>((packet_bytes[0] & 0xfc) | 1);
        packet.payload = Bytes(packet_bytes).first(*size % 2 ? *size - 1 : *size);
      }
      send(p, begins + 20 * kMs, packet);
    }
    return {};
  }

  const SyntheticCall& call_;
  SeededRandom random_;
  std::uint32_t next_source_ = 1;
  std::vector<TimedRecord> out_;
};

class DirectorySink final : public journal::JournalSink {
 public:
  explicit DirectorySink(std::string directory) : directory_(std::move(directory)) {}
  bool open_segment(std::uint32_t segment) override {
    file_ = std::ofstream(directory_ + "/" + journal::segment_file_name(segment), std::ios::binary | std::ios::trunc);
    return file_.good();
  }
  bool write(Bytes bytes) override {
    file_.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    file_.flush();
    return file_.good();
  }
  void close_segment() override { file_.close(); }
  bool write_window(std::uint32_t window, const journal::WindowPlace& place) override { return keys && keys->write(window, place); }

  std::unique_ptr<journal::WindowKeyFile> keys;

 private:
  std::string directory_;
  std::ofstream file_;
};

}  // namespace

Result<std::vector<TimedRecord>> make_call(const SyntheticCall& call) { return CallMaker(call).make(); }

struct JournalFeeder::State {
  State(std::vector<TimedRecord> r, const std::string& directory, Bytes key, std::uint32_t segment_ms, bool windows)
      : records(std::move(r)), sink(directory), writer(key, {}, 1, {segment_ms * 1000ull, windows ? &random : nullptr, 1}) {
    if (windows) sink.keys = std::move(journal::WindowKeyFile::open(directory, key).value());
  }
  SeededRandom random{1};
  std::vector<TimedRecord> records;
  DirectorySink sink;
  journal::JournalWriter writer;
  std::size_t next = 0;
  std::uint64_t sealed_us = 0;
};

JournalFeeder::JournalFeeder(std::vector<TimedRecord> records, std::string directory, Bytes key,
                             std::uint32_t segment_ms, bool windows) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  std::ofstream(directory + "/key") << to_hex(key) << "\n";
  state_ = std::make_unique<State>(std::move(records), directory, key, segment_ms, windows);
}
JournalFeeder::~JournalFeeder() = default;

Result<void> JournalFeeder::feed_until(std::uint64_t at_us) {
  State& s = *state_;
  while (s.sealed_us + 250'000 <= at_us) {
    const std::uint64_t border = s.sealed_us + 250'000;
    for (; s.next < s.records.size() && s.records[s.next].at_us < border; ++s.next) {
      if (!s.writer.add(s.records[s.next].record)) return fail(ErrorCode::internal, "a record does not fit");
    }
    if (!s.writer.seal(border, s.sink)) return fail(ErrorCode::unavailable, "cannot write the journal");
    s.sealed_us = border;
  }
  return {};
}

Result<void> JournalFeeder::forget(std::uint64_t from_us) {
  State& s = *state_;
  std::uint64_t begin_us = from_us;
  const auto marked = s.sink.keys->mark(from_us, begin_us);
  if (!marked) return tl::unexpected(marked.error());
  if (auto done = s.sink.keys->destroy(*marked); !done) return done;
  s.writer.forget(begin_us);
  ByteVector raw(64);
  Writer out(raw);
  wire::encode(wire::TapRecord(wire::TapForgotten{begin_us, s.sealed_us}), out);
  s.writer.add(out.written());
  return {};
}

Result<void> JournalFeeder::finish(bool final, bool only_seal) {
  State& s = *state_;
  const std::uint64_t end = only_seal ? s.sealed_us : s.records.back().at_us;
  if (auto done = feed_until(end); !done) return done;
  for (; !only_seal && s.next < s.records.size(); ++s.next) s.writer.add(s.records[s.next].record);
  if (!s.writer.close(end, final, s.sink)) return fail(ErrorCode::unavailable, "cannot write the journal");
  return {};
}

Result<void> write_journal(const std::vector<TimedRecord>& records, const std::string& directory, Bytes key,
                           std::uint32_t segment_ms, std::uint64_t until_us, bool final) {
  JournalFeeder feeder(records, directory, key, segment_ms);
  if (until_us == 0) return feeder.finish(final);
  if (auto done = feeder.feed_until(until_us); !done) return done;
  return feeder.finish(final, true);
}

Result<void> write_forgetting_journal(const SyntheticCall& call, const std::vector<TimedRecord>& records,
                                      const std::string& directory, Bytes key, std::uint32_t segment_ms) {
  JournalFeeder feeder(records, directory, key, segment_ms, true);
  for (const Span& s : call.forgotten) {
    if (auto done = feeder.feed_until(s.to_ms * 1000ull); !done) return done;
    if (auto done = feeder.forget(s.from_ms * 1000ull); !done) return done;
  }
  return feeder.finish();
}

Result<SyntheticCall> scenario(const std::string& name, std::uint64_t run, std::uint32_t duration_ms) {
  SyntheticCall c;
  c.run = run;
  c.duration_ms = duration_ms;
  c.seed = run;
  SyntheticPerson anna, ben;
  anna.id = "anna";
  anna.name = "Anna Agent";
  anna.participant = 1;
  ben.id = "ben";
  ben.name = "Ben Customer";
  ben.participant = 2;
  ben.delay_ms = 80;
  ben.jitter_ms = 30;
  const auto small = [](SyntheticPerson& p) {
    p.width = 640;
    p.height = 360;
    p.kbps = 700;
  };
  if (name == "two") {
    c.people = {anna, ben};
    return c;
  }
  small(anna);
  small(ben);
  const std::uint32_t third = duration_ms / 3;
  if (name == "tiny") {
    anna.width = ben.width = 320;
    anna.height = ben.height = 180;
    anna.kbps = ben.kbps = 120;
    anna.fps = ben.fps = 10;
  } else if (name == "forgotten") {
    anna.width = ben.width = 320;
    anna.height = ben.height = 180;
    anna.kbps = ben.kbps = 120;
    anna.fps = ben.fps = 10;
    c.forgotten = {{third + 10, 2 * third}};
  } else if (name == "pause") {
    c.pauses = {{third - 20, 2 * third}};
    anna.speaks = {{0, third / 2}, {2 * third + 500, UINT32_MAX}};
    ben.speaks = {{third / 2, third}};
  } else if (name == "share") {
    anna.screen = {{third, 2 * third}};
    anna.kbps = 1000;
  } else if (name == "camera") {
    ben.camera = {{0, third}, {2 * third, UINT32_MAX}};
  } else if (name == "rotation") {
    ben.rotation = 1;
  } else if (name == "loss") {
    ben.loss = 0.01;
    ben.late = 0.03;
    anna.late = 0.05;
  } else if (name == "damage") {
    anna.damaged = ben.damaged = 0.01;
  } else if (name == "drift") {
    anna.clock_ppm = 500;
    ben.clock_ppm = -500;
  } else if (name == "jump") {
    ben.clock_step_at_ms = duration_ms / 2;
    ben.clock_step_ms = 3600 * 1000;
  } else if (name == "four") {
    SyntheticPerson cleo = anna, dora = ben;
    cleo.id = "cleo";
    cleo.name = "Cleo";
    cleo.participant = 3;
    cleo.fps = 15;
    dora.id = "dora";
    dora.name = "Dora D\u00f6blin";
    dora.participant = 4;
    dora.camera = {};
    c.people = {anna, ben, cleo, dora};
    return c;
  } else if (name == "solo") {
    c.people = {anna};
    return c;
  } else {
    return fail(ErrorCode::not_found, "unknown scenario: " + name);
  }
  c.people = {anna, ben};
  return c;
}

}  // namespace upcall::test
