#include "service/recording/film_manifest.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/wall_text.hpp"
#include "crypto/hash.hpp"
#include "json/json.hpp"

namespace upcall::service {

namespace {

namespace bj = boost::json;

constexpr std::size_t kPiece = 1u << 20;
constexpr std::size_t kFactsMax = 8u << 20, kManifestMax = 64u << 20;

// RFC 8785, for what we write: numbers are whole, member names ASCII.
void canonical(const bj::value& value, std::string& out) {
  if (const bj::object* object = value.if_object()) {
    std::vector<const bj::key_value_pair*> members;
    for (const auto& member : *object) members.push_back(&member);
    std::sort(members.begin(), members.end(), [](const auto* a, const auto* b) { return a->key() < b->key(); });
    out += '{';
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (i > 0) out += ',';
      out += bj::serialize(bj::string(members[i]->key()));
      out += ':';
      canonical(members[i]->value(), out);
    }
    out += '}';
  } else if (const bj::array* array = value.if_array()) {
    out += '[';
    for (std::size_t i = 0; i < array->size(); ++i) {
      if (i > 0) out += ',';
      canonical((*array)[i], out);
    }
    out += ']';
  } else {
    out += bj::serialize(value);
  }
}

std::int64_t number(const bj::object& o, std::string_view name) { return json::integer_at(o, name).value_or(0); }

bj::array spans(const bj::array* from, const char* begins, const char* ends) {
  bj::array out;
  if (from == nullptr) return out;
  for (const bj::value& v : *from) {
    if (!v.is_object()) continue;
    out.push_back(bj::object{{begins, number(v.get_object(), "from_ms")}, {ends, number(v.get_object(), "until_ms")}});
  }
  return out;
}

bj::array participants(const bj::object& facts) {
  bj::array out;
  const bj::array* people = json::array_at(facts, "people");
  if (people == nullptr) return out;
  for (const bj::value& v : *people) {
    if (!v.is_object()) continue;
    const bj::object& p = v.get_object();
    out.push_back(bj::object{{"attendeeId", json::text_or(p, "id")},
                             {"name", json::text_or(p, "name")},
                             {"spans", spans(json::array_at(p, "spans"), "joinedMs", "leftMs")}});
  }
  return out;
}

bj::array gaps(const bj::object& facts) {
  bj::array out;
  const bj::array* list = json::array_at(facts, "gap_spans");
  if (list == nullptr) return out;
  for (const bj::value& v : *list) {
    if (!v.is_object()) continue;
    const bj::object& g = v.get_object();
    out.push_back(bj::object{{"fromMs", number(g, "from_ms")},
                             {"untilMs", number(g, "until_ms")},
                             {"reason", json::text_or(g, "reason")},
                             {"droppedRecords", number(g, "dropped")}});
  }
  return out;
}

// Whole numbers only: how others write a fraction is no matter of taste in what is signed (RFC 8785 §3.2.2.3).
struct Amount {
  std::int64_t value = 0;
  const char* unit = "";
};

Amount amount_of(const recording::HealthFinding& finding) {
  using recording::HealthKind;
  switch (finding.kind) {
    case HealthKind::truncated: return {std::llround(finding.value), "bytes"};
    case HealthKind::damaged: return {std::llround(finding.value), "samples"};
    case HealthKind::length:
    case HealthKind::av_offset:
    case HealthKind::gap: return {std::llround(finding.value), "ms"};
    case HealthKind::black:
    case HealthKind::frozen:
    case HealthKind::silent: break;
  }
  return {std::llround(finding.value * 100), "percent"};
}

// Hashes [from, from + size) into both.
Result<void> hash(wire::BodySource& film, std::uint64_t from, std::uint64_t size, ByteVector& piece, crypto::Sha256& whole,
                  crypto::Sha256* part) {
  while (size > 0) {
    const MutBytes room = MutBytes(piece).first(static_cast<std::size_t>(std::min<std::uint64_t>(size, piece.size())));
    const auto got = film.read(from, room);
    if (!got) return tl::unexpected(got.error());
    if (*got == 0) return fail(ErrorCode::corrupt, "the film spool ends early");
    whole.update(room.first(*got));
    if (part) part->update(room.first(*got));
    from += *got;
    size -= *got;
  }
  return {};
}

}  // namespace

Result<std::string> film_manifest(const ManifestAbout& about, const film_spool::FilmSpool& spool, const SignRecord& sign) {
  const auto view = spool.view();
  const auto facts = json::parse_object(view.facts, kFactsMax);
  if (!facts || !view.complete) return fail(ErrorCode::corrupt, "the composer's last word cannot be read");
  const auto film = spool.source();
  ByteVector piece(kPiece);
  crypto::Sha256 whole;
  bj::array fragments;
  std::uint64_t at = 0;
  const int fps = std::max(1, view.index.fps());
  for (std::size_t i = 0; i < view.index.fragments().size(); ++i) {
    const auto& f = view.index.fragments()[i];
    if (auto done = hash(*film, at, f.offset - at, piece, whole, nullptr); !done) return tl::unexpected(done.error());
    crypto::Sha256 part;
    if (auto done = hash(*film, f.offset, f.size, piece, whole, &part); !done) return tl::unexpected(done.error());
    at = f.offset + f.size;
    const std::int64_t begins = f.start_tick * 1000 / fps, ends = f.end_tick * 1000 / fps;
    fragments.push_back(bj::object{{"number", i},
                                   {"offset", f.offset},
                                   {"size", f.size},
                                   {"startMs", begins},
                                   {"durationMs", ends - begins},
                                   {"sha256", to_hex(part.finish())}});
  }
  const std::int64_t lead_in = number(*facts, "lead_in_ms");
  const bj::array* markers = json::array_at(*facts, "clock_markers");
  bj::object out{
      {"type", "upcall.recording-manifest"},
      {"version", 1},
      {"software", "upcall " UPCALL_VERSION},
      {"recordingId", about.recording_id},
      {"externalMeetingId", about.external_meeting_id},
      {"startedAt", to_iso8601(about.started)},
      {"film",
       {{"objectKey", about.object.key},
        {"size", about.object.size},
        {"etag", about.object.etag},
        {"sha256", to_hex(whole.finish())},
        {"width", number(*facts, "width")},
        {"height", number(*facts, "height")},
        {"framesPerSecond", fps},
        {"constantRate", about.settings.constant_rate},
        {"layout", about.settings.layout},
        {"durationMs", number(*facts, "duration_ms")},
        {"pictures", number(*facts, "video_frames")}}},
      {"participants", participants(*facts)},
      {"gaps", gaps(*facts)},
      {"pauses", spans(json::array_at(*facts, "pauses"), "fromMs", "untilMs")},
      {"forgotten", spans(json::array_at(*facts, "forgotten"), "fromMs", "untilMs")},
      {"fragments", std::move(fragments)},
      {"health",
       {{"complete", json::boolean_at(*facts, "complete").value_or(false)},
        {"freezes", number(*facts, "freezes")},
        {"lostVideoPackets", number(*facts, "lost_video_packets")},
        {"concealedAudioMs", number(*facts, "concealed_audio_ms")},
        {"gaps", number(*facts, "gaps")},
        {"clockCorrections", markers == nullptr ? 0 : markers->size()},
        {"warning", json::text_or(*facts, "warning")}}},
      {"composing", {{"composers", about.composers}, {"restarts", about.restarts}}}};
  if (lead_in > 0) out["leadIn"] = bj::object{{"fromMs", 0}, {"untilMs", lead_in}};
  std::string text;
  canonical(out, text);
  return "{\"manifest\":" + text + ",\"signature\":\"" + sign(text) + "\"}";
}

Result<std::string> checked_manifest(std::string_view object, const FilmHealth& health, WallTime checked_at, const SignRecord& sign) {
  auto all = json::parse_object(object, kManifestMax);
  const bj::object* found = all ? json::object_at(*all, "manifest") : nullptr;
  if (found == nullptr || json::object_at(*found, "health") == nullptr) return fail(ErrorCode::corrupt, "this is no manifest");
  bj::array findings;
  for (const auto& f : health.findings) {
    const Amount amount = amount_of(f);
    findings.push_back(bj::object{{"kind", recording::to_string(f.kind)},
                                  {"severity", recording::to_string(f.severity)},
                                  {"atMs", f.at_ms},
                                  {"amount", amount.value},
                                  {"unit", amount.unit}});
  }
  bj::object check{{"checkedAt", to_iso8601(checked_at)}, {"findings", std::move(findings)}};
  if (health.skew_ms) check["avOffsetMs"] = *health.skew_ms;
  if (health.heard_offset_ms) check["heardOffsetMs"] = *health.heard_offset_ms;
  bj::object out = *found;
  out["health"].as_object()["check"] = std::move(check);
  std::string text;
  canonical(out, text);
  return "{\"manifest\":" + text + ",\"signature\":\"" + sign(text) + "\"}";
}

Result<std::string> verified_manifest(std::string_view object, const crypto::Es256PublicKey& key) {
  const auto all = json::parse_object(object, kManifestMax);
  const bj::object* manifest = all ? json::object_at(*all, "manifest") : nullptr;
  const std::string jws = all ? json::text_or(*all, "signature") : "";
  if (manifest == nullptr) return fail(ErrorCode::corrupt, "this is no manifest");
  const std::size_t first = jws.find('.'), second = jws.rfind('.');
  if (first == std::string::npos || first == second) return fail(ErrorCode::corrupt, "the manifest is not signed");
  const std::string_view text(jws);
  const auto head = from_base64url(text.substr(0, first));
  const auto payload = from_base64url(text.substr(first + 1, second - first - 1));
  const auto signature = from_base64url(text.substr(second + 1));
  const auto named = head ? json::parse_object(as_text(*head)) : tl::unexpected(head.error());
  if (!named || json::text_or(*named, "alg") != "ES256" || !payload || !signature ||
      !key.verify(as_bytes(text.substr(0, second)), *signature)) {
    return fail(ErrorCode::corrupt, "the manifest's signature is not by this key");
  }
  std::string clear;
  canonical(*manifest, clear);
  if (as_text(*payload) != clear) return fail(ErrorCode::corrupt, "the manifest is not what was signed");
  return clear;
}

Result<void> put_manifest(objects::ObjectStore& store, const std::string& key, std::string_view text, WallTime now, bool is_there) {
  auto upload = is_there ? store.begin_replacement(key, "application/json") : store.begin_upload(key, "application/json");
  if (!upload) return tl::unexpected(upload.error());
  if (auto put = (*upload)->put_part(1, as_bytes(text)); !put) return put;
  auto done = (*upload)->complete(now);
  if (!done) return tl::unexpected(done.error());
  return {};
}

}  // namespace upcall::service
