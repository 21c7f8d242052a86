#include "service/attachments/attachment_service.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <vector>

#include "base/ids.hpp"
#include "io/log/log.hpp"
#include "io/store/parameter_repository.hpp"
#include "json/json.hpp"

namespace upcall::service {
namespace {

constexpr Duration kUploadLife = Duration::s(900);
constexpr Duration kForgotten = Duration::s(3600);   // an upload that was begun and never completed
constexpr Duration kPruneEvery = Duration::s(600);
constexpr std::size_t kTicketsMax = 20'000;
constexpr std::size_t kPiece = 256 << 10;
constexpr std::size_t kNameMax = 256, kTypeMax = 255;

struct Settings {
  std::int64_t bytes = kAttachmentBytesMost, count = 35, scan_seconds = 60;
  std::string types, command;
};

Result<Settings> settings(store::Database& db) {
  Settings out;
  const auto number = [&](std::string_view name, std::int64_t& value) -> Result<void> {
    auto text = store::parameters::get_or(db, name, "");
    if (!text) return tl::unexpected(text.error());
    std::from_chars(text->data(), text->data() + text->size(), value);
    return {};
  };
  if (auto r = number("chatAttachmentMaxBytes", out.bytes); !r) return tl::unexpected(r.error());
  if (auto r = number("chatAttachmentsPerChat", out.count); !r) return tl::unexpected(r.error());
  if (auto r = number("chatAttachmentScanSeconds", out.scan_seconds); !r) return tl::unexpected(r.error());
  out.bytes = std::clamp<std::int64_t>(out.bytes, 0, kAttachmentBytesMost);
  auto types = store::parameters::get_or(db, "chatAttachmentTypes", "");
  if (!types) return tl::unexpected(types.error());
  out.types = types->empty() ? std::string(store::attachments::kUsualTypes) : std::move(*types);
  auto command = store::parameters::get_or(db, "chatAttachmentScanCommand", "");
  if (!command) return tl::unexpected(command.error());
  out.command = std::move(*command);
  return out;
}

bool listed(std::string_view list, std::string_view type) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    if (list.substr(0, comma) == type) return true;
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  }
  return false;
}

// A name for people to see and to save under: no path, no control character, no quotation of a header.
bool is_file_name(std::string_view name) {
  if (name.empty() || name.size() > kNameMax || !json::is_clean_text(name) || name.find_first_not_of(". ") == std::string_view::npos) return false;
  return std::none_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '/' || c == '\\' || c == '"'; });
}

std::string folder(std::string_view contact_id) { return "attachments/" + std::string(contact_id) + "/"; }

// The whole object in an anonymous file, at its beginning; -1 when it cannot be read.
int memory_file(wire::BodySource& source) {
  const int file = ::memfd_create("attachment", MFD_CLOEXEC);
  if (file < 0) return -1;
  std::vector<std::uint8_t> piece(kPiece);
  for (std::uint64_t at = 0; at < source.size();) {
    const auto got = source.read(at, piece);
    const bool written = got && *got > 0 && ::write(file, piece.data(), *got) == static_cast<ssize_t>(*got);
    if (!written) {
      ::close(file);
      return -1;
    }
    at += *got;
  }
  ::lseek(file, 0, SEEK_SET);
  return file;
}

}  // namespace

AttachmentService::AttachmentService(store::Store& store, objects::ObjectStore& objects, RandomSource& random, std::function<Now()> clock)
    : store_(store), objects_(objects), random_(random), clock_(std::move(clock)) {}

AttachmentService::~AttachmentService() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void AttachmentService::start(std::function<void(const store::AttachmentRow&)> scanned) {
  scanned_ = std::move(scanned);
  auto open = store_.read([&](store::Database& db) { return store::attachments::in_state(db, "scanning", clock_().wall + Duration::s(1)); });
  if (open) {
    for (const store::AttachmentRow& row : *open) waiting_.push_back(row.id);
  }
  thread_ = std::thread([this] { run(); });
}

std::string AttachmentService::make_ticket(Tickets& tickets, Ticket ticket) {
  std::string text = make_token(random_);
  const std::lock_guard lock(mutex_);
  if (tickets.size() >= kTicketsMax) std::erase_if(tickets, [&](const auto& t) { return t.second.expires <= clock_().mono; });
  tickets.emplace(text, std::move(ticket));
  return text;
}

std::optional<AttachmentService::Ticket> AttachmentService::find_ticket(const Tickets& tickets, std::string_view text) const {
  const std::lock_guard lock(mutex_);
  const auto found = tickets.find(text);
  if (found == tickets.end() || found->second.expires <= clock_().mono) return std::nullopt;
  return found->second;
}

Result<AttachmentService::Begun> AttachmentService::begin(const Wanted& wanted) {
  if (!is_file_name(wanted.name)) return fail(ErrorCode::invalid_argument, "AttachmentName is a file name of 1 to 256 bytes, without a path");
  if (wanted.content_type.empty() || wanted.content_type.size() > kTypeMax) return fail(ErrorCode::invalid_argument, "ContentType is 1 to 255 characters");
  const Now now = clock_();
  auto row = store_.write([&](store::Database& db) -> Result<store::AttachmentRow> {
    auto set = settings(db);
    if (!set) return tl::unexpected(set.error());
    if (!listed(set->types, wanted.content_type)) return fail(ErrorCode::invalid_argument, "ContentType is not among those that are taken here");
    if (wanted.size_bytes < 1 || wanted.size_bytes > set->bytes) {
      return fail(ErrorCode::invalid_argument, "AttachmentSizeInBytes is 1 to " + std::to_string(set->bytes));
    }
    if (!wanted.client_token.empty()) {
      auto earlier = store::attachments::find_token(db, wanted.participant_id, wanted.client_token);
      if (!earlier) return tl::unexpected(earlier.error());
      const bool same = *earlier && (*earlier)->name == wanted.name && (*earlier)->content_type == wanted.content_type && (*earlier)->size_bytes == wanted.size_bytes;
      if (same && (*earlier)->state == "started") return std::move(**earlier);
    }
    auto others = store::attachments::of_contact(db, wanted.contact_id);
    if (!others) return tl::unexpected(others.error());
    if (static_cast<std::int64_t>(others->size()) >= set->count) return fail(ErrorCode::exhausted, "too many attachments in this chat");
    store::AttachmentRow made{make_uuid(random_), wanted.contact_id, wanted.participant_id, wanted.name, wanted.content_type, wanted.size_bytes, "started", "", wanted.client_token, now.wall};
    if (auto done = store::attachments::insert(db, made); !done) return tl::unexpected(done.error());
    return made;
  });
  if (!row) return tl::unexpected(row.error());
  Begun out{row->id, {}, now.wall + kUploadLife};
  out.ticket = make_ticket(uploads_, {row->id, row->content_type, row->size_bytes, now.mono + kUploadLife});
  return out;
}

std::size_t AttachmentService::body_limit(std::string_view ticket) const {
  const auto found = find_ticket(uploads_, ticket);
  return found ? static_cast<std::size_t>(found->size_bytes) : 0;
}

Result<void> AttachmentService::put(std::string_view ticket, std::string_view content_type, Bytes body) {
  const auto found = find_ticket(uploads_, ticket);
  if (!found) return fail(ErrorCode::not_found, "no such upload");
  if (content_type != found->content_type) return fail(ErrorCode::invalid_argument, "content-type is not what was announced");
  if (static_cast<std::int64_t>(body.size()) != found->size_bytes) return fail(ErrorCode::invalid_argument, "the size is not what was announced");
  auto row = store_.read([&](store::Database& db) { return store::attachments::find(db, found->attachment_id); });
  if (!row) return tl::unexpected(row.error());
  if (!*row) return fail(ErrorCode::not_found, "no such upload");
  if ((*row)->state != "started" && (*row)->state != "uploaded") return fail(ErrorCode::conflict, "the upload is complete");
  // An object of its own for each put: what is being scanned, or was approved, is never written over by a late one.
  const std::string key = folder((*row)->contact_id) + (*row)->id + "-" + make_uuid(random_);
  auto upload = objects_.begin_upload(key, (*row)->content_type);
  if (!upload) return tl::unexpected(upload.error());
  if (auto part = (*upload)->put_part(1, body); !part) return part;
  if (auto whole = (*upload)->complete(clock_().wall); !whole) return tl::unexpected(whole.error());
  auto before = store_.write([&](store::Database& db) { return store::attachments::set_object(db, found->attachment_id, key); });
  if (before && *before) {
    if (!(*before)->empty()) (void)objects_.remove(**before);
    return {};
  }
  (void)objects_.remove(key);
  if (!before) return tl::unexpected(before.error());
  return fail(ErrorCode::conflict, "the upload is complete");
}

Result<store::AttachmentRow> AttachmentService::complete(const std::string& contact_id, const std::string& participant_id, const std::string& attachment_id) {
  auto row = store_.write([&](store::Database& db) -> Result<store::AttachmentRow> {
    auto moved = store::attachments::move(db, attachment_id, "uploaded", "scanning");
    if (!moved) return tl::unexpected(moved.error());
    auto found = store::attachments::find(db, attachment_id);
    if (!found) return tl::unexpected(found.error());
    // Somebody else's looks like one that is not there; the transaction takes the move back.
    if (!*found || (*found)->contact_id != contact_id || (*found)->participant_id != participant_id) return fail(ErrorCode::not_found, "no such attachment");
    if ((*found)->state == "started") return fail(ErrorCode::conflict, "the attachment was not uploaded");
    return std::move(**found);
  });
  if (!row) return row;
  const std::lock_guard lock(mutex_);
  std::erase_if(uploads_, [&](const auto& t) { return t.second.attachment_id == attachment_id; });
  return row;
}

void AttachmentService::scan(const std::string& attachment_id) {
  {
    const std::lock_guard lock(mutex_);
    if (std::find(waiting_.begin(), waiting_.end(), attachment_id) == waiting_.end()) waiting_.push_back(attachment_id);
  }
  wake_.notify_all();
}

Result<std::string> AttachmentService::give_out(const std::string& contact_id, const std::string& attachment_id, Duration valid, store::AttachmentRow* row) {
  auto found = store_.read([&](store::Database& db) { return store::attachments::find(db, attachment_id); });
  if (!found) return tl::unexpected(found.error());
  if (!*found || (*found)->contact_id != contact_id || (*found)->state != "approved") return fail(ErrorCode::not_found, "no such attachment");
  *row = std::move(**found);
  return make_ticket(downloads_, {row->id, row->content_type, row->size_bytes, clock_().mono + valid});
}

Result<AttachmentService::Content> AttachmentService::open(std::string_view ticket) {
  const auto found = find_ticket(downloads_, ticket);
  if (!found) return fail(ErrorCode::not_found, "no such attachment");
  // Read again: it may have been erased since the address was given out.
  auto row = store_.read([&](store::Database& db) { return store::attachments::find(db, found->attachment_id); });
  if (!row) return tl::unexpected(row.error());
  if (!*row || (*row)->state != "approved") return fail(ErrorCode::not_found, "no such attachment");
  auto source = objects_.open((*row)->object_key);
  if (!source) return tl::unexpected(source.error());
  return Content{std::move(**row), std::move(*source)};
}

void AttachmentService::run() {
  auto next_prune = std::chrono::steady_clock::now();
  for (;;) {
    std::string id;
    {
      std::unique_lock lock(mutex_);
      wake_.wait_until(lock, next_prune, [&] { return stop_ || !waiting_.empty(); });
      if (stop_) return;
      if (!waiting_.empty()) {
        id = std::move(waiting_.front());
        waiting_.pop_front();
      }
    }
    if (!id.empty()) scan_one(id);
    if (std::chrono::steady_clock::now() >= next_prune) {
      next_prune = std::chrono::steady_clock::now() + std::chrono::nanoseconds(kPruneEvery.ns());
      prune();
    }
  }
}

Result<bool> AttachmentService::approves(const store::AttachmentRow& row) {
  auto set = store_.read([](store::Database& db) { return settings(db); });
  if (!set) return tl::unexpected(set.error());
  if (set->command.empty()) return true;
  auto source = objects_.open(row.object_key);
  if (!source) return tl::unexpected(source.error());
  const int input = memory_file(**source);
  if (input < 0) return fail(ErrorCode::unavailable, "the attachment could not be read");
  process::ChildOptions options;
  options.program = set->command;
  options.environment = {{"PATH", "/usr/local/bin:/usr/bin:/bin"}, {"UPCALL_ATTACHMENT_TYPE", row.content_type}, {"UPCALL_ATTACHMENT_BYTES", std::to_string(row.size_bytes)}};
  options.descriptors = {{input, 0}, {-1, 1}, {-1, 2}};
  options.nice = 10;
  auto child = children_.spawn(std::move(options));
  ::close(input);
  if (!child) {
    log::error("attachment.scan_failed", {{"why", child.error().message}});
    return false;
  }
  std::optional<process::ChildExit> exit;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(set->scan_seconds);
  while (!exit && std::chrono::steady_clock::now() < deadline) {
    exit = (*child)->wait(Duration::ms(100));
    const std::lock_guard lock(mutex_);
    if (stop_ && !exit) return fail(ErrorCode::unavailable, "the server is closing");  // scanned again at the next start
  }
  if (!exit) log::warn("attachment.scan_too_long", {{"seconds", set->scan_seconds}});
  return exit && exit->ok();
}

void AttachmentService::scan_one(const std::string& id) {
  auto row = store_.read([&](store::Database& db) { return store::attachments::find(db, id); });
  if (!row || !*row || (*row)->state != "scanning") return;
  const auto approved = approves(**row);
  if (!approved) {
    log::warn("attachment.scan_waits", {{"why", approved.error().message}});
    // The store of objects does not answer: again, but not at once.
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, std::chrono::seconds(1), [&] { return stop_; });
    if (!stop_ && approved.error().code != ErrorCode::not_found) waiting_.push_back(id);
    return;
  }
  if (!*approved) (void)objects_.remove((*row)->object_key);
  auto moved = store_.write([&](store::Database& db) { return store::attachments::move(db, id, "scanning", *approved ? "approved" : "rejected"); });
  if (!moved || !*moved) return;
  (*row)->state = *approved ? "approved" : "rejected";
  if (scanned_) scanned_(**row);
}

void AttachmentService::prune() {
  for (const char* state : {"started", "uploaded"}) {
    auto old = store_.read([&](store::Database& db) { return store::attachments::in_state(db, state, clock_().wall - kForgotten); });
    if (!old) return;
    for (const store::AttachmentRow& row : *old) {
      const auto removed = row.object_key.empty() ? Result<void>() : objects_.remove(row.object_key);
      if (!removed && removed.error().code != ErrorCode::not_found) continue;
      (void)store_.write([&](store::Database& db) { return store::attachments::remove(db, row.id); });
    }
  }
}

}  // namespace upcall::service
