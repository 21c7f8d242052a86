#include "io/metrics/metrics.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/invariant.hpp"

namespace upcall::metrics {

namespace {

bool is_name(std::string_view name, bool colon) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  return std::all_of(name.begin(), name.end(), [colon](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || (colon && c == ':');
  });
}

std::string escape(std::string_view text, bool quote) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') out += "\\\\";
    else if (c == '\n') out += "\\n";
    else if (c == '"' && quote) out += "\\\"";
    else out.push_back(c);
  }
  return out;
}

std::string labels_text(const Labels& labels, std::string_view extra_name = {}, std::string_view extra = {}) {
  std::string out;
  for (const auto& [name, value] : labels) out += (out.empty() ? "" : ",") + name + "=\"" + escape(value, true) + "\"";
  if (!extra_name.empty()) {
    out += (out.empty() ? "" : ",") + std::string(extra_name) + "=\"" + std::string(extra) + "\"";
  }
  return out.empty() ? out : "{" + out + "}";
}

std::string number(double v) {
  if (std::isnan(v)) return "NaN";
  if (std::isinf(v)) return v > 0 ? "+Inf" : "-Inf";
  char out[40];
  const auto end = std::to_chars(out, out + sizeof out, v);
  return std::string(out, end.ptr);
}

}  // namespace

std::vector<double> latency_bounds() { return {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}; }

Histogram::Histogram(std::vector<double> bounds) : bounds_(std::move(bounds)), buckets_(bounds_.size() + 1) {
  UPCALL_INVARIANT(std::is_sorted(bounds_.begin(), bounds_.end()), "a histogram's bounds do not rise");
}

void Histogram::observe(double v) {
  const auto at = std::lower_bound(bounds_.begin(), bounds_.end(), v) - bounds_.begin();
  buckets_[static_cast<std::size_t>(at)].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(v, std::memory_order_relaxed);
}

std::uint64_t Histogram::count() const {
  std::uint64_t out = 0;
  for (const auto& bucket : buckets_) out += bucket.load(std::memory_order_relaxed);
  return out;
}

Registry::Sample& Registry::sample(std::string_view name, std::string_view help, Labels labels, Kind kind) {
  UPCALL_INVARIANT(is_name(name, true), "a metric's name is not allowed");
  for (const auto& label : labels) UPCALL_INVARIANT(is_name(label.first, false), "a label's name is not allowed");
  std::sort(labels.begin(), labels.end());
  const auto [family, made] = families_.try_emplace(std::string(name), Family{kind, std::string(help), {}});
  UPCALL_INVARIANT(family->second.kind == kind, "one metric's name is used for two kinds");
  Sample& out = family->second.samples[labels_text(labels)];
  out.labels = std::move(labels);
  return out;
}

Counter& Registry::counter(std::string_view name, std::string_view help, Labels labels) {
  const std::lock_guard lock(mutex_);
  Sample& s = sample(name, help, std::move(labels), Kind::counter);
  if (!s.counter) s.counter = std::make_unique<Counter>();
  return *s.counter;
}

Gauge& Registry::gauge(std::string_view name, std::string_view help, Labels labels) {
  const std::lock_guard lock(mutex_);
  Sample& s = sample(name, help, std::move(labels), Kind::gauge);
  if (!s.gauge) s.gauge = std::make_unique<Gauge>();
  return *s.gauge;
}

Histogram& Registry::histogram(std::string_view name, std::string_view help, std::vector<double> bounds, Labels labels) {
  const std::lock_guard lock(mutex_);
  Sample& s = sample(name, help, std::move(labels), Kind::histogram);
  if (!s.histogram) s.histogram = std::make_unique<Histogram>(std::move(bounds));
  return *s.histogram;
}

void Registry::gauge_from(std::string_view name, std::string_view help, Labels labels, std::function<double()> read) {
  const std::lock_guard lock(mutex_);
  sample(name, help, std::move(labels), Kind::gauge).read = std::move(read);
}

void Registry::counter_from(std::string_view name, std::string_view help, Labels labels, std::function<double()> read) {
  const std::lock_guard lock(mutex_);
  sample(name, help, std::move(labels), Kind::counter).read = std::move(read);
}

std::string Registry::text() const {
  static constexpr const char* kKinds[] = {"counter", "gauge", "histogram"};
  const std::lock_guard lock(mutex_);
  std::string out;
  for (const auto& [name, family] : families_) {
    out += "# HELP " + name + " " + escape(family.help, false) + "\n# TYPE " + name + " ";
    out += kKinds[static_cast<int>(family.kind)];
    out.push_back('\n');
    for (const auto& [labels, s] : family.samples) {
      if (s.histogram) {
        const Histogram& h = *s.histogram;
        // Read once, so that the buckets rise and the last one is the count even while others observe.
        std::uint64_t sum = 0;
        for (std::size_t i = 0; i <= h.bounds_.size(); ++i) {
          sum += h.buckets_[i].load(std::memory_order_relaxed);
          const std::string bound = i < h.bounds_.size() ? number(h.bounds_[i]) : "+Inf";
          out += name + "_bucket" + labels_text(s.labels, "le", bound) + " " + std::to_string(sum) + "\n";
        }
        out += name + "_sum" + labels + " " + number(h.sum_.load(std::memory_order_relaxed)) + "\n";
        out += name + "_count" + labels + " " + std::to_string(sum) + "\n";
        continue;
      }
      const std::string value = s.read ? number(s.read()) : s.counter ? std::to_string(s.counter->value())
                                                                      : number(s.gauge ? s.gauge->value() : 0);
      out += name + labels + " " + value + "\n";
    }
  }
  return out;
}

}  // namespace upcall::metrics
