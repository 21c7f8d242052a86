// The running contact centre: one thread owns contact::Centre, drives its timers, writes its effects to the store and
// delivers them after the commit, in order.
//
// A command is answered when its effects are on disk. When the store fails, the effects are kept and written again every
// second, the caller gets `unavailable`, and a repeated send with the same client token is answered with the first item.
// Threads: all members from any thread, except from inside a listener.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/rng.hpp"
#include "contact/centre.hpp"
#include "io/store/store.hpp"

namespace upcall::api {

// Told on the service's thread, in order of commit; must not block.
class ChatListener {
 public:
  virtual ~ChatListener() = default;
  virtual void on_listening() = 0;  // first: from here on it misses nothing
  virtual void on_item(const contact::ChatItem& item) = 0;
  virtual void on_chat_closed() = 0;
};

// One agent's changes, ready as JSON texts without their number.
class AgentListener {
 public:
  virtual ~AgentListener() = default;
  virtual void on_event(std::uint64_t number, const std::string& json) = 0;
  // Of the moment: without a number, and not kept for whoever resumes.
  virtual void on_passing(const std::string& json) = 0;
  virtual void on_agent_removed() = 0;
};

// A flow's file and what was read from it.
using FlowCache = std::map<std::string, std::pair<std::string, contact::Flow>>;

class CentreService {
 public:
  // Restores contacts and agents from the store. References must outlive the service.
  static Result<std::unique_ptr<CentreService>> start(store::Store& store, RandomSource& random, std::function<Now()> clock);
  ~CentreService();

  // Waits for the commit. `error` is set when the command was refused or could not be stored.
  contact::Effects call(contact::Command command);
  // Runs on the service's thread and waits: for reading.
  void ask(const std::function<void(const contact::Centre&)>& question);
  template <class T>
  T get(const std::function<T(const contact::Centre&)>& question) {
    T out{};
    ask([&](const contact::Centre& centre) { out = question(centre); });
    return out;
  }
  // Who calls the functions of flows, when what the flow did before is stored. Without: a call takes its time-out. Waits.
  void set_flow_caller(std::function<void(contact::FlowCallRequest)> caller);
  // What goes along when a contact is another agent's: runs on the store's thread in the transaction that says so, again
  // when that has to be repeated; what it returns runs after the commit on the service's thread and must not block. Waits.
  using AfterCommit = std::function<void()>;
  using Follower = std::function<Result<AfterCommit>(store::Database& db, const contact::AgentChange& change, WallTime at)>;
  void set_follower(Follower follower);
  // What became of a call. Returns at once.
  void answer(contact::FlowAnswer answer);
  // Reads users, queues and flows again; also happens by itself every five seconds.
  Result<void> reload();

  // Returns when it listens. A listener of a contact that waits is told its place at once.
  void listen(const std::string& contact_id, const std::string& participant_id, std::weak_ptr<ChatListener> listener);

  // An agent's event stream. `after` and `epoch` from an earlier stream resume it when the events are still there;
  // otherwise the first event is a snapshot. Returns the texts to send first.
  struct Numbered {
    std::uint64_t number = 0;
    std::string json;
  };
  std::vector<Numbered> listen_agent(const std::string& agent_id, std::weak_ptr<AgentListener> listener, std::string_view epoch,
                                     std::uint64_t after);
  const std::string& epoch() const { return epoch_; }
  // To the agent who has this contact now, as a thing of the moment. Returns at once.
  void tell_agent_of(std::string contact_id, std::string json);

 private:
  struct Audience {
    std::vector<std::string> participants;
    std::string agent_id;
  };
  struct ContactWrite;
  struct Batch;
  struct Job {
    std::optional<contact::Command> command;
    std::function<void(const contact::Centre&)> question;
    std::function<void()> task;  // touches listeners
    std::shared_ptr<std::promise<contact::Effects>> answer;
    std::shared_ptr<std::promise<void>> done;
  };
  struct Feed {
    std::uint64_t last = 0;
    std::deque<Numbered> recent;
    std::vector<std::weak_ptr<AgentListener>> listeners;
  };

  CentreService(store::Store& store, RandomSource& random, std::function<Now()> clock);
  Result<void> restore();
  void loop();
  void post(Job job);
  void run(Job& job);
  void check_supervisors();
  void apply(const contact::Command& command, std::shared_ptr<std::promise<contact::Effects>> answer);
  void write_out();
  void committed(const Result<void>& result);
  void deliver(const Batch& batch);
  void publish(const std::string& agent_id, std::string json);
  std::string agent_event(const std::string& agent_id) const;
  std::string snapshot_event(const std::string& agent_id) const;

  store::Store& store_;
  RandomSource& random_;
  std::function<Now()> clock_;
  std::string epoch_;  // of this process: event numbers start anew with it
  contact::Centre centre_;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> jobs_;
  std::optional<Result<void>> commit_answer_;
  bool stopping_ = false;

  // Of the service's thread alone.
  std::vector<std::shared_ptr<Batch>> unsaved_, in_flight_;
  Instant retry_at_;
  Instant reload_at_;
  FlowCache flows_read_;
  Instant prune_at_;   // traces of contacts that ended long ago
  WallTime pruned_;    // of those before it they are gone; the first round of a server takes all
  std::map<std::string, std::vector<std::weak_ptr<ChatListener>>> chat_listeners_;
  std::map<std::string, Feed> feeds_;
  std::thread thread_;
  // Last, so that it goes first: what it holds may still answer.
  std::function<void(contact::FlowCallRequest)> flow_caller_;
  Follower follower_;
};

// Everything the centre needs to know, from the store. A stored flow that no longer imports is left out.
// `known`: flows read before, by id; those whose file is the same are not read again. May be null.
Result<contact::CentreConfig> load_centre_config(store::Database& db, FlowCache* known = nullptr);

}  // namespace upcall::api
