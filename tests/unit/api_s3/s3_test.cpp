// Recordings through /aws/s3: who sees what, and how what is refused looks.
#include "api/s3/s3_api.hpp"

#include <gmock/gmock.h>

#include <set>

#include "../centre_api/harness.hpp"
#include "crypto/sigv4.hpp"
#include "io/objects/directory_object_store.hpp"
#include "io/store/meeting_repository.hpp"
#include "io/store/parameter_repository.hpp"
#include "io/store/retention_repository.hpp"
#include "s3/answers.hpp"
#include "s3/listing.hpp"

namespace upcall::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}

struct Key {
  std::string id, secret;
};

class S3 : public ::testing::Test {
 protected:
  S3() {
    api::add_s3_routes(*in.router, api);
    record("r-1", "RECORDINGS/2026/01/one.mp4", "the first film");
    record("r-2", "RECORDINGS/2026/02/two.mp4", "the second film");
    record("r-3", "RECORDINGS/2027/three.mp4", "the third film");
    all = key("all");
  }
  ~S3() override { std::filesystem::remove_all(dir); }

  void record(const std::string& id, const std::string& object, const std::string& bytes, const std::string& group = "", bool with_file = true) {
    if (with_file) {
      auto upload = must(files->begin_upload(object, "video/mp4"));
      must(upload->put_part(1, as_bytes(bytes)).map([] { return 0; }));
      must(upload->complete(in.now().wall));
    }
    store::Recording row;
    row.recording_id = id;
    row.external_meeting_id = "m-" + id;
    row.meeting_id = "x-" + id;
    store::Meeting meeting;
    meeting.meeting_id = row.meeting_id;
    meeting.external_meeting_id = row.external_meeting_id;
    meeting.created = in.now().wall;
    must(in.store->write([&](store::Database& db) { return store::meetings::insert(db, meeting); }).map([] { return 0; }));
    row.owner_principal = "someone";
    row.object_key = object;
    row.requested = in.now().wall;
    row.state = store::RecordingState::stored;
    if (!group.empty()) row.hierarchy_group_id = row.hierarchy_path = group;
    must(in.store->write([&](store::Database& db) { return store::recordings::insert(db, row); }).map([] { return 0; }));
  }
  Key key(const std::string& name, bj::object more = {}) {
    more["name"] = name;
    const auto made = in.admin_run("access-key.create", more);
    return {text(made.at("accessKeyId")), text(made.at("secretAccessKey"))};
  }
  // A request signed in its headers; the test's clock begins at 2027-01-15T08:00:00Z.
  wire::HttpResponse ask(const Key& k, const std::string& path, const std::string& query = "", Installation::Headers more = {}, const std::string& method = "GET",
                         const std::string& date = "20270115T080000Z", const std::string& body = "", const std::string& hash = "UNSIGNED-PAYLOAD") {
    Installation::Headers headers = {{"host", "upcall.example"}, {"x-amz-content-sha256", hash}, {"x-amz-date", date}};
    crypto::SigV4Authorization a{k.id, date.substr(0, 8), "eu-north-1", "s3", {"host", "x-amz-content-sha256", "x-amz-date"}, ""};
    a.signature = crypto::sigv4_signature({method, path, query, headers, body}, a, k.secret, crypto::SigV4Path::as_sent);
    headers.emplace_back("authorization", "AWS4-HMAC-SHA256 Credential=" + k.id + "/" + a.date + "/eu-north-1/s3/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=" + a.signature);
    headers.insert(headers.end(), more.begin(), more.end());
    return in.send(method, path + (query.empty() ? "" : "?" + query), body, headers);
  }
  std::string presign(const Key& k, const std::string& path, int seconds, const std::string& more = "", const std::string& date = "20270115T080000Z") {
    std::string query = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=" + k.id + "%2F" + date.substr(0, 8) + "%2Flocal%2Fs3%2Faws4_request&X-Amz-Date=" + date +
                        "&X-Amz-Expires=" + std::to_string(seconds) + "&X-Amz-SignedHeaders=host" + more;
    crypto::SigV4Authorization a{k.id, date.substr(0, 8), "local", "s3", {"host"}, ""};
    const Installation::Headers headers = {{"host", "upcall.example"}, {"x-amz-content-sha256", "UNSIGNED-PAYLOAD"}, {"x-amz-date", date}};
    return query + "&X-Amz-Signature=" + crypto::sigv4_signature({"GET", path, query, headers, ""}, a, k.secret, crypto::SigV4Path::as_sent);
  }
  wire::HttpResponse open(const std::string& path, const std::string& query) { return in.send("GET", path + "?" + query, "", {{"host", "upcall.example"}}); }
  std::vector<std::string> keys(const Key& k, const std::string& query = "") {
    const auto answer = ask(k, "/aws/s3/recordings", "list-type=2" + (query.empty() ? "" : "&" + query));
    EXPECT_EQ(answer.status, 200) << answer.body;
    std::vector<std::string> out;
    const auto page = s3::parse_objects(answer.body);
    EXPECT_TRUE(page) << answer.body;
    if (page) {
      for (const auto& row : page->objects) out.push_back(row.key);
    }
    return out;
  }
  static std::string code(const wire::HttpResponse& answer) {
    const auto parsed = s3::parse_error(answer.body);
    return parsed ? *parsed : "no error document: " + answer.body;
  }
  static std::string film(const wire::HttpResponse& answer) {
    if (!answer.source) return "no film: " + answer.body;
    std::string out(answer.source_length, '\0');
    EXPECT_EQ(answer.source->read(answer.source_offset, MutBytes(reinterpret_cast<std::uint8_t*>(out.data()), out.size())), out.size());
    return out;
  }
  static std::string header(const wire::HttpResponse& answer, std::string_view name) {
    for (const auto& [n, v] : answer.headers) {
      if (n == name) return v;
    }
    return "";
  }
  std::size_t downloads(const std::string& id) {
    must(in.store->write([](store::Database&) -> Result<int> { return 0; }));  // behind what was queued
    std::size_t count = 0;
    for (const auto& entry : must(in.store->read([&](store::Database& db) { return store::audit::of_target(db, id); }))) count += entry.action == "recording.downloaded";
    return count;
  }

  Installation in;
  std::string dir = [] {
    std::string pattern = (std::filesystem::temp_directory_path() / "upcall-s3-XXXXXX").string();
    return std::string(::mkdtemp(pattern.data()));
  }();
  std::unique_ptr<objects::DirectoryObjectStore> files = must(objects::DirectoryObjectStore::open_root(dir + "/objects", in.sealer->derive("objects"), in.random));
  api::S3Api api{*in.store, *in.authenticator, *files};
  Key all;
  const std::string one = "/aws/s3/recordings/RECORDINGS/2026/01/one.mp4";
};

TEST_F(S3, BucketsListingsAndFilms) {
  EXPECT_THAT(ask(all, "/aws/s3").body, HasSubstr("<Name>recordings</Name>"));
  EXPECT_THAT(ask(all, "/aws/s3/").body, HasSubstr("<Name>recordings</Name>"));
  EXPECT_THAT(ask(all, "/aws/s3/recordings", "location").body, HasSubstr("<LocationConstraint"));
  EXPECT_EQ(ask(all, "/aws/s3/recordings", "", {}, "HEAD").status, 200);
  EXPECT_EQ(code(ask(all, "/aws/s3/others", "list-type=2")), "NoSuchBucket");
  EXPECT_THAT(keys(all), ElementsAre("RECORDINGS/2026/01/one.mp4", "RECORDINGS/2026/02/two.mp4", "RECORDINGS/2027/three.mp4"));
  EXPECT_THAT(keys(all, "prefix=RECORDINGS%2F2026%2F"), ElementsAre("RECORDINGS/2026/01/one.mp4", "RECORDINGS/2026/02/two.mp4"));
  EXPECT_THAT(ask(all, "/aws/s3/recordings/", "delimiter=%2F&list-type=2&prefix=RECORDINGS%2F").body,
              HasSubstr("<CommonPrefixes><Prefix>RECORDINGS/2026/</Prefix></CommonPrefixes><CommonPrefixes><Prefix>RECORDINGS/2027/</Prefix></CommonPrefixes>"));
  const auto whole = ask(all, one);
  EXPECT_EQ(whole.status, 200);
  EXPECT_EQ(film(whole), "the first film");
  EXPECT_EQ(header(whole, "content-type"), "video/mp4");
  EXPECT_THAT(header(whole, "last-modified"), HasSubstr(" GMT"));
  const auto part = ask(all, one, "", {{"range", "bytes=4-8"}});
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(film(part), "first");
  EXPECT_EQ(header(part, "content-range"), "bytes 4-8/14");
  EXPECT_EQ(code(ask(all, one, "", {{"range", "bytes=14-"}})), "InvalidRange");
  EXPECT_EQ(ask(all, one, "", {}, "HEAD").source_length, 14u);
  const std::string etag = header(whole, "etag");
  EXPECT_EQ(ask(all, one, "", {{"if-none-match", "\"x\", " + etag}}).status, 304);
  EXPECT_EQ(ask(all, one, "", {{"if-none-match", "\"x\""}}).status, 200);
  EXPECT_EQ(code(ask(all, one, "", {{"if-match", "\"x\""}})), "PreconditionFailed");
  EXPECT_EQ(ask(all, one, "", {{"if-match", etag}}).status, 200);
  EXPECT_EQ(code(ask(all, one + "x")), "NoSuchKey");
  EXPECT_EQ(code(ask(all, "/aws/s3/recordings/..%2Fx")), "NoSuchKey");
}

TEST_F(S3, ThousandsOfRecordingsComeInPages) {
  std::set<std::string> wanted;
  for (int i = 0; i < 450; ++i) record("many-" + std::to_string(i), "A/" + std::to_string(i) + ".mp4", "x"), wanted.insert("A/" + std::to_string(i) + ".mp4");
  std::vector<std::string> got;
  std::string token;
  do {
    const auto answer = ask(all, "/aws/s3/recordings", "list-type=2&max-keys=170&prefix=A%2F" + (token.empty() ? "" : "&continuation-token=" + wire::percent_encode(token)));
    const auto page = s3::parse_objects(answer.body);
    ASSERT_TRUE(page) << answer.body;
    for (const auto& row : page->objects) got.push_back(row.key);
    token = page->next;
  } while (!token.empty() && got.size() < 1000);
  EXPECT_EQ(got, std::vector<std::string>(wanted.begin(), wanted.end()));
  EXPECT_EQ(keys(all, "prefix=A%2F").size(), 450u);
}

TEST_F(S3, SignaturesAreVerifiedInFull) {
  EXPECT_EQ(code(in.send("GET", one)), "AccessDenied");
  EXPECT_EQ(code(ask({all.id, "wrong"}, one)), "SignatureDoesNotMatch");
  EXPECT_EQ(code(ask({"UPCANOBODY", "x"}, one)), "InvalidAccessKeyId");
  EXPECT_EQ(code(ask(all, one, "", {}, "GET", "20270115T074459Z")), "RequestTimeTooSkewed");
  EXPECT_EQ(code(ask(all, one, "", {}, "GET", "20270115T081501Z")), "RequestTimeTooSkewed");
  EXPECT_EQ(ask(all, one, "", {}, "GET", "20270115T074501Z").status, 200);
  EXPECT_EQ(code(ask(all, one, "", {{"x-amz-meta-a", "b"}})), "AccessDenied") << "a header that was not signed";
  EXPECT_EQ(code(ask(all, one, "", {}, "GET", "20270115T080000Z", "body", to_hex(crypto::sha256(as_bytes("other"))))), "XAmzContentSHA256Mismatch");
  EXPECT_EQ(ask(all, one, "", {}, "GET", "20270115T080000Z", "", to_hex(crypto::sha256({}))).status, 200);
  EXPECT_EQ(code(in.send("GET", one, "", {{"authorization", "AWS4-HMAC-SHA256 nonsense"}})), "AuthorizationHeaderMalformed");
  EXPECT_EQ(code(in.send("GET", one, "", {{"authorization", "Bearer " + all.secret}})), "InvalidRequest");
  // A signature of another service of ours is none of S3.
  EXPECT_EQ(code(in.send("GET", one, "", {{"authorization", "AWS4-HMAC-SHA256 Credential=" + all.id + "/20270115/r/chime/aws4_request, SignedHeaders=host, Signature=" + std::string(64, 'a')}})),
            "AuthorizationHeaderMalformed");
}

TEST_F(S3, PresignedAddresses) {
  const std::string hour = presign(all, one, 3600);
  EXPECT_EQ(film(open(one, hour)), "the first film");
  EXPECT_EQ(code(open("/aws/s3/recordings/RECORDINGS/2026/02/two.mp4", hour)), "SignatureDoesNotMatch");
  EXPECT_EQ(code(open(one, hour + "0")), "AuthorizationQueryParametersError");
  EXPECT_EQ(code(open(one, presign(all, one, 604'801))), "AuthorizationQueryParametersError");
  EXPECT_EQ(open(one, presign(all, one, 604'800)).status, 200);
  EXPECT_EQ(open(one, presign(all, one, 604'800, "", "20270109T080000Z")).status, 200) << "six days old";
  const auto named = open(one, presign(all, one, 60, "&response-content-disposition=attachment%3B%20filename%3D%22a.mp4%22"));
  EXPECT_EQ(header(named, "content-disposition"), "attachment; filename=\"a.mp4\"");
  EXPECT_EQ(code(open(one, presign(all, one, 60, "&response-content-type=a%0D%0Ab"))), "InvalidArgument");
  EXPECT_EQ(in.send("GET", one + "?" + hour, "", {{"host", "upcall.example"}, {"authorization", "AWS4-HMAC-SHA256 x"}}).status, 400);
  in.pass(Duration::s(3601));
  const auto late = open(one, hour);
  EXPECT_EQ(late.status, 403);
  EXPECT_THAT(late.body, HasSubstr("Request has expired"));
}

TEST_F(S3, AKeySeesItsPrefixAndNothingElse) {
  const Key limited = key("limited", {{"s3-prefix", "RECORDINGS/2026/"}, {"permission", {"recording.playback"}}});
  EXPECT_THAT(keys(limited, "prefix=RECORDINGS%2F2026%2F"), ElementsAre("RECORDINGS/2026/01/one.mp4", "RECORDINGS/2026/02/two.mp4"));
  EXPECT_THAT(keys(limited, "prefix=RECORDINGS%2F2026%2F02"), ElementsAre("RECORDINGS/2026/02/two.mp4"));
  EXPECT_EQ(film(ask(limited, one)), "the first film");
  // Outside nothing can be told apart; inside, what is missing is missing.
  for (const char* path : {"/aws/s3/recordings/RECORDINGS/2027/three.mp4", "/aws/s3/recordings/RECORDINGS/2027/none.mp4"}) {
    EXPECT_EQ(code(ask(limited, path)), "AccessDenied") << path;
    EXPECT_EQ(ask(limited, path, "", {}, "HEAD").status, 403) << path;
    EXPECT_EQ(code(open(path, presign(limited, path, 60))), "AccessDenied") << path;
  }
  EXPECT_EQ(code(ask(limited, one + "x")), "NoSuchKey");
  for (const char* query : {"list-type=2", "list-type=2&prefix=", "list-type=2&prefix=RECORDINGS%2F", "list-type=2&prefix=RECORDINGS%2F2027%2F"}) {
    EXPECT_EQ(code(ask(limited, "/aws/s3/recordings", query)), "AccessDenied") << query;
  }
  // A made-up token leads nowhere else.
  EXPECT_EQ(code(ask(limited, "/aws/s3/recordings", "continuation-token=" + s3::continuation_token({"A", false}) + "&list-type=2")), "AccessDenied");
  EXPECT_THAT(keys(limited, "prefix=RECORDINGS%2F2026%2F&continuation-token=" + s3::continuation_token({"RECORDINGS/2027", false})), IsEmpty());
  const Key none = key("none", {{"permission", {"meeting.create"}}});
  EXPECT_EQ(code(ask(none, "/aws/s3")), "AccessDenied");
  EXPECT_EQ(code(ask(none, "/aws/s3/recordings", "list-type=2")), "AccessDenied");
  EXPECT_EQ(ask(none, "/aws/s3/recordings", "", {}, "HEAD").status, 403);
  EXPECT_EQ(code(ask(none, one)), "AccessDenied");
  EXPECT_EQ(code(ask(none, one + "x")), "AccessDenied");
  auto context = in.context();
  EXPECT_FALSE(admin::run(context, "access-key.create", {{"name", "x"}, {"s3-prefix", "../"}}));
  EXPECT_FALSE(admin::run(context, "access-key.create", {{"name", "x"}, {"s3-prefix", "R/"}, {"permission", {"meeting.create"}}}));
  // A limited key must not reach the rest by the other door.
  const auto holder = must(in.authenticator->key_holder(limited.id));
  EXPECT_FALSE(holder.principal().may(identity::Permission::recording_playback));
}

TEST_F(S3, AKeyOfAUserSeesWhatTheUserMayPlay) {
  const std::string team = text(in.admin_run("hierarchy.add", {{"path", "Team"}}).at("hierarchyGroupId"));
  in.admin_run("user.add", {{"username", "eve@example.com"}, {"email", "eve@example.com"}, {"password", "password-eve"}, {"name", "Eve"},
                            {"security-profile", {"VideoCallRecordingPlayback"}}, {"hierarchy-group", "Team"}});
  in.admin_run("user.add", {{"username", "bob@example.com"}, {"email", "bob@example.com"}, {"password", "password-bob"}, {"name", "Bob"}, {"security-profile", {"Agent"}}});
  record("r-4", "RECORDINGS/2028/four.mp4", "the team's film", team);
  const Key eve = key("eve", {{"username", "eve@example.com"}});
  EXPECT_THAT(keys(eve), ElementsAre("RECORDINGS/2028/four.mp4"));
  EXPECT_EQ(code(ask(eve, one)), "NoSuchKey") << "hidden is missing";
  EXPECT_EQ(film(ask(eve, "/aws/s3/recordings/RECORDINGS/2028/four.mp4")), "the team's film");
  EXPECT_EQ(code(ask(key("bob", {{"username", "bob@example.com"}}), one)), "AccessDenied");
  EXPECT_EQ(code(ask(key("eve2", {{"username", "eve@example.com"}, {"permission", {"meeting.create"}}}), one)), "AccessDenied");
  in.admin_run("user.disable", {{"username", "eve@example.com"}});
  EXPECT_EQ(code(ask(eve, "/aws/s3/recordings/RECORDINGS/2028/four.mp4")), "InvalidAccessKeyId");
}

TEST_F(S3, WhatIsNotThereIsNotShown) {
  record("r-bucket", "RECORDINGS/2026/in-a-bucket.mp4", "", "", false);
  ASSERT_TRUE(in.store->write([&](store::Database& db) { return store::retention::begin_delete(db, "r-2", "test", in.now().wall); }));
  EXPECT_THAT(keys(all), ElementsAre("RECORDINGS/2026/01/one.mp4", "RECORDINGS/2027/three.mp4"));
  EXPECT_EQ(code(ask(all, "/aws/s3/recordings/RECORDINGS/2026/02/two.mp4")), "NoSuchKey") << "its deletion has begun, its file is still there";
  EXPECT_EQ(code(ask(all, "/aws/s3/recordings/RECORDINGS/2026/in-a-bucket.mp4")), "NoSuchKey");
}

TEST_F(S3, EverythingElseIsRefusedInTheVendorsShape) {
  for (const char* method : {"PUT", "POST", "DELETE"}) {
    EXPECT_EQ(code(ask(all, one, "", {}, method)), "MethodNotAllowed") << method;
    EXPECT_EQ(code(in.send(method, one)), "AccessDenied") << method;
  }
  EXPECT_EQ(code(ask(all, "/aws/s3/newbucket", "", {}, "PUT")), "MethodNotAllowed");
  EXPECT_EQ(code(ask(all, one, "acl")), "NotImplemented");
  EXPECT_EQ(code(ask(all, one, "partNumber=1")), "NotImplemented");
  EXPECT_EQ(code(ask(all, one, "versionId=1")), "NotImplemented");
  EXPECT_EQ(code(ask(all, "/aws/s3/recordings", "versioning")), "NotImplemented");
  EXPECT_EQ(code(ask(all, "/aws/s3/recordings")), "NotImplemented") << "the first version of the listing";
  EXPECT_EQ(code(ask(all, "/aws/s3/recordings", "list-type=2&max-keys=x")), "InvalidArgument");
  EXPECT_EQ(code(in.send("PUT", one, "", {{"authorization", "AWS4-HMAC-SHA256 Credential=" + all.id + "/20270115/r/s3/aws4_request, SignedHeaders=host, Signature=" + std::string(64, 'a')}, {"x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"}})),
            "NotImplemented");
}

TEST_F(S3, DownloadsAreNoted) {
  EXPECT_EQ(ask(all, one, "", {}, "HEAD").status, 200);
  EXPECT_EQ(ask(all, one, "", {{"if-match", "\"x\""}}).status, 412);
  EXPECT_EQ(downloads("r-1"), 0u);
  EXPECT_EQ(ask(all, one, "", {{"range", "bytes=0-4"}}).status, 206);
  EXPECT_EQ(ask(all, one, "", {{"range", "bytes=5-9"}}).status, 206);
  EXPECT_EQ(ask(all, one, "", {{"range", "bytes=10-"}}).status, 206);
  EXPECT_EQ(downloads("r-1"), 1u);
  EXPECT_EQ(ask(all, one).status, 200);
  EXPECT_EQ(downloads("r-1"), 2u);
  EXPECT_EQ(ask(all, "/aws/s3/recordings/RECORDINGS/2026/02/two.mp4", "", {{"range", "bytes=1-"}}).status, 206);
  EXPECT_EQ(downloads("r-2"), 1u) << "who leaves out the first byte is noted too";
}

}  // namespace
}  // namespace upcall::test
