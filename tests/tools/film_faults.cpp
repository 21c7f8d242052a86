#include "film_faults.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>

#include <boost/json.hpp>

#include "compose/film_index.hpp"
#include "compose/film_reader.hpp"
#include "io/film/film_studio.hpp"

extern "C" {
#include <libavcodec/avcodec.h>
}

namespace upcall::test {

namespace {

class Memory final : public film::FilmSink {
 public:
  Result<void> header(const wire::FilmHeader& header) override {
    if (auto ok = index_.begin(header); !ok) return ok;
    bytes_.assign(header.boxes.begin(), header.boxes.end());
    bytes_.resize(bytes_.size() + compose::kIndexReserve);
    return {};
  }
  Result<void> fragment(const wire::FilmFragment& fragment) override {
    if (auto ok = index_.add(fragment); !ok) return ok;
    bytes_.insert(bytes_.end(), fragment.boxes.begin(), fragment.boxes.end());
    return {};
  }
  ByteVector take() {
    const ByteVector index = index_.index();
    std::copy(index.begin(), index.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(index_.header_bytes()));
    return std::move(bytes_);
  }

 private:
  compose::FilmIndex index_;
  ByteVector bytes_;
};

film::H264Options cheap(int width, int height, int fps) {
  film::H264Options out;
  out.width = width;
  out.height = height;
  out.fps = fps;
  out.preset = "ultrafast";
  out.threads = 1;
  return out;
}

struct Decoded {
  int width = 0, height = 0;
  std::int64_t length_us = 0;
  std::vector<std::pair<std::int64_t, std::unique_ptr<media::Picture>>> pictures;   // by shown time
  std::vector<float> pcm;   // stereo
};

void decode(AVCodecID id, const compose::FilmTrack& track, const std::vector<compose::FilmSample>& samples,
            const std::function<void(const AVFrame&)>& see) {
  const AVCodec* codec = avcodec_find_decoder(id);
  AVCodecContext* context = avcodec_alloc_context3(codec);
  context->thread_count = 1;
  context->extradata = static_cast<std::uint8_t*>(av_mallocz(track.config.size() + AV_INPUT_BUFFER_PADDING_SIZE));
  std::memcpy(context->extradata, track.config.data(), track.config.size());
  context->extradata_size = static_cast<int>(track.config.size());
  avcodec_open2(context, codec, nullptr);
  AVPacket* packet = av_packet_alloc();
  AVFrame* frame = av_frame_alloc();
  const auto drain = [&] {
    while (avcodec_receive_frame(context, frame) == 0) {
      see(*frame);
      av_frame_unref(frame);
    }
  };
  for (const compose::FilmSample& s : samples) {
    av_new_packet(packet, static_cast<int>(s.data.size()));
    std::memcpy(packet->data, s.data.data(), s.data.size());
    packet->pts = s.shown_us;
    avcodec_send_packet(context, packet);
    av_packet_unref(packet);
    drain();
  }
  avcodec_send_packet(context, nullptr);
  drain();
  av_frame_free(&frame);
  av_packet_free(&packet);
  avcodec_free_context(&context);
}

Decoded decode_all(Bytes film) {
  compose::FilmReader reader;
  std::vector<compose::FilmSample> video, audio;
  std::vector<std::unique_ptr<ByteVector>> kept;
  const auto keep = [&](const std::vector<compose::FilmSample>& from, std::vector<compose::FilmSample>& to) {
    for (compose::FilmSample s : from) {
      kept.push_back(std::make_unique<ByteVector>(s.data.begin(), s.data.end()));
      s.data = *kept.back();
      to.push_back(s);
    }
  };
  reader.feed(film);
  for (auto event = reader.next(); event != compose::FilmReader::Event::more; event = reader.next()) {
    if (event == compose::FilmReader::Event::broken) return {};
    if (event != compose::FilmReader::Event::fragment) continue;
    keep(reader.piece().video, video);
    keep(reader.piece().audio, audio);
  }
  Decoded out;
  out.width = reader.video()->width;
  out.height = reader.video()->height;
  out.length_us = reader.index_us();
  decode(AV_CODEC_ID_H264, *reader.video(), video, [&](const AVFrame& f) {
    auto picture = std::make_unique<media::Picture>(f.width, f.height);
    const media::MutI420View to = picture->mut_view();
    for (int y = 0; y < f.height; ++y) std::memcpy(to.y + y * to.stride_y, f.data[0] + y * f.linesize[0], static_cast<std::size_t>(f.width));
    for (int y = 0; y < f.height / 2; ++y) {
      std::memcpy(to.u + y * to.stride_u, f.data[1] + y * f.linesize[1], static_cast<std::size_t>(f.width / 2));
      std::memcpy(to.v + y * to.stride_v, f.data[2] + y * f.linesize[2], static_cast<std::size_t>(f.width / 2));
    }
    out.pictures.emplace_back(f.pts, std::move(picture));
  });
  out.pcm.resize(static_cast<std::size_t>(out.length_us * 48 / 1000) * 2);
  decode(AV_CODEC_ID_AAC, *reader.audio(), audio, [&](const AVFrame& f) {
    for (int i = 0; i < f.nb_samples; ++i) {
      const std::int64_t at = f.pts * 48 / 1000 + i;
      for (int c = 0; c < 2; ++c) {
        const std::int64_t place = at * 2 + c;
        if (place < 0 || place >= static_cast<std::int64_t>(out.pcm.size())) continue;
        out.pcm[static_cast<std::size_t>(place)] = reinterpret_cast<const float*>(f.extended_data[c])[i];
      }
    }
  });
  return out;
}

std::size_t size_at(Bytes film, std::size_t at) { return Reader(film.subspan(at)).u32(); }
std::string_view type_at(Bytes film, std::size_t at) { return as_text(film.subspan(at + 4, 4)); }

}  // namespace

Result<MadeFilm> make_film(const std::vector<TimedRecord>& records, const compose::ComposerOptions& options) {
  Memory memory;
  film::FilmOptions o;
  o.video = cheap(options.width, options.height, options.fps);
  auto studio = film::FilmStudio::open(o, memory);
  if (!studio) return tl::unexpected(studio.error());
  compose::Composer composer(options, **studio);
  for (const TimedRecord& r : records) {
    const auto record = wire::decode_tap_record(r.record);
    if (!record) return fail(ErrorCode::corrupt, "a record cannot be read");
    if (auto done = composer.feed(*record); !done) return tl::unexpected(done.error());
  }
  if (auto done = composer.finish(); !done) return tl::unexpected(done.error());
  const compose::ComposerFacts facts = composer.facts();
  return MadeFilm{memory.take(), boost::json::serialize(boost::json::object{
                                     {"duration_ms", facts.duration_us / 1000}, {"session_log", to_base64(facts.log.encode())}})};
}

Result<ByteVector> remake(Bytes film, int fps, Fault fault, std::int64_t from_ms, std::int64_t to_ms) {
  Decoded d = decode_all(film);
  if (d.pictures.empty()) return fail(ErrorCode::corrupt, "the film to be spoiled cannot be read");
  auto h264 = film::H264Encoder::open(cheap(d.width, d.height, fps));
  auto aac = film::AacEncoder::open();
  if (!h264 || !aac) return fail(ErrorCode::internal, "no encoder");
  const ByteVector headers = (*h264)->headers();
  const Bytes config = (*aac)->config();
  film::MuxerOptions m;
  m.width = d.width;
  m.height = d.height;
  m.fps = fps;
  m.video_headers = headers;
  m.audio_config = config;
  m.fragment_ticks = fps;
  Memory memory;
  auto muxer = film::FragmentMuxer::open(m, memory);
  if (!muxer) return tl::unexpected(muxer.error());

  const auto inside = [&](std::int64_t ms) { return ms >= from_ms && ms < to_ms; };
  if (fault == Fault::silent) {
    for (std::size_t i = 0; i < d.pcm.size(); ++i) {
      if (inside(static_cast<std::int64_t>(i / 96))) d.pcm[i] = 0;
    }
  } else if (fault == Fault::sound_late) {
    d.pcm.insert(d.pcm.begin(), std::size_t{2 * 9600}, 0.0f);
    d.pcm.resize(d.pcm.size() - 2 * 9600);
  }
  std::vector<std::pair<std::int64_t, ByteVector>> sounds;
  const auto emit = [&](std::int64_t pts, Bytes packet) -> Result<void> {
    sounds.emplace_back(pts, ByteVector(packet.begin(), packet.end()));
    return {};
  };
  if (auto done = (*aac)->encode(d.pcm, emit); !done) return tl::unexpected(done.error());
  if (auto done = (*aac)->finish(emit); !done) return tl::unexpected(done.error());

  media::Picture black(d.width, d.height);
  media::fill(black.mut_view(), media::yuv_from_rgb(0, 0, 0));
  const media::Picture* held = nullptr;
  std::size_t sound = 0;
  for (const auto& [at_us, picture] : d.pictures) {
    const std::int64_t tick = (at_us * fps + 500'000) / 1'000'000;
    const media::Picture* shown = picture.get();
    if (inside(at_us / 1000)) {
      if (!held) held = shown;
      if (fault == Fault::black) shown = &black;
      if (fault == Fault::frozen) shown = held;
    }
    for (; sound < sounds.size() && sounds[sound].first * 1000 / 48 <= at_us; ++sound) {
      if (auto done = (*muxer)->audio(sounds[sound].first, sounds[sound].second); !done) return tl::unexpected(done.error());
    }
    auto frame = (*h264)->encode(shown->view(), tick);
    if (!frame) return tl::unexpected(frame.error());
    if (*frame) {
      if (auto done = (*muxer)->video(std::move(**frame)); !done) return tl::unexpected(done.error());
    }
  }
  for (; sound < sounds.size(); ++sound) (void)(*muxer)->audio(sounds[sound].first, sounds[sound].second);
  for (auto frame = (*h264)->flush(); frame && *frame; frame = (*h264)->flush()) (void)(*muxer)->video(std::move(**frame));
  if (auto done = (*muxer)->finish((d.length_us * fps + 500'000) / 1'000'000); !done) return tl::unexpected(done.error());
  return memory.take();
}

std::vector<std::size_t> fragments_of(Bytes film) {
  std::vector<std::size_t> out;
  for (std::size_t at = 0; at + 8 <= film.size() && size_at(film, at) >= 8; at += size_at(film, at)) {
    if (type_at(film, at) == "moof") out.push_back(at);
  }
  return out;
}

ByteVector shift_track(Bytes film, bool video, std::int64_t ms, std::size_t from_fragment) {
  ByteVector out(film.begin(), film.end());
  compose::FilmReader reader;
  reader.feed(film);
  reader.next();
  const compose::FilmTrack& track = video ? *reader.video() : *reader.audio();
  const auto moofs = fragments_of(film);
  for (std::size_t n = from_fragment; n < moofs.size(); ++n) {
    const std::size_t end = moofs[n] + size_at(film, moofs[n]);
    for (std::size_t traf = moofs[n] + 8; traf + 8 <= end; traf += size_at(film, traf)) {
      if (type_at(film, traf) != "traf") continue;
      bool ours = false;
      const std::size_t traf_end = traf + size_at(film, traf);
      for (std::size_t box = traf + 8; box + 8 <= traf_end; box += size_at(film, box)) {
        if (type_at(film, box) == "tfhd") ours = Reader(film.subspan(box + 12)).u32() == track.id;
        if (type_at(film, box) != "tfdt" || !ours) continue;
        const bool wide = film[box + 8] == 1;
        Reader in(film.subspan(box + 12));
        const auto time = static_cast<std::int64_t>(wide ? in.u64() : in.u32()) + ms * track.timescale / 1000;
        Writer to(MutBytes(out).subspan(box + 12));
        if (wide) to.u64(static_cast<std::uint64_t>(time));
        else to.u32(static_cast<std::uint32_t>(time));
      }
    }
  }
  return out;
}

}  // namespace upcall::test
