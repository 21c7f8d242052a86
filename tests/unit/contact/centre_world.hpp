// The contact centre in virtual time, with the flows that the installation ships.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "contact/centre.hpp"
#include "contact/flow_import.hpp"

namespace upcall::contact {

inline Flow load(const std::string& name) {
  std::ifstream in(std::string(UPCALL_FLOWS_DIR) + "/" + name);
  std::stringstream out;
  out << in.rdbuf();
  return *import_flow(out.str()).flow;
}

inline CentreConfig make_config() {
  CentreConfig c;
  c.flows["chat"] = load("video-call-chat.json");
  c.flows["auto"] = load("video-call-chat-autostart.json");
  c.flows["queue"] = load("video-call-queue.json");
  c.default_flow_id = "chat";
  c.queues = {{"q1", "BasicQueue"}, {"q2", "Second"}};
  c.default_queue_id = "q1";
  c.routing_profiles = {{"rp", "Basic", 1, {{"q1", 1}, {"q2", 2}}}};
  c.agents = {{"ann", "ann@example.com", "Ann", "rp"}, {"bob", "bob@example.com", "Bob", "rp"}};
  return c;
}

// Keeps everything that the centre said.
class World {
 public:
  explicit World(CentreConfig config = make_config()) : centre(std::move(config)) {}

  Effects run(const Command& command) {
    Effects e = centre.handle(now, command, random);
    for (const auto& d : e.items) {
      if (d.store) {
        items[d.item.contact_id].push_back(d.item);
        EXPECT_EQ(d.item.seq, items[d.item.contact_id].size()) << "items are numbered without gap";
      } else if (d.item.content_type == content::kQueuePosition) {
        told.push_back(d.item);
      } else {
        pushed.push_back(d.item);
      }
    }
    for (const auto& p : e.participants) tokens[p.participant.id] = p.token;
    for (const auto& n : e.notices) notices.push_back(n);
    for (const auto& id : e.closed) closed.push_back(id);
    return e;
  }
  // Runs every timer that falls due in the next `span`.
  void pass(Duration span) {
    const Instant end = now.mono + span;
    while (centre.next_deadline() <= end) {
      const Instant at = std::max(now.mono, centre.next_deadline());
      now.wall = now.wall + (at - now.mono);
      now.mono = at;
      run(Tick{});
      ASSERT_LT(++ticks, 10'000) << "a timer that never moves on";
    }
    now.wall = now.wall + (end - now.mono);
    now.mono = end;
  }
  std::string start(Attributes extra = {}, std::string flow = "") {
    Attributes a{{"customerName", "Jane"}, {"videoReferenceId", ""}};
    for (auto& [k, v] : extra) a[k] = v;
    Effects e = run(StartChat{std::move(flow), "Jane", a});
    EXPECT_FALSE(e.error) << e.error->message;
    customer = e.participants.empty() ? "" : e.participants.front().participant.id;
    run(ConnectParticipant{e.contact_id, customer});
    return e.contact_id;
  }
  std::vector<std::string> texts(const std::string& id) {
    std::vector<std::string> out;
    for (const auto& i : items[id]) {
      if (i.type == ItemType::message) out.push_back(*i.content);
    }
    return out;
  }
  std::vector<std::string> events(const std::string& id) {
    std::vector<std::string> out;
    for (const auto& i : items[id]) {
      if (i.type == ItemType::event) out.push_back(i.content_type.substr(i.content_type.find("event.") + 6) + ":" + std::string(to_string(i.role)));
    }
    return out;
  }
  AgentView view(const std::string& agent, const std::string& contact) {
    const auto* state = centre.agent(agent);
    if (state == nullptr) return AgentView::none;
    const auto found = state->contacts.find(contact);
    return found != state->contacts.end() ? found->second : AgentView::none;
  }

  Now now{Instant::from_ms(1'000'000), WallTime::from_unix_ms(1'800'000'000'000)};
  SeededRandom random{7};
  Centre centre;
  std::map<std::string, std::vector<ChatItem>> items;
  std::vector<ChatItem> pushed, told;  // told: places in the queue
  std::map<std::string, std::string> tokens;
  std::vector<AgentNotice> notices;
  std::vector<std::string> closed;
  std::string customer;
  int ticks = 0;
};

}  // namespace upcall::contact
