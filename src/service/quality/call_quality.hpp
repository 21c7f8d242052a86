// Takes what the meetings say of their people: tells it to whoever looks, keeps it with the contact, counts it for
// Prometheus. Of what waits to be written the newest of each stay counts, so nothing grows while the store stands still.
//
// Threads: one of its own, that writes through the store; every member from any. The destructor writes what waits.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <tuple>

#include "io/metrics/metrics.hpp"
#include "io/store/store.hpp"
#include "service/meetings/meeting_quality.hpp"

namespace upcall::service {

class CallQuality {
 public:
  // {"type":"quality","contactId","meetingId","people":[…]} of a contact's call. Must not block.
  using Teller = std::function<void(const std::string& contact_id, const std::string& json)>;

  // Both must outlive it; `registry` may be null.
  CallQuality(store::Store& store, metrics::Registry* registry);
  ~CallQuality();
  CallQuality(const CallQuality&) = delete;
  CallQuality& operator=(const CallQuality&) = delete;

  void take(QualityUpdate update);
  // Nobody is told any more when it returns with an empty one.
  void set_teller(Teller teller);
  // What was said last of the live call of this contact: an object without "type". Nothing: there is no such call.
  std::optional<std::string> live(const std::string& contact_id) const;

  struct Counters {
    std::uint64_t written = 0, failed = 0;
  };
  Counters counters() const;

 private:
  using Key = std::tuple<std::string, std::string, std::int64_t>;   // meeting, attendee, beginning
  void loop();
  void observe(const PersonQuality& person);
  void tell(const QualityUpdate& update);
  Result<void> write(const std::map<Key, QualityRecord>& records);
  std::optional<std::string> contact_of(const std::string& meeting_id);

  store::Store& store_;
  metrics::Histogram* scores_ = nullptr;
  metrics::Histogram* sounds_ = nullptr;
  metrics::Histogram* pictures_ = nullptr;
  std::array<metrics::Counter*, quality::kReasonCount> reasons_{};

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  std::map<std::string, QualityUpdate> news_;      // by meeting: the newest
  std::map<Key, QualityRecord> records_;
  std::map<std::string, std::string> live_;        // by contact
  Counters counters_;

  std::mutex teller_mutex_;                        // held while it is called
  Teller teller_;
  std::map<std::string, std::optional<std::string>> contacts_;   // of its own thread: by meeting
  std::thread thread_;
};

}  // namespace upcall::service
