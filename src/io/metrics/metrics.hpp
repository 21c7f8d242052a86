// Counters, gauges and histograms with Prometheus' text format (version 0.0.4).
//
// A metric is made once (by name and labels; the same again gives the same one), kept by reference, and then costs one
// relaxed atomic operation from any thread. The registry outlives its users. Labels hold kinds, never ids, secrets or
// addresses: each set of labels is memory for ever.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace upcall::metrics {

using Labels = std::vector<std::pair<std::string, std::string>>;

class Counter {
 public:
  void add(std::uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

class Gauge {
 public:
  void set(double v) { value_.store(v, std::memory_order_relaxed); }
  void add(double v) { value_.fetch_add(v, std::memory_order_relaxed); }
  double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
};

class Histogram {
 public:
  explicit Histogram(std::vector<double> bounds);
  void observe(double v);
  std::uint64_t count() const;

 private:
  friend class Registry;
  std::vector<double> bounds_;  // rising upper bounds; +Inf comes by itself
  std::vector<std::atomic<std::uint64_t>> buckets_;
  std::atomic<double> sum_{0};
};

// 1 ms to 10 s, for durations in seconds.
std::vector<double> latency_bounds();

class Registry {
 public:
  // Names: [a-zA-Z_:][a-zA-Z0-9_:]*, label names without ':'. A wrong name, or one name with two kinds, is a bug of
  // ours and fails an invariant.
  Counter& counter(std::string_view name, std::string_view help, Labels labels = {});
  Gauge& gauge(std::string_view name, std::string_view help, Labels labels = {});
  Histogram& histogram(std::string_view name, std::string_view help, std::vector<double> bounds, Labels labels = {});
  // A value that is asked for when the text is made (queue lengths, counters kept elsewhere). Must not call back here.
  void gauge_from(std::string_view name, std::string_view help, Labels labels, std::function<double()> read);
  void counter_from(std::string_view name, std::string_view help, Labels labels, std::function<double()> read);

  // Content type "text/plain; version=0.0.4; charset=utf-8". Families by name, samples by labels.
  std::string text() const;

 private:
  enum class Kind : std::uint8_t { counter, gauge, histogram };
  struct Sample {
    Labels labels;
    std::unique_ptr<Counter> counter;
    std::unique_ptr<Gauge> gauge;
    std::unique_ptr<Histogram> histogram;
    std::function<double()> read;
  };
  struct Family {
    Kind kind;
    std::string help;
    std::map<std::string, Sample> samples;  // by the labels' text
  };
  Sample& sample(std::string_view name, std::string_view help, Labels labels, Kind kind);

  mutable std::mutex mutex_;
  std::map<std::string, Family, std::less<>> families_;
};

}  // namespace upcall::metrics
