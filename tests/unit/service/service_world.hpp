// Meetings and recordings on a real store, a real media thread and a real directory of objects, without a network and
// without codecs: the composer is this test program itself (fake_composer.hpp). stop() and start() are a server's
// restart on the same data. One thread, unless a test says otherwise.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "crypto/random.hpp"
#include "io/objects/directory_object_store.hpp"
#include "io/store/audit_repository.hpp"
#include "io/store/outbox_repository.hpp"
#include "service/meetings/meeting_directory.hpp"
#include "service/recording/recording_service.hpp"

// A child of a sanitized program cannot live within a composer's memory limit: the shadow memory alone is larger.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define UPCALL_NEEDS_COMPOSER() GTEST_SKIP() << "composers do not run under a sanitizer"
#else
#define UPCALL_NEEDS_COMPOSER() (void)0
#endif

namespace upcall::test {

// Closed until opened; who waits gives up after 20 s.
class Gate {
 public:
  void open() {
    {
      const std::lock_guard lock(mutex_);
      open_ = true;
    }
    changed_.notify_all();
  }
  bool wait() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), [this] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

class ServiceWorld {
 public:
  // `composers_max`: of the recording service.
  explicit ServiceWorld(std::size_t composers_max = 4);
  ~ServiceWorld();

  void start();
  void stop();

  // The clock of the services; timers that hang on it see the move at their next look.
  void pass(Duration span) { offset_ms_ += span.ms(); }
  Now now() const;

  service::JoinInfo meeting(const std::string& external_id, const std::string& owner = "agent-1");
  Result<store::Recording> record(const std::string& external_id);
  store::Recording the_recording(const std::string& external_id);  // fails the test unless there is exactly one
  // Waits for a state of the only recording, by the store; 20 s.
  bool reaches(const std::string& external_id, store::RecordingState state);
  // Types of the outbox's events of this meeting that begin with `prefix`, in their order.
  std::vector<std::string> events(const std::string& external_id, const std::string& prefix);
  // The meeting.ended events since the last call are delivered, as the server's outbox loop does.
  void deliver_ends();
  // RECORDING attendees of the meeting that are not removed, by the store.
  int silent_attendees(const std::string& external_id);
  // Stops the control thread at a known place until `gate` opens; returns when it stands there.
  void hold_control_thread(std::shared_ptr<Gate> gate);
  void sql(const std::string& statement);
  std::string film(const store::Recording& recording);
  std::string spool() const { return dir_ + "/spool"; }
  // The object store takes nothing more, until it does again.
  void break_objects();
  void mend_objects();
  // How often a composer was started for a meeting.
  int composer_runs(const std::string& external_id) const;
  // Lets a fake composer of a title that begins with "held" finish.
  void release_composers();

  std::unique_ptr<store::Store> store;
  std::unique_ptr<store::Sealer> sealer;
  std::unique_ptr<objects::DirectoryObjectStore> objects;
  std::unique_ptr<service::MeetingDirectory> directory;
  std::unique_ptr<service::MeetingRuntime> runtime;
  std::unique_ptr<service::RecordingService> recordings;
  std::atomic<int> told{0};  // times the outbox's listener was called

 private:
  const std::size_t composers_max_;
  std::string dir_;
  crypto::SystemRandom random_;
  std::atomic<std::int64_t> offset_ms_{0};
  std::unique_ptr<dtls::DtlsContext> dtls_;
};

// Looks again and again, at most 20 s.
bool eventually(const std::function<bool()>& condition);

}  // namespace upcall::test
