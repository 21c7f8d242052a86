#include "fake_composer.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "io/journal/journal_files.hpp"
#include "journal/reader.hpp"
#include "json/json.hpp"
#include "wire/child_control.hpp"
#include "wire/film_message.hpp"

namespace upcall::test {

namespace {

namespace bj = boost::json;

void say(int fd, wire::ChildMessage type, std::string_view body) {
  std::uint8_t head[5];
  wire::encode_child_head(type, body.size(), head);
  (void)!::send(fd, head, sizeof head, MSG_NOSIGNAL);
  (void)!::send(fd, body.data(), body.size(), MSG_NOSIGNAL);
}

std::optional<bj::object> read_order(int fd) {
  wire::ChildFrameSplitter splitter;
  for (;;) {
    const MutBytes room = splitter.room();
    const ssize_t got = ::recv(fd, room.data(), room.size(), 0);
    if (got <= 0) return std::nullopt;
    splitter.added(static_cast<std::size_t>(got));
    auto frame = splitter.next();
    if (!frame) return std::nullopt;
    if (!*frame) continue;
    auto order = json::parse_object(as_text((*frame)->body));
    return order ? std::optional(std::move(*order)) : std::nullopt;
  }
}

// The film of a complete journal; nothing while it grows.
std::optional<std::string> film_of(const std::string& directory, Bytes key) {
  journal::WindowKeyReader places(directory);
  journal::JournalReader reader(key, false, &places);
  int records = 0, reason = 0;
  for (const std::uint32_t segment : journal::list_segments(directory)) {
    std::ifstream in(directory + "/" + journal::segment_file_name(segment), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    reader.begin_segment();
    reader.append(as_bytes(bytes));
    for (;;) {
      const auto status = reader.next();
      if (status == journal::ReadStatus::journal_end) return std::to_string(records) + " records, stop reason " + std::to_string(reason);
      if (status == journal::ReadStatus::forgotten) continue;
      if (status != journal::ReadStatus::record) break;
      ++records;
      if (const auto* stop = std::get_if<wire::TapStop>(&reader.record())) reason = static_cast<int>(stop->reason);
    }
  }
  return std::nullopt;
}

// False: the server has closed its end.
bool pause_briefly(int fd) {
  pollfd wait{fd, POLLIN, 0};
  char byte;
  return ::poll(&wait, 1, 5) <= 0 || ::recv(fd, &byte, 1, MSG_PEEK) > 0;
}

}  // namespace

int run_fake_composer(int fd) {
  say(fd, wire::ChildMessage::warm, "");
  const auto order = read_order(fd);
  if (!order) return 2;
  const std::string directory = json::text_or(*order, "journal"), title = json::text_or(*order, "title");
  const ByteVector key = from_hex(json::text_or(*order, "key")).value();
  say(fd, wire::ChildMessage::ready, R"({"version":2})");
  const std::filesystem::path spool = std::filesystem::path(directory).parent_path();
  std::ofstream(spool / "runs", std::ios::app) << title << "\n";
  const bool second = std::filesystem::exists(spool / "tried");
  if (title.starts_with("broken") || (title.starts_with("twice") && !second)) {
    std::ofstream(spool / "tried") << "once\n";
    say(fd, wire::ChildMessage::failed, R"({"message":"made to fail"})");
    return 1;
  }
  std::optional<std::string> film;
  while (!(film = film_of(directory, key)) || (title.starts_with("held") && !std::filesystem::exists(spool / "released"))) {
    if (!pause_briefly(fd)) return 3;
  }
  // A film of one fragment, whose bytes are the sentence.
  const auto message = [](const ByteVector& head, std::string_view boxes) {
    return std::string(as_text(head)) + std::string(boxes);
  };
  wire::FilmHeader header;
  header.width = header.height = 2;
  header.fps = 30;
  header.timescale = 15360;
  header.boxes = as_bytes("ftypmoov");
  wire::FilmFragment fragment;
  fragment.end_tick = fragment.next_decode_tick = 37;
  fragment.boxes = as_bytes(*film);
  if (!order->contains("resume")) {
    say(fd, wire::ChildMessage::header, message(wire::encode_head(header), as_text(header.boxes)));
    say(fd, wire::ChildMessage::fragment, message(wire::encode_head(fragment), *film));
  }
  say(fd, wire::ChildMessage::done,
      bj::serialize(bj::object{{"fragments", 1}, {"duration_ms", 1234}, {"width", 2}, {"height", 2}, {"video_frames", 7}, {"title", title}}));
  return 0;
}

int run_fake_check(int fd) {
  wire::ChildFrameSplitter splitter;
  std::string facts, film;
  for (;;) {
    const MutBytes room = splitter.room();
    const ssize_t got = ::recv(fd, room.data(), room.size(), 0);
    if (got <= 0) return 1;
    splitter.added(static_cast<std::size_t>(got));
    for (auto frame = splitter.next(); frame && *frame; frame = splitter.next()) {
      if ((*frame)->type == wire::ChildMessage::check) facts = as_text((*frame)->body);
      if ((*frame)->type == wire::ChildMessage::film) film += as_text((*frame)->body);
      if ((*frame)->type != wire::ChildMessage::stop) continue;
      if (facts.find("\"title\":\"check-dies") != std::string::npos) return 1;
      if (facts.find("\"title\":\"check-lies") != std::string::npos) {
        say(fd, wire::ChildMessage::checked, R"({"findings":[{"kind":"wonderful"}]})");
        return 0;
      }
      // "Unwell", when it was given the whole film.
      const bool unwell = facts.find("\"title\":\"unwell") != std::string::npos && film.find("stop reason") != std::string::npos;
      say(fd, wire::ChildMessage::checked,
          unwell ? R"({"findings":[{"kind":"frozen","severity":"alarm","value":0.5,"at_ms":700},{"kind":"gap","severity":"warning","value":150,"at_ms":1}]})"
                 : R"({"findings":[]})");
      return 0;
    }
  }
}

}  // namespace upcall::test

// The composers of these tests are this program.
int main(int argc, char** argv) {
  if (argc == 4 && std::strcmp(argv[1], "worker") == 0) return upcall::test::run_fake_composer(std::atoi(argv[3]));
  if (argc == 4 && std::strcmp(argv[1], "check") == 0) return upcall::test::run_fake_check(std::atoi(argv[3]));
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
