#include "api/centre/centre_service.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>

#include "api/centre/item_json.hpp"
#include "api/centre/supervision.hpp"
#include "base/ids.hpp"
#include "base/wall_text.hpp"
#include "contact/snapshot.hpp"
#include "io/store/centre_repository.hpp"
#include "io/store/contact_search_repository.hpp"
#include "io/store/flow_repository.hpp"
#include "io/store/parameter_repository.hpp"
#include "json/json.hpp"

namespace upcall::api {

namespace bj = boost::json;

namespace {

constexpr Duration kReloadEvery = Duration::s(5);
constexpr Duration kPruneEvery = Duration::s(600);
constexpr Duration kTracesKept = Duration::s(30 * 24 * 3600);  // after the contact's end
constexpr Duration kRetryAfter = Duration::s(1);
constexpr std::size_t kRecentEvents = 512;   // of one agent, for resuming
constexpr std::size_t kResumeBytesMax = 1 << 20;  // of them at once; beyond: a snapshot
constexpr int kSentRestored = 128;           // last sends of a contact: whoever got no answer sends one of them again
constexpr std::size_t kUnsavedMax = 2'000;   // while the store fails

}  // namespace

struct CentreService::ContactWrite {
  store::ContactRow row;
  contact::Attributes attributes;
  std::vector<contact::Segment> segments;
};

// One command's effects on their way to the disk and to the people.
struct CentreService::Batch {
  contact::Effects effects;
  std::vector<ContactWrite> contacts;
  std::map<std::string, Audience> audiences;                         // by contact
  std::vector<std::pair<std::string, std::string>> agent_events;     // agent id, JSON, in order
  std::vector<std::string> removed_agents;
  WallTime at;
  std::vector<AfterCommit> after_commit;  // what went along with contacts that changed hands
  std::shared_ptr<std::promise<contact::Effects>> answer;
};

CentreService::CentreService(store::Store& store, RandomSource& random, std::function<Now()> clock)
    : store_(store), random_(random), clock_(std::move(clock)), epoch_(make_uuid(random)), centre_(contact::CentreConfig{}) {}

Result<std::unique_ptr<CentreService>> CentreService::start(store::Store& store, RandomSource& random, std::function<Now()> clock) {
  std::unique_ptr<CentreService> service(new CentreService(store, random, std::move(clock)));
  if (auto restored = service->restore(); !restored) return tl::unexpected(restored.error());
  service->reload_at_ = service->clock_().mono + kReloadEvery;
  service->thread_ = std::thread([s = service.get()] { s->loop(); });
  return service;
}

CentreService::~CentreService() {
  {
    std::lock_guard guard(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

Result<void> CentreService::restore() {
  struct Stored {
    contact::CentreConfig config;
    std::vector<store::ContactRow> contacts;
    std::vector<contact::AgentStateChange> agents;
    std::vector<contact::ChatItem> sent;
  };
  auto stored = store_.read([](store::Database& db) -> Result<Stored> {
    auto config = load_centre_config(db);
    if (!config) return tl::unexpected(config.error());
    auto contacts = store::centre::live_contacts(db);
    if (!contacts) return tl::unexpected(contacts.error());
    auto agents = store::centre::agent_states(db);
    if (!agents) return tl::unexpected(agents.error());
    Stored out{std::move(*config), std::move(*contacts), std::move(*agents), {}};
    for (const store::ContactRow& row : out.contacts) {
      auto items = store::centre::items_with_token(db, row.id, kSentRestored);
      if (!items) return tl::unexpected(items.error());
      std::move(items->begin(), items->end(), std::back_inserter(out.sent));
    }
    return out;
  });
  if (!stored) return tl::unexpected(stored.error());
  const Now now = clock_();
  centre_ = contact::Centre(std::move(stored->config));
  std::vector<std::string> unreadable;
  for (const store::ContactRow& row : stored->contacts) {
    auto restored = contact::from_snapshot(row.snapshot, now, [&](std::string_view id) { return centre_.flow(id); });
    if (restored) {
      centre_.restore(std::move(*restored), now);
    } else {
      unreadable.push_back(row.id);
    }
  }
  for (const contact::ChatItem& item : stored->sent) centre_.restore_sent(item);
  for (const contact::AgentStateChange& agent : stored->agents) centre_.restore_agent(agent, now);
  if (unreadable.empty()) return {};
  // One damaged contact must not keep the centre from starting: it is closed, and the audit tells.
  return store_.write([&](store::Database& db) -> Result<void> {
    for (const std::string& id : unreadable) {
      if (auto done = store::centre::close_unreadable(db, id, now.wall); !done) return done;
      if (auto done = store::audit::add(db, {now.wall, "system", "contact.unreadable", id, ""}); !done) return done;
    }
    return {};
  });
}

void CentreService::post(Job job) {
  {
    std::lock_guard guard(mutex_);
    jobs_.push_back(std::move(job));
  }
  wake_.notify_one();
}

contact::Effects CentreService::call(contact::Command command) {
  auto answer = std::make_shared<std::promise<contact::Effects>>();
  auto future = answer->get_future();
  post({std::move(command), {}, {}, answer, {}});
  return future.get();
}

void CentreService::ask(const std::function<void(const contact::Centre&)>& question) {
  auto done = std::make_shared<std::promise<void>>();
  auto future = done->get_future();
  post({{}, question, {}, {}, done});
  future.get();
}

void CentreService::set_flow_caller(std::function<void(contact::FlowCallRequest)> caller) {
  auto done = std::make_shared<std::promise<void>>();
  auto future = done->get_future();
  post({{}, {}, [&] { flow_caller_ = std::move(caller); }, {}, done});
  future.get();
}

void CentreService::set_follower(Follower follower) {
  auto done = std::make_shared<std::promise<void>>();
  auto future = done->get_future();
  post({{}, {}, [&] { follower_ = std::move(follower); }, {}, done});
  future.get();
}

void CentreService::answer(contact::FlowAnswer answer) { post({std::move(answer), {}, {}, {}, {}}); }

Result<void> CentreService::reload() {
  auto config = store_.read([](store::Database& db) { return load_centre_config(db); });
  if (!config) return tl::unexpected(config.error());
  auto effects = call(contact::Configure{std::move(*config)});
  if (effects.error) return tl::unexpected(*effects.error);
  return {};
}

void CentreService::loop() {
  for (;;) {
    std::deque<Job> jobs;
    std::optional<Result<void>> answer;
    {
      std::unique_lock lock(mutex_);
      Instant next = std::min({centre_.next_deadline(), reload_at_, prune_at_});
      if (in_flight_.empty() && !unsaved_.empty()) next = std::min(next, retry_at_);
      const Duration wait = next - clock_().mono;
      if (jobs_.empty() && !commit_answer_ && !stopping_ && wait > Duration()) {
        wake_.wait_for(lock, std::chrono::nanoseconds(wait.ns()));
      }
      jobs.swap(jobs_);
      answer = std::exchange(commit_answer_, std::nullopt);
      // What was accepted is written before the thread ends.
      if (stopping_ && jobs.empty() && !answer && in_flight_.empty()) break;
    }
    if (answer) committed(*answer);
    for (Job& job : jobs) run(job);
    const Now now = clock_();
    if (centre_.next_deadline() <= now.mono) apply(contact::Tick{}, nullptr);
    if (reload_at_ <= now.mono) {
      reload_at_ = now.mono + kReloadEvery;
      auto config = store_.read([this](store::Database& db) { return load_centre_config(db, &flows_read_); });
      if (config) apply(contact::Configure{std::move(*config)}, nullptr);
      check_supervisors();
    }
    if (prune_at_ <= now.mono) {
      prune_at_ = now.mono + kPruneEvery;
      store_.submit([from = std::exchange(pruned_, now.wall - kTracesKept), until = now.wall - kTracesKept](store::Database& db) { return store::flow_steps::prune(db, from, until); },
                    [](const Result<void>&) {});
    }
    write_out();
  }
  for (const auto& batch : unsaved_) {
    if (!batch->answer) continue;
    contact::Effects closing;
    closing.error = Error{ErrorCode::unavailable, "the server is closing"};
    batch->answer->set_value(std::move(closing));
  }
}

// Who may watch no longer is let go: disabled, without the permission, or the contact is with another group's agent now.
void CentreService::check_supervisors() {
  struct Watching {
    std::string contact_id, user_id, agent_id;
  };
  std::vector<Watching> watching;
  for (const auto& [id, c] : centre_.contacts()) {
    for (const contact::Participant& p : c.participants) {
      if (p.role == contact::Role::supervisor && !p.left && c.live()) watching.push_back({id, p.user_id, c.agent_id});
    }
  }
  if (watching.empty()) return;
  auto gone = store_.read([&](store::Database& db) -> Result<std::vector<Watching>> {
    std::vector<Watching> out;
    for (const Watching& w : watching) {
      auto may = may_watch(db, w.user_id, w.agent_id);
      if (!may) return tl::unexpected(may.error());
      if (!*may) out.push_back(w);
    }
    return out;
  });
  if (!gone) return;  // the store does not answer: asked again in five seconds
  for (const Watching& w : *gone) apply(contact::StepOut{w.contact_id, w.user_id}, nullptr);
}

void CentreService::run(Job& job) {
  if (job.command) {
    apply(*job.command, job.answer);
  } else if (job.question) {
    job.question(centre_);
  } else if (job.task) {
    job.task();
  }
  if (job.done) job.done->set_value();
}

void CentreService::apply(const contact::Command& command, std::shared_ptr<std::promise<contact::Effects>> answer) {
  if (unsaved_.size() >= kUnsavedMax && answer) {
    contact::Effects full;
    full.error = Error{ErrorCode::unavailable, "the store does not answer"};
    answer->set_value(std::move(full));
    return;
  }
  auto batch = std::make_shared<Batch>();
  const Now now = clock_();
  batch->at = now.wall;
  std::set<std::string> agents_before;
  if (std::holds_alternative<contact::Configure>(command)) {
    for (const contact::AgentInfo& a : centre_.config().agents) agents_before.insert(a.id);
  }
  batch->effects = centre_.handle(now, command, random_);
  batch->answer = std::move(answer);
  contact::Effects& e = batch->effects;
  if (e.error) {
    if (batch->answer) batch->answer->set_value(std::move(e));
    return;
  }
  for (const contact::AgentInfo& a : centre_.config().agents) agents_before.erase(a.id);
  batch->removed_agents.assign(agents_before.begin(), agents_before.end());

  for (const std::string& id : e.changed_contacts) {
    const contact::Contact* c = centre_.contact(id);
    if (c == nullptr) continue;
    batch->contacts.push_back({{c->id, std::string(contact::to_string(c->state)), c->started, c->ended, c->agent_id,
                                contact::to_snapshot(*c, now, centre_.flow(c->flow_id))},
                               c->attributes,
                               std::find(e.changed_segments.begin(), e.changed_segments.end(), id) != e.changed_segments.end() ? c->segments : std::vector<contact::Segment>()});
  }
  // Who gets what is decided now: later the contact may be gone.
  for (const auto& delivery : e.items) {
    if (const contact::Contact* c = centre_.contact(delivery.item.contact_id)) {
      Audience& audience = batch->audiences[c->id];
      audience.participants.clear();
      for (const contact::Participant& p : c->participants) {
        // Who has handed the contact on is not told any more.
        if (!p.left || !c->live()) audience.participants.push_back(p.id);
      }
      audience.agent_id = c->agent_id;
    }
  }
  for (const contact::AgentNotice& notice : e.notices) {
    if (notice.contact_id.empty()) {
      batch->agent_events.emplace_back(notice.agent_id, agent_event(notice.agent_id));
      continue;
    }
    bj::object event{{"type", "contact"}, {"contactId", notice.contact_id}, {"state", contact::to_string(notice.view)}};
    const contact::Contact* c = centre_.contact(notice.contact_id);
    // A missed contact may be another agent's by now: its state is all that is shown.
    if (c != nullptr && c->is_seen_by(notice.agent_id) && notice.view != contact::AgentView::none) {
      event["contact"] = contact_json(*c, notice.view, centre_.config(), notice.agent_id);
    }
    batch->agent_events.emplace_back(notice.agent_id, bj::serialize(event));
  }
  const bool nothing = batch->contacts.empty() && e.participants.empty() && e.items.empty() && e.agent_states.empty() &&
                       e.closed_participants.empty() && batch->agent_events.empty() && batch->removed_agents.empty();
  // Behind earlier effects even an answer that changes nothing waits: it may tell of them.
  if (nothing && unsaved_.empty() && in_flight_.empty()) {
    if (batch->answer) batch->answer->set_value(std::move(e));
    return;
  }
  unsaved_.push_back(std::move(batch));
}

void CentreService::write_out() {
  if (!in_flight_.empty() || unsaved_.empty() || clock_().mono < retry_at_) return;
  in_flight_.swap(unsaved_);
  store_.submit(
      [batches = in_flight_, follower = follower_](store::Database& db) -> Result<void> {
        for (const auto& batch : batches) {
          batch->after_commit.clear();
          for (const contact::AgentChange& change : batch->effects.agent_changes) {
            if (!follower) break;
            auto after = follower(db, change, batch->at);
            if (!after) return tl::unexpected(after.error());
            if (*after) batch->after_commit.push_back(std::move(*after));
          }
          for (const ContactWrite& c : batch->contacts) {
            if (auto done = store::centre::put_contact(db, c.row, c.attributes); !done) return done;
            if (auto done = store::centre::put_segments(db, c.row.id, c.segments); !done) return done;
          }
          for (const auto& p : batch->effects.participants) {
            if (auto done = store::centre::insert_participant(db, p.contact_id, p.participant, p.token); !done) return done;
          }
          for (const auto& delivery : batch->effects.items) {
            Result<void> done;
            if (delivery.store) {
              done = store::centre::insert_item(db, delivery.item);
            } else if (delivery.item.type == contact::ItemType::message_metadata) {
              done = store::centre::put_receipt(db, delivery.item);
            } else if (delivery.item.type == contact::ItemType::attachment) {
              done = store::centre::set_item_attachments(db, delivery.item);
            }
            if (!done) return done;
          }
          for (const auto& step : batch->effects.flow_steps) {
            if (auto done = store::flow_steps::add(db, step, batch->at); !done) return done;
          }
          for (const contact::AgentStep& step : batch->effects.agent_steps) {
            if (auto done = store::centre::add_agent_event(db, step, batch->at); !done) return done;
          }
          for (const contact::AgentStateChange& state : batch->effects.agent_states) {
            if (auto done = store::centre::set_agent_state(db, state, batch->at); !done) return done;
          }
        }
        return {};
      },
      [this](const Result<void>& result) {
        // Notified under the lock: the service may be destroyed as soon as its thread has seen the answer.
        std::lock_guard guard(mutex_);
        commit_answer_ = result;
        wake_.notify_one();
      });
}

void CentreService::committed(const Result<void>& result) {
  std::vector<std::shared_ptr<Batch>> batches = std::move(in_flight_);
  in_flight_.clear();
  if (!result) {
    retry_at_ = clock_().mono + kRetryAfter;
    for (auto& batch : batches) {
      if (!batch->answer) continue;
      contact::Effects failed;
      failed.error = Error{ErrorCode::unavailable, "the store does not answer"};
      batch->answer->set_value(std::move(failed));
      batch->answer.reset();
    }
    unsaved_.insert(unsaved_.begin(), batches.begin(), batches.end());
    return;
  }
  for (auto& batch : batches) {
    deliver(*batch);
    if (batch->answer) batch->answer->set_value(std::move(batch->effects));
  }
}

void CentreService::deliver(const Batch& batch) {
  const contact::Effects& e = batch.effects;
  for (const contact::FlowCallRequest& call : e.flow_calls) {
    if (flow_caller_) flow_caller_(call);
  }
  for (const auto& [agent, json] : batch.agent_events) publish(agent, json);
  // The agent's page has heard that the contact is gone before it hears from the room.
  for (const AfterCommit& then : batch.after_commit) then();
  for (const auto& delivery : e.items) {
    const auto audience = batch.audiences.find(delivery.item.contact_id);
    if (audience == batch.audiences.end()) continue;
    // Typing, receipts and repeats are for the others.
    const std::string& from = delivery.item.type == contact::ItemType::message_metadata ? delivery.item.receipt_of : delivery.item.participant_id;
    for (const std::string& participant : audience->second.participants) {
      // What became of an attachment is news to its sender too.
      if (!delivery.store && participant == from && delivery.item.type != contact::ItemType::attachment) continue;
      const auto listeners = chat_listeners_.find(participant);
      if (listeners == chat_listeners_.end()) continue;
      for (const auto& weak : listeners->second) {
        if (auto listener = weak.lock()) listener->on_item(delivery.item);
      }
    }
    // An agent who is asked to take a contact is not told where it waits.
    const bool for_agent = delivery.item.content_type != contact::content::kQueuePosition;
    if (for_agent && !audience->second.agent_id.empty() && (delivery.store || delivery.item.role != contact::Role::agent || delivery.item.type == contact::ItemType::attachment)) {
      publish(audience->second.agent_id,
              bj::serialize(bj::object{{"type", "item"}, {"contactId", delivery.item.contact_id}, {"item", item_json(delivery.item, true)}}));
    }
  }
  for (const std::string& participant : e.closed_participants) {
    const auto listeners = chat_listeners_.find(participant);
    if (listeners == chat_listeners_.end()) continue;
    for (const auto& weak : listeners->second) {
      if (auto listener = weak.lock()) listener->on_chat_closed();
    }
    chat_listeners_.erase(listeners);
  }
  for (const std::string& id : e.closed) {
    const auto audience = batch.audiences.find(id);
    if (audience == batch.audiences.end()) continue;
    for (const std::string& participant : audience->second.participants) {
      const auto listeners = chat_listeners_.find(participant);
      if (listeners == chat_listeners_.end()) continue;
      for (const auto& weak : listeners->second) {
        if (auto listener = weak.lock()) listener->on_chat_closed();
      }
      chat_listeners_.erase(listeners);
    }
  }
  for (const std::string& agent : batch.removed_agents) {
    const auto feed = feeds_.find(agent);
    if (feed == feeds_.end()) continue;
    for (const auto& weak : feed->second.listeners) {
      if (auto listener = weak.lock()) listener->on_agent_removed();
    }
    feeds_.erase(feed);
  }
}

void CentreService::publish(const std::string& agent_id, std::string json) {
  Feed& feed = feeds_[agent_id];
  feed.recent.push_back({++feed.last, std::move(json)});
  if (feed.recent.size() > kRecentEvents) feed.recent.pop_front();
  std::erase_if(feed.listeners, [](const auto& weak) { return weak.expired(); });
  for (const auto& weak : feed.listeners) {
    if (auto listener = weak.lock()) listener->on_event(feed.last, feed.recent.back().json);
  }
}

void CentreService::tell_agent_of(std::string contact_id, std::string json) {
  post({{}, {}, [this, contact_id = std::move(contact_id), json = std::move(json)] {
          const contact::Contact* c = centre_.contact(contact_id);
          if (c == nullptr || c->state != contact::ContactState::connected) return;
          const auto feed = feeds_.find(c->agent_id);
          if (feed == feeds_.end()) return;
          for (const auto& weak : feed->second.listeners) {
            if (auto listener = weak.lock()) listener->on_passing(json);
          }
        }, {}, {}});
}

std::string CentreService::agent_event(const std::string& agent_id) const {
  const auto* state = centre_.agent(agent_id);
  bj::object agent = agent_status_json(centre_, agent_id);
  if (const auto* info = centre_.agent_info(agent_id)) {
    agent["username"] = info->username;
    agent["name"] = info->name;
  }
  if (state != nullptr) agent["since"] = to_iso8601(state->since);
  return bj::serialize(bj::object{{"type", "agent"}, {"agent", std::move(agent)}});
}

std::string CentreService::snapshot_event(const std::string& agent_id) const {
  bj::object event{{"type", "snapshot"}, {"epoch", epoch_}};
  event["agent"] = json::parse_object(agent_event(agent_id))->at("agent");
  event["contacts"] = agent_contacts_json(centre_, agent_id);
  return bj::serialize(event);
}

void CentreService::listen(const std::string& contact_id, const std::string& participant_id, std::weak_ptr<ChatListener> listener) {
  auto done = std::make_shared<std::promise<void>>();
  auto future = done->get_future();
  post({{}, {}, [&] {
          auto& list = chat_listeners_[participant_id];
          std::erase_if(list, [](const auto& weak) { return weak.expired(); });
          list.push_back(listener);
          const auto strong = listener.lock();
          if (!strong) return;
          strong->on_listening();
          if (const auto place = centre_.queue_place_event(contact_id, clock_().wall, random_)) strong->on_item(*place);
        }, {}, done});
  future.get();
}

std::vector<CentreService::Numbered> CentreService::listen_agent(const std::string& agent_id, std::weak_ptr<AgentListener> listener,
                                                                 std::string_view epoch, std::uint64_t after) {
  std::vector<Numbered> first;
  auto done = std::make_shared<std::promise<void>>();
  auto future = done->get_future();
  post({{}, {}, [&] {
          Feed& feed = feeds_[agent_id];
          const bool resumes = epoch == epoch_ && after <= feed.last &&
                               (after == feed.last || (!feed.recent.empty() && feed.recent.front().number <= after + 1));
          if (resumes) {
            std::size_t bytes = 0;
            for (const Numbered& event : feed.recent) {
              if (event.number <= after) continue;
              bytes += event.json.size();
              first.push_back(event);
            }
            // More than a socket's queue takes at once would cut it, and again each time it came back.
            if (bytes > kResumeBytesMax) first.clear();
          }
          if (!resumes || (first.empty() && after != feed.last)) {
            first.push_back({feed.last, snapshot_event(agent_id)});
          }
          feed.listeners.push_back(listener);
        }, {}, done});
  future.get();
  return first;
}

}  // namespace upcall::api
