// A recording is watched while the call goes on: an HLS playlist over the growing film, with the rights of each moment.
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "film_judge.hpp"
#include "harness.hpp"

namespace upcall::story {
namespace {

struct Playlist {
  struct Piece {
    std::uint64_t size = 0, offset = 0;
    double seconds = 0;
    std::string uri;
  };
  Piece map;
  std::vector<Piece> pieces;
  int target = 0;
  bool event = false, over = false, good = true;
};

// RFC 8216 as far as our playlists go, strictly.
Playlist parse(const std::string& text) {
  Playlist out;
  const auto range = [&](const std::string& value, Playlist::Piece& piece) {
    char at = 0;
    std::istringstream in(value);
    out.good &= static_cast<bool>(in >> piece.size >> at >> piece.offset) && at == '@';
  };
  std::istringstream lines(text);
  std::string line;
  out.good = std::getline(lines, line) && line == "#EXTM3U";
  Playlist::Piece next;
  const auto value = [&](const std::string& tag) { return line.starts_with(tag + ":") ? line.substr(tag.size() + 1) : ""; };
  while (std::getline(lines, line)) {
    if (!value("#EXT-X-TARGETDURATION").empty()) {
      out.target = std::stoi(value("#EXT-X-TARGETDURATION"));
    } else if (!value("#EXT-X-PLAYLIST-TYPE").empty()) {
      out.event = value("#EXT-X-PLAYLIST-TYPE") == "EVENT";
    } else if (const std::string map = value("#EXT-X-MAP"); !map.empty()) {
      const auto uri = map.find("URI=\""), bytes = map.find("BYTERANGE=\"");
      out.good &= uri == 0 && bytes != std::string::npos;
      out.map.uri = map.substr(5, map.find('"', 5) - 5);
      range(map.substr(bytes + 11), out.map);
    } else if (!value("#EXTINF").empty()) {
      next.seconds = std::stod(value("#EXTINF"));
    } else if (!value("#EXT-X-BYTERANGE").empty()) {
      range(value("#EXT-X-BYTERANGE"), next);
    } else if (line == "#EXT-X-ENDLIST") {
      out.over = true;
    } else if (!line.starts_with("#")) {
      next.uri = line;
      out.good &= next.size > 0 && next.seconds > 0 && next.seconds <= out.target;
      out.pieces.push_back(std::exchange(next, {}));
    }
  }
  return out;
}

TEST(LivePlayback, TheFilmIsWatchedWhileTheCallGoesOn) {
  World world;
  Call call = world.begin_call();
  ASSERT_EQ(world.start_recording(call), 200);
  world.until("something to watch", Duration::s(30), [&] {
    world.expect_media(call, Duration::s(10), 2);
    return world.recording(call).contains("liveURL");
  });
  const bj::object entry = world.recording(call);
  EXPECT_EQ(json::text_or(entry, "status"), "recording");
  EXPECT_FALSE(entry.contains("recordingURL")) << "there is no whole film yet";
  const std::string address = json::text_or(entry, "liveURL");
  ASSERT_TRUE(address.starts_with(world.url() + "/api/recording/live/")) << address;
  const std::string base = address.substr(0, address.find("index.m3u8"));
  net::HttpClient player;
  const auto get = [&](const std::string& url, const std::string& range = "") {
    std::vector<std::pair<std::string, std::string>> headers;
    if (!range.empty()) headers.emplace_back("range", range);
    return world.need(player.send({"GET", url, headers, {}}), url);
  };
  // It grows, and what was in it stays as it was.
  Playlist first, grown;
  const auto read = [&] {
    const auto answer = get(address);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.header("content-type"), "application/vnd.apple.mpegurl");
    EXPECT_EQ(answer.header("cache-control"), "private, no-store");
    return parse(answer.body);
  };
  first = read();
  ASSERT_TRUE(first.good && first.event && !first.over);
  world.until("more of it", Duration::s(30), [&] {
    world.expect_media(call, Duration::s(10), 2);
    grown = read();
    return grown.pieces.size() >= first.pieces.size() + 2;
  });
  ASSERT_TRUE(grown.good && grown.event && !grown.over);
  EXPECT_EQ(grown.target, first.target);
  for (std::size_t i = 0; i < first.pieces.size(); ++i) {
    EXPECT_EQ(grown.pieces[i].offset, first.pieces[i].offset);
    EXPECT_EQ(grown.pieces[i].seconds, first.pieces[i].seconds);
  }
  // Map and ranges one after another are a film that any decoder takes.
  const std::string file = world.data_dir() + "/live.mp4";
  double seconds = 0;
  {
    std::ofstream out(file, std::ios::binary);
    const auto take = [&](const Playlist::Piece& piece) {
      const std::string range = "bytes=" + std::to_string(piece.offset) + "-" + std::to_string(piece.offset + piece.size - 1);
      const auto answer = get(base + piece.uri, range);
      EXPECT_EQ(answer.status, 206);
      EXPECT_EQ(answer.body.size(), piece.size);
      out << answer.body;
      seconds += piece.seconds;
    };
    take(grown.map);
    for (const auto& piece : grown.pieces) take(piece);
  }
  test::Film film;
  ASSERT_TRUE(film.load(file, {{0, 292, 960}, {960, 292, 960}}));
  EXPECT_EQ(film.decode_errors, 0u);
  EXPECT_EQ(film.video_codec, "h264");
  EXPECT_EQ(film.audio_codec, "aac");
  ASSERT_FALSE(film.times.empty());
  EXPECT_NEAR(film.times.back(), seconds, 1.1);
  EXPECT_NEAR(film.audio_s, seconds, 0.1);
  // Who connected first stands at the left: both devices are started at the same moment.
  ASSERT_FALSE(film.readings[0].empty() || film.readings[1].empty());
  EXPECT_EQ(film.readings[0].front().participant + film.readings[1].front().participant, 1u);
  // Rights as they are at this moment.
  EXPECT_EQ(get(address.substr(0, address.find("grant=") + 6)).status, 401);
  std::string changed = address;
  changed.back() = changed.back() == 'A' ? 'B' : 'A';
  changed[changed.size() - 9] = changed[changed.size() - 9] == 'A' ? 'B' : 'A';
  EXPECT_EQ(get(changed).status, 401);
  world.admin("user.set", {{"username", "sam@example.com"}, {"security-profile", bj::array{"QualityAnalyst"}}});
  world.until("403 without the profile", Duration::s(5), [&] {
    return get(address).status == 403 && get(base + grown.map.uri, "bytes=0-9").status == 403;
  });
  world.admin("user.set", {{"username", "sam@example.com"}, {"security-profile", bj::array{"QualityAnalyst", "VideoCallRecordingPlayback"}}});
  EXPECT_EQ(get(address).status, 200);
  // Stored: the page takes the film itself.
  ASSERT_EQ(world.stop_recording(call), 200);
  const bj::object stored = world.wait_stored(call);
  EXPECT_FALSE(stored.contains("liveURL"));
  EXPECT_TRUE(stored.contains("recordingURL"));
  const auto gone = get(address);
  EXPECT_EQ(gone.status, 410);
  EXPECT_NE(gone.body.find("recording_stored"), std::string::npos) << gone.body;
  EXPECT_EQ(get(base + grown.map.uri, "bytes=0-9").status, 410);
}

}  // namespace
}  // namespace upcall::story
