// Files in a chat: announced, put, completed, scanned, given out, and gone with the contact.
#include <fstream>

#include "customer.hpp"

#include "io/store/parameter_repository.hpp"
#include "io/store/retention_repository.hpp"

namespace upcall::test {
namespace {

constexpr std::string_view kOrigin = "https://upcall.example";

struct Files {
  Files() : jane(in) {
    in.add_user("ann@example.com");
    as_ann = in.bearer(in.log_in("ann@example.com"));
    jane.connect();
    EXPECT_EQ(in.send("PUT", "/api/agent/status", R"({"status":"available"})", as_ann).status, 200);
    path = "/api/agent/contacts/" + jane.contact_id;
    EXPECT_EQ(in.send("POST", path + "/accept", "", as_ann).status, 200);
  }
  void set(const std::string& name, const std::string& value) {
    ASSERT_TRUE(in.store->write([&](store::Database& db) { return store::parameters::set(db, name, value); }));
  }
  // A program that decides; where it lies is told to nobody else.
  void scan_with(const std::string& script) {
    const std::string program = (std::filesystem::temp_directory_path() / ("upcall-scan-" + std::to_string(::getpid()) + std::to_string(++scripts_))).string();
    {
      std::ofstream out(program);
      out << "#!/bin/sh\n" << script << "\n";
    }
    std::filesystem::permissions(program, std::filesystem::perms::owner_all);
    made_.push_back(program);
    set("chatAttachmentScanCommand", program);
  }
  ~Files() {
    for (const auto& program : made_) std::filesystem::remove(program);
  }
  bj::object begin(const std::string& content, const std::string& type = "text/plain", const std::string& name = "notes.txt") {
    auto answer = jane.call("start-attachment-upload", jane.connection, {{"ContentType", type}, {"AttachmentSizeInBytes", content.size()}, {"AttachmentName", name}});
    EXPECT_EQ(answer.status, 200) << answer.body;
    return Installation::body(answer);
  }
  int put(const bj::object& begun, const std::string& content) {
    const auto& upload = begun.at("UploadMetadata").as_object();
    Installation::Headers headers;
    for (const auto& [name, value] : upload.at("HeadersToInclude").as_object()) headers.emplace_back("content-type", text(value));
    EXPECT_EQ(headers.size(), 1u);
    return in.send("PUT", text(upload.at("Url")).substr(kOrigin.size()), content, headers).status;
  }
  int complete(const bj::object& begun) { return jane.call("complete-attachment-upload", jane.connection, {{"AttachmentIds", {begun.at("AttachmentId")}}}).status; }
  std::string send(const std::string& content) {
    const auto begun = begin(content);
    EXPECT_EQ(put(begun, content), 200);
    EXPECT_EQ(complete(begun), 200);
    return text(begun.at("AttachmentId"));
  }
  // The item with this status on the customer's socket.
  bj::object take(const std::string& id, const std::string& status) {
    bj::object item;
    jane.socket.connection->take(
        [&](const bj::object& f) {
          if (f.at("topic") != "aws/chat") return false;
          item = *json::parse_object(text(f.at("content")));
          return text(item.at("Type")) == "ATTACHMENT" && text(item.at("Attachments").at(0).at("AttachmentId")) == id && text(item.at("Attachments").at(0).at("Status")) == status;
        },
        status.c_str());
    return item;
  }
  std::vector<objects::ObjectInfo> kept() { return *in.objects->list("attachments/" + jane.contact_id + "/"); }
  wire::HttpResponse get(const std::string& id) { return jane.call("attachment", jane.connection, {{"AttachmentId", id}}); }
  std::string read(const wire::HttpResponse& answer) {
    const auto file = in.send("GET", text(Installation::body(answer).at("Url")).substr(kOrigin.size()));
    EXPECT_EQ(file.status, 200);
    if (!file.source) return {};
    std::string out(file.source->size(), '\0');
    EXPECT_EQ(*file.source->read(0, MutBytes(reinterpret_cast<std::uint8_t*>(out.data()), out.size())), out.size());
    return out;
  }
  Installation in;
  Customer jane;
  Installation::Headers as_ann;
  std::string path;

 private:
  int scripts_ = 0;
  std::vector<std::string> made_;
};

TEST(Attachments, AnApprovedFileIsGivenToTheOthers) {
  Files files;
  // The program sees the file and its type, and nothing else of ours.
  files.scan_with(R"sh(test "$UPCALL_ATTACHMENT_TYPE" = text/plain && test "$(cat)" = "harmless words")sh");
  auto events = files.in.open("/api/agent/events", files.as_ann);
  const std::string id = files.send("harmless words");
  const auto pending = files.take(id, "IN_PROGRESS");
  EXPECT_EQ(text(pending.at("Attachments").at(0).at("AttachmentName")), "notes.txt");
  const auto approved = files.take(id, "APPROVED");
  EXPECT_EQ(approved.at("Id"), pending.at("Id"));
  EXPECT_EQ(approved.at("AbsoluteTime"), pending.at("AbsoluteTime"));
  auto answer = files.get(id);
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(Installation::body(answer).at("AttachmentSizeInBytes").as_int64(), 14);
  EXPECT_EQ(files.read(answer), "harmless words");
  const auto file = files.in.send("GET", text(Installation::body(answer).at("Url")).substr(kOrigin.size()));
  const auto header = [&](std::string_view name) {
    for (const auto& [n, v] : file.headers) {
      if (n == name) return v;
    }
    return std::string();
  };
  EXPECT_EQ(header("content-disposition"), "attachment; filename*=UTF-8''notes.txt");
  EXPECT_NE(header("content-security-policy").find("sandbox"), std::string::npos);

  events.connection->take([&](const bj::object& f) { return f.at("type") == "item" && bj::serialize(f).find("\"APPROVED\"") != std::string::npos; }, "the agent hears of it");
  auto agents = files.in.send("GET", files.path + "/attachments/" + id, "", files.as_ann);
  ASSERT_EQ(agents.status, 200) << agents.body;
  // After a restart it is still there, and the transcript says so.
  events.handler->on_close(1006);
  files.jane.socket.handler->on_close(1006);
  files.in.stop();
  files.in.start();
  EXPECT_EQ(files.read(files.get(id)), "harmless words");
  const auto items = files.jane.transcript();
  EXPECT_NE(bj::serialize(items).find("\"Status\":\"APPROVED\""), std::string::npos);
  EXPECT_EQ(files.complete({{"AttachmentId", id}}), 200) << "asked again: nothing more happens";
  EXPECT_EQ(files.jane.transcript().size(), items.size());

  // Another customer cannot read it, nor tell that it is there.
  Customer jim(files.in);
  jim.connect();
  auto foreign = jim.call("attachment", jim.connection, {{"AttachmentId", id}});
  auto nothing = jim.call("attachment", jim.connection, {{"AttachmentId", "0b7f1f0e-0000-4000-8000-000000000000"}});
  EXPECT_EQ(foreign.status, 403);
  EXPECT_EQ(foreign.body, nothing.body);
  files.in.pass(Duration::s(301));
  EXPECT_EQ(files.in.send("GET", text(Installation::body(answer).at("Url")).substr(kOrigin.size())).status, 403) << "the address has its time";
}

TEST(Attachments, WhatIsRejectedIsGivenToNobody) {
  Files files;
  for (const char* script : {"exit 1", "kill -9 $$", "cat >/dev/null; exit 2"}) {
    files.scan_with(script);
    const std::string id = files.send("words");
    files.take(id, "REJECTED");
    EXPECT_EQ(files.get(id).status, 403) << script;
    EXPECT_EQ(files.in.send("GET", files.path + "/attachments/" + id, "", files.as_ann).status, 404);
    EXPECT_TRUE(files.kept().empty()) << "nor kept";
  }
  files.set("chatAttachmentScanCommand", "/nowhere/at/all");
  const std::string id = files.send("words");
  files.take(id, "REJECTED");
  // One that does not end in time.
  files.scan_with("exec sleep 100");
  files.set("chatAttachmentScanSeconds", "1");
  files.take(files.send("words"), "REJECTED");
}

TEST(Attachments, NotBeforeTheScanHasEndedAndAfterARestartToo) {
  Files files;
  files.scan_with("exec sleep 100");
  const std::string id = files.send("words");
  files.take(id, "IN_PROGRESS");
  EXPECT_EQ(files.get(id).status, 403);
  files.jane.socket.handler->on_close(1006);
  files.in.stop();
  files.in.start();
  files.jane.connect();
  // The one that was being scanned is scanned anew; the program hangs no longer.
  files.in.stop();
  {
    auto store = std::move(*store::Store::open({files.in.dir(), 2, 16}));
    ASSERT_TRUE(store->write([](store::Database& db) { return store::parameters::set(db, "chatAttachmentScanCommand", ""); }));
  }
  files.in.start();
  files.jane.connect();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (files.get(id).status != 200 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  EXPECT_EQ(files.read(files.get(id)), "words");
}

// A put that ends after the upload was completed must not get past the scan.
TEST(Attachments, WhatWasScannedIsWhatIsGivenOut) {
  Files files;
  const auto begun = files.begin("words");
  const std::string id = text(begun.at("AttachmentId"));
  ASSERT_EQ(files.put(begun, "words"), 200);
  ASSERT_TRUE(files.in.attachments->complete(files.jane.contact_id, files.jane.participant_id, id));
  EXPECT_FALSE(*files.in.store->write([&](store::Database& db) { return store::attachments::set_object(db, id, "late"); })) << "another put was on its way";
  EXPECT_EQ(files.complete(begun), 200);
  files.take(id, "APPROVED");
  EXPECT_EQ(files.read(files.get(id)), "words");
  EXPECT_EQ(files.kept().size(), 1u);
}

TEST(Attachments, EveryFieldIsChecked) {
  Files files;
  struct Case {
    const char* operation;
    bj::object body;
    int status;
    const char* says;
  };
  const auto start = [](bj::value type, bj::value size, bj::value name) { return bj::object{{"ContentType", type}, {"AttachmentSizeInBytes", size}, {"AttachmentName", name}}; };
  const Case cases[] = {
      {"start-attachment-upload", {}, 400, "AttachmentName"},
      {"start-attachment-upload", start(7, 5, "a.txt"), 400, "ContentType"},
      {"start-attachment-upload", start("", 5, "a.txt"), 400, "ContentType"},
      {"start-attachment-upload", start("text/html", 5, "a.html"), 400, "ContentType"},
      {"start-attachment-upload", start("image/svg+xml", 5, "a.svg"), 400, "ContentType"},
      {"start-attachment-upload", start("text/plain", "5", "a.txt"), 400, "AttachmentSizeInBytes"},
      {"start-attachment-upload", start("text/plain", 0, "a.txt"), 400, "AttachmentSizeInBytes"},
      {"start-attachment-upload", start("text/plain", -1, "a.txt"), 400, "AttachmentSizeInBytes"},
      {"start-attachment-upload", start("text/plain", (20 << 20) + 1, "a.txt"), 400, "AttachmentSizeInBytes"},
      {"start-attachment-upload", start("text/plain", 5, 7), 400, "AttachmentName"},
      {"start-attachment-upload", start("text/plain", 5, ""), 400, "AttachmentName"},
      {"start-attachment-upload", start("text/plain", 5, ".."), 400, "AttachmentName"},
      {"start-attachment-upload", start("text/plain", 5, "../a"), 400, "AttachmentName"},
      {"start-attachment-upload", start("text/plain", 5, "a\\b"), 400, "AttachmentName"},
      {"start-attachment-upload", start("text/plain", 5, "a\nb"), 400, "AttachmentName"},
      {"start-attachment-upload", start("text/plain", 5, "a\"b"), 400, "AttachmentName"},
      {"start-attachment-upload", start("text/plain", 5, bj::string(257, 'x')), 400, "AttachmentName"},
      {"complete-attachment-upload", {}, 400, "AttachmentIds"},
      {"complete-attachment-upload", {{"AttachmentIds", "x"}}, 400, "AttachmentIds"},
      {"complete-attachment-upload", {{"AttachmentIds", bj::array{}}}, 400, "AttachmentIds"},
      {"complete-attachment-upload", {{"AttachmentIds", {"a", "b"}}}, 400, "AttachmentIds"},
      {"complete-attachment-upload", {{"AttachmentIds", {7}}}, 400, "AttachmentIds"},
      {"complete-attachment-upload", {{"AttachmentIds", {"nothing"}}}, 403, ""},
      {"attachment", {}, 400, "AttachmentId"},
      {"attachment", {{"AttachmentId", 7}}, 400, "AttachmentId"},
      {"attachment", {{"AttachmentId", std::string(257, 'x')}}, 400, "AttachmentId"},
      {"attachment", {{"AttachmentId", "x"}, {"UrlExpiryInSeconds", 4}}, 400, "UrlExpiryInSeconds"},
      {"attachment", {{"AttachmentId", "x"}, {"UrlExpiryInSeconds", 301}}, 400, "UrlExpiryInSeconds"},
      {"attachment", {{"AttachmentId", "x"}, {"UrlExpiryInSeconds", "60"}}, 400, "UrlExpiryInSeconds"},
  };
  for (const Case& c : cases) {
    files.in.pass(Duration::s(1));
    auto answer = files.jane.call(c.operation, files.jane.connection, c.body);
    EXPECT_EQ(answer.status, c.status) << c.operation << " " << bj::serialize(c.body);
    EXPECT_NE(answer.body.find(c.says), std::string::npos) << bj::serialize(c.body) << ": " << answer.body;
    EXPECT_EQ(files.jane.call(c.operation, "no such token", c.body).status, 403);
  }
  const auto begun = files.begin("words");
  EXPECT_EQ(files.complete(begun), 409) << "not uploaded";
  EXPECT_EQ(files.put(begun, "more words"), 400) << "another size than announced";
  const std::string url = text(begun.at("UploadMetadata").at("Url")).substr(kOrigin.size());
  EXPECT_EQ(files.in.send("PUT", url, "words", {{"content-type", "text/html"}}).status, 400);
  EXPECT_EQ(files.in.send("PUT", "/aws/participant/attachments/guess", "words", {{"content-type", "text/plain"}}).status, 403);
  EXPECT_EQ(files.in.attachments->body_limit(url.substr(url.rfind('/') + 1)), 5u);
  EXPECT_EQ(files.in.attachments->body_limit("guess"), 0u);
  EXPECT_EQ(files.put(begun, "words"), 200);
  EXPECT_EQ(files.put(begun, "WORDS"), 200) << "put again before it is complete";
  EXPECT_EQ(files.complete(begun), 200);
  EXPECT_EQ(files.put(begun, "other"), 403) << "not after that";
  files.take(text(begun.at("AttachmentId")), "APPROVED");
  EXPECT_EQ(files.read(files.get(text(begun.at("AttachmentId")))), "WORDS");
  const auto late = files.begin("words");
  files.in.pass(Duration::s(901));
  EXPECT_EQ(files.put(late, "words"), 403) << "an upload has its time";

  files.set("chatAttachmentsPerChat", "3");
  files.send("words");
  auto many = files.jane.call("start-attachment-upload", files.jane.connection, start("text/plain", 5, "a.txt"));
  EXPECT_EQ(many.status, 402);
  EXPECT_EQ(text(Installation::body(many).at("__type")), "ServiceQuotaExceededException");
  files.set("chatAttachmentsPerChat", "35");
  files.set("chatAttachmentMaxBytes", "4");
  EXPECT_EQ(files.jane.call("start-attachment-upload", files.jane.connection, start("text/plain", 5, "a.txt")).status, 400);
}

TEST(Attachments, OfAnAgentAndWithTheContactsErasureGone) {
  Files files;
  auto begun = files.in.send("POST", files.path + "/attachments", R"({"name":"offer.pdf","contentType":"application/pdf","sizeInBytes":4})", files.as_ann);
  ASSERT_EQ(begun.status, 200) << begun.body;
  const auto data = Installation::body(begun).at("data").as_object();
  const std::string id = text(data.at("attachmentId"));
  EXPECT_EQ(files.in.send("POST", files.path + "/attachments/" + id + "/complete", "", files.as_ann).status, 409);
  EXPECT_EQ(files.in.send("PUT", text(data.at("url")).substr(kOrigin.size()), "%PDF", {{"content-type", "application/pdf"}}).status, 200);
  EXPECT_EQ(files.in.send("POST", files.path + "/attachments/" + id + "/complete", "", files.as_ann).status, 200);
  const auto item = files.take(id, "APPROVED");
  EXPECT_EQ(text(item.at("ParticipantRole")), "AGENT");
  EXPECT_EQ(files.read(files.get(id)), "%PDF");
  EXPECT_EQ(files.complete({{"AttachmentId", id}}), 403) << "the customer cannot complete the agent's";
  for (const char* body : {"", "{}", R"({"name":7,"contentType":"text/plain","sizeInBytes":4})", R"({"name":"a","contentType":"text/plain","sizeInBytes":"4"})",
                           R"({"name":"a/b","contentType":"text/plain","sizeInBytes":4})", R"({"name":"a","contentType":"text/html","sizeInBytes":4})"}) {
    EXPECT_EQ(files.in.send("POST", files.path + "/attachments", body, files.as_ann).status, 400) << body;
  }
  files.in.add_user("bob@example.com");
  const auto as_bob = files.in.bearer(files.in.log_in("bob@example.com"));
  EXPECT_EQ(files.in.send("GET", files.path + "/attachments/" + id, "", as_bob).status, 404);
  EXPECT_EQ(files.in.send("POST", files.path + "/attachments", R"({"name":"a","contentType":"text/plain","sizeInBytes":4})", as_bob).status, 404);

  EXPECT_EQ(files.kept().size(), 1u);
  EXPECT_EQ(files.in.send("POST", files.path + "/end", "", files.as_ann).status, 200);
  EXPECT_EQ(files.in.send("POST", files.path + "/clear", "", files.as_ann).status, 200);
  auto erased = files.in.erase(files.jane.contact_id);
  ASSERT_TRUE(erased) << erased.error().message;
  EXPECT_TRUE(files.kept().empty());
  EXPECT_TRUE(files.in.store->read([&](store::Database& db) { return store::attachments::of_contact(db, files.jane.contact_id); })->empty());
}

}  // namespace
}  // namespace upcall::test
