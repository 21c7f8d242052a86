// Contacts that are over: found by what they were, shown to those above their agent, gone when they are erased.
#include <filesystem>
#include <fstream>
#include <set>

#include "archive.hpp"

#include "api/contacts/search_request.hpp"
#include "io/store/audit_repository.hpp"
#include "io/store/contact_search_repository.hpp"

namespace upcall::test {
namespace {

using List = std::vector<std::string>;

TEST(ContactSearch, FindsByEveryConditionNewestFirst) {
  Archive a;
  const std::string first = a.talk({{"Level", "Gold"}, {"outcome", "Sold"}, {"customerName", "Jane Doe"}}, "My parcel is late");
  const std::string second = a.talk({{"Level", "Silver"}}, "I want a refund for the caf\xC3\xA9");
  EXPECT_EQ(a.find(""), List()) << "nothing is found before it is indexed";
  a.in.index_contacts();
  EXPECT_EQ(a.find(""), (List{second, first}));
  EXPECT_EQ(a.find("agentId=" + a.ann), (List{second, first}));
  EXPECT_EQ(a.find("agentId=" + a.bob), List());
  EXPECT_EQ(a.find("attribute=Level:gold"), List{first});
  EXPECT_EQ(a.find("attribute=Level:gold&attribute=Level:silver"), List()) << "all of them";
  EXPECT_EQ(a.find("outcome=sold"), List{first});
  EXPECT_EQ(a.find("text=parcel"), List{first});
  EXPECT_EQ(a.find("text=refund%20cafe"), List{second}) << "in any order, without accents";
  EXPECT_EQ(a.find("text=%22parcel%20is%20late%22"), List{first});
  EXPECT_EQ(a.find("text=%22late%20parcel%22"), List());
  EXPECT_EQ(a.find("text=certainly"), (List{second, first})) << "the agent's words too";
  EXPECT_EQ(a.find("customer=doe"), List{first});
  EXPECT_EQ(a.find("customer=jane&text=refund"), List{second}) << "the chat's display name";
  EXPECT_EQ(a.find("contactId=" + first), List{first});
  EXPECT_EQ(a.find("contactId=00000000-0000-4000-8000-000000000000"), List());
  EXPECT_EQ(a.find("channel=chat"), (List{second, first}));
  EXPECT_EQ(a.find("channel=video"), List());
  EXPECT_EQ(a.find("recorded=true"), List());
  const std::string queue = text(a.in.admin_run("instance.show", {}).at("defaultQueueId"));
  EXPECT_EQ(a.find("queueId=" + queue + "&text=parcel"), List{first});

  const auto body = Installation::body(a.in.send("GET", "/api/contact-search?text=parcel", "", a.as_sue));
  const bj::object& c = body.at("data").at("contacts").as_array().at(0).as_object();
  EXPECT_EQ(text(c.at("agent").at("name")), "ann@example.com");
  EXPECT_EQ(text(c.at("outcome")), "Sold");
  EXPECT_EQ(text(c.at("endReason")), "agent_disconnect");
  EXPECT_EQ(text(c.at("queue").at("queueId")), queue);
  const std::string began = text(c.at("initiatedAt")), ended = text(c.at("endedAt"));
  for (const char* time : {"initiated", "ended"}) {
    const std::string& moment = std::string(time) == "ended" ? ended : began;
    const std::string range = "time=" + std::string(time) + "&text=parcel&";
    EXPECT_EQ(a.find(range + "from=" + moment), List{first}) << time;
    EXPECT_EQ(a.find(range + "until=" + moment), List()) << "the end of a range is outside";
    EXPECT_EQ(a.find(range + "until=2099-01-01T00:00:00Z"), List{first});
    EXPECT_EQ(a.find(range + "from=2099-01-01T00:00:00Z"), List());
  }
}

TEST(ContactSearch, OnlyThoseAboveTheAgentFindAndRead) {
  Archive a;
  const std::string id = a.talk({{"Level", "Gold"}}, "secretword");
  a.in.index_contacts();
  const auto absent = a.in.send("GET", "/api/contacts/00000000-0000-4000-8000-000000000000", "", a.as("max"));
  EXPECT_EQ(absent.status, 404);
  for (const char* name : {"sue", "zoe"}) {
    EXPECT_EQ(a.find("text=secretword", a.as(name)), List{id}) << name;
    EXPECT_EQ(a.status_of("/api/contacts/" + id, a.as(name)), 200) << name;
    EXPECT_EQ(a.status_of("/api/contacts/" + id + "/transcript", a.as(name)), 200) << name;
  }
  for (const char* name : {"max", "non"}) {
    const auto who = a.as(name);
    for (const std::string& query : {std::string("text=secretword"), "contactId=" + id, "agentId=" + a.ann, std::string("attribute=Level:gold"), std::string()}) EXPECT_EQ(a.find(query, who), List()) << name << " " << query;
    for (const char* tail : {"", "/transcript", "/attachments/00000000-0000-4000-8000-000000000000"}) EXPECT_EQ(a.in.send("GET", "/api/contacts/" + id + tail, "", who).body, absent.body) << name << tail;
    EXPECT_EQ(a.in.send("GET", "/api/contact-search/choices", "", who).body.find("ann@"), std::string::npos) << "nor whom they could look for";
  }
  EXPECT_NE(a.in.send("GET", "/api/contact-search/choices?agent=AN", "", a.as_sue).body.find("ann@"), std::string::npos);
  EXPECT_EQ(a.in.send("GET", "/api/contact-search/choices?agent=%25", "", a.as_sue).body.find("ann@"), std::string::npos) << "a sign is a sign";
  EXPECT_EQ(a.status_of("/api/contact-search", a.as("pat")), 403);
  EXPECT_EQ(a.status_of("/api/contacts/" + id, a.as("pat")), 403);
  EXPECT_EQ(a.status_of("/api/contacts/" + id, {}), 401);
  // Whose it was stays as it was.
  a.in.admin_run("user.set", {{"username", "ann@example.com"}, {"hierarchy-group", "C"}});
  ASSERT_TRUE(a.in.store->write([&](store::Database& db) { return store::centre::set_attribute(db, id, "later", "yes"); }));
  a.in.index_contacts();
  EXPECT_EQ(a.find("attribute=later:yes"), List{id}) << "changed when it was over, indexed again";
  EXPECT_EQ(a.find("attribute=later:yes", a.as("max")), List());
}

TEST(ContactSearch, PagesAreStableWhileContactsCome) {
  Archive a;
  List all;
  for (int i = 0; i < 5; ++i) all.insert(all.begin(), a.talk({}, "word" + std::to_string(i)));
  a.in.index_contacts();
  auto answer = a.in.send("GET", "/api/contact-search?pageSize=2", "", a.as_sue);
  List got = a.ids(answer);
  std::string next = text(Installation::body(answer).at("data").at("next"));
  a.talk({}, "newest");
  a.in.index_contacts();
  for (int pages = 0; pages < 2; ++pages) {
    answer = a.in.send("GET", "/api/contact-search?pageSize=2&next=" + next, "", a.as_sue);
    for (const std::string& id : a.ids(answer)) got.push_back(id);
    const auto data = Installation::body(answer).at("data").as_object();
    ASSERT_EQ(data.contains("next"), pages == 0);
    if (pages == 0) next = text(data.at("next"));
  }
  EXPECT_EQ(got, all);
  EXPECT_EQ(a.status_of("/api/contact-search?outcome=x&next=" + next, a.as_sue), 400) << "of another search";
  for (std::size_t i = 1; i < next.size(); ++i) EXPECT_EQ(a.status_of("/api/contact-search?next=" + next.substr(0, i), a.as_sue), 400);
}

TEST(ContactSearch, EveryConditionIsChecked) {
  Archive a;
  for (const char* query : {"from=yesterday", "until=x", "time=queued", "agentId=ann", "queueId=1", "contactId=1", "channel=voice", "recorded=maybe", "attribute=Level", "attribute=:x", "pageSize=0",
                            "pageSize=101", "pageSize=x", "text=%3F%21", "customer=...", "next=zz", "colour=red", "text=%FF", "from=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z"}) {
    const auto answer = a.in.send("GET", std::string("/api/contact-search?") + query, "", a.as_sue);
    EXPECT_EQ(answer.status, 400) << query << ": " << answer.body;
  }
  EXPECT_EQ(a.status_of("/api/contact-search?text=" + std::string(600, 'a'), a.as_sue), 400);
  EXPECT_EQ(a.status_of("/api/contact-search/choices?agent=" + std::string(101, 'a'), a.as_sue), 400);
}

TEST(ContactSearch, ThePageTellsTheWholeStory) {
  Archive a;
  Customer jane(a.in);
  jane.connect();
  ASSERT_FALSE(a.in.service->call(contact::UpdateAttributes{jane.contact_id, {{"videoRecordingPlaybackURL", "https://upcall.example/recording/m-1"}}}).error);
  const std::string path = "/api/agent/contacts/" + jane.contact_id;
  // Ann misses it and comes back, takes it, gives it to Bob, who ends it.
  a.status(a.as_ann, "available");
  a.in.pass(Duration::s(21));
  a.status(a.as_ann, "available");
  a.in.pass(Duration::s(11));
  a.post(path + "/accept", a.as_ann);
  a.status(a.as_bob, "available");
  a.post(path + "/transfer", a.as_ann, R"({"agentId":")" + a.bob + R"("})");
  a.post(path + "/accept", a.as_bob);
  a.post(path + "/end", a.as_bob);
  a.in.pass(Duration::s(5));
  a.post(path + "/clear", a.as_ann);
  EXPECT_EQ(a.status_of("/api/contacts/" + jane.contact_id, a.as_sue), 404) << "Bob is not done";
  a.post(path + "/clear", a.as_bob);
  a.in.index_contacts();
  const auto answer = a.in.send("GET", "/api/contacts/" + jane.contact_id, "", a.as_sue);
  ASSERT_EQ(answer.status, 200) << answer.body;
  const bj::object page = Installation::body(answer).at("data").as_object();
  EXPECT_EQ(text(page.at("attributes").at("videoRecordingPlaybackURL")), "https://upcall.example/recording/m-1");
  EXPECT_EQ(text(page.at("agent").at("name")), "bob@example.com");
  ASSERT_EQ(page.at("segmentList").as_array().size(), 2u);
  EXPECT_EQ(text(page.at("segmentList").as_array()[0].at("endReason")), "transfer");
  std::string kinds, last;
  for (const bj::value& step : page.at("timeline").as_array()) {
    kinds += text(step.at("kind")) + " ";
    EXPECT_LE(last, text(step.at("at")));
    last = text(step.at("at"));
  }
  for (const char* kind : {"initiated", "queued", "offered", "missed", "connected", "transferred", "disconnected", "after_contact_began", "after_contact_ended"}) {
    EXPECT_NE(kinds.find(std::string(kind) + " "), std::string::npos) << kind << " in " << kinds;
  }
  EXPECT_TRUE(kinds.starts_with("initiated ")) << kinds;
  EXPECT_TRUE(kinds.ends_with("after_contact_ended ")) << kinds;
  EXPECT_EQ(a.find("agentId=" + a.ann), List{jane.contact_id}) << "whoever has had it";
  EXPECT_EQ(a.find("agentId=" + a.bob), List{jane.contact_id});
}

TEST(ContactSearch, ReadingATranscriptIsInTheAuditLog) {
  Archive a;
  const std::string id = a.talk({}, "hello there");
  a.in.index_contacts();
  const auto entries = [&] {
    std::vector<std::string> out;
    auto list = a.in.store->read([&](store::Database& db) { return store::audit::of_target(db, id); });
    for (const auto& e : *list) out.push_back(e.action + (e.detail.empty() ? "" : " " + e.detail));
    return out;
  };
  EXPECT_EQ(a.status_of("/api/contacts/" + id, a.as_sue), 200);
  EXPECT_EQ(a.status_of("/api/contacts/" + id + "/transcript", a.as("max")), 404);
  EXPECT_TRUE(entries().empty()) << "nobody has read anything";
  const auto answer = a.in.send("GET", "/api/contacts/" + id + "/transcript", "", a.as_sue);
  EXPECT_NE(answer.body.find("hello there"), std::string::npos);
  EXPECT_EQ(a.status_of("/api/contacts/" + id + "/transcript?after=1", a.as_sue), 200);
  EXPECT_EQ(a.status_of("/api/contacts/" + id + "/transcript?after=x", a.as_sue), 400);
  EXPECT_EQ(a.status_of("/api/contacts/" + id + "/attachments/11111111-0000-4000-8000-000000000000", a.as_sue), 404);
  EXPECT_EQ(entries(), (List{"contact.transcript_viewed", "contact.transcript_viewed after 1", "contact.attachment_viewed 11111111-0000-4000-8000-000000000000"}));
}

// The words of an erased contact are in no file of the database.
TEST(ContactSearch, ErasedContactsAreFoundNoMoreAndNotInAnyFile) {
  Archive a;
  const std::string kept = a.talk({{"Level", "Gold"}}, "ordinary words");
  const std::string gone = a.talk({{"Level", "Gold"}, {"customerName", "Xanthippe"}}, "zyzzyva quincunx");
  a.in.index_contacts();
  ASSERT_EQ(a.find("text=zyzzyva"), List{gone});
  const auto in_files = [&](const std::string& word) {
    for (const char* name : {"/upcall.db", "/upcall.db-wal"}) {
      std::ifstream file(a.in.dir() + name, std::ios::binary);
      const std::string bytes((std::istreambuf_iterator<char>(file)), {});
      if (bytes.find(word) != std::string::npos) return true;
    }
    return false;
  };
  ASSERT_TRUE(in_files("zyzzyva"));
  auto erased = a.in.erase(gone);
  ASSERT_TRUE(erased) << erased.error().message;
  // A program that comes too late with an attribute brings nothing back.
  ASSERT_TRUE(a.in.store->write([&](store::Database& db) { return store::centre::set_attribute(db, gone, "late", "x"); }));
  a.in.index_contacts();
  EXPECT_EQ(a.find("text=zyzzyva"), List());
  EXPECT_EQ(a.find("contactId=" + gone), List());
  EXPECT_EQ(a.status_of("/api/contacts/" + gone, a.as_sue), 404);
  EXPECT_EQ(a.find("attribute=Level:gold"), List{kept}) << "the others stay";
  EXPECT_EQ(a.find("text=ordinary"), List{kept});
  // Once no reader is in the way.
  a.in.store->scrub();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!a.in.store->scrubbed() && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  for (const char* word : {"zyzzyva", "quincunx", "xanthippe", "Xanthippe"}) EXPECT_FALSE(in_files(word)) << word;
  EXPECT_TRUE(in_files("ordinary"));
}

}  // namespace
}  // namespace upcall::test
