// Transport-wide feedback of any shape against a history of what was sent: no packet counts twice, none that was never
// sent counts at all, and the rate keeps its limits.
// link: upcall_rtc_bwe
#include <cstdint>
#include <cstdlib>

#include "rtc/bwe/send_side.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace bwe = upcall::rtc::bwe;
  using upcall::Duration;
  upcall::Reader in(upcall::Bytes(data, size));
  const bwe::RateLimits limits;
  static_assert(sizeof(bwe::SendSideEstimator) < 48 * 1024);
  bwe::SendSideEstimator estimator(limits, in.u16());
  upcall::Instant now = upcall::Instant::from_ms(1'000'000);
  std::uint64_t sent = 0, told = 0;
  while (in.remaining() > 0) {
    const std::uint8_t op = in.u8();
    now = now + Duration::ms(op >> 2);
    if ((op & 3) < 2) {
      for (int i = 0; i < (op >> 2); ++i, ++sent) estimator.on_sent(now, 100u + 17u * op);
    } else if ((op & 3) == 2) {
      const std::size_t length = std::min<std::size_t>(in.u8(), in.remaining());
      const auto arrivals = estimator.on_feedback(now, in.bytes(length), Duration::ms(op));
      if (arrivals) told += arrivals->arrived + arrivals->lost;
    } else if (const auto plan = estimator.plan_probe(now, 5'000'000, true)) {
      for (int i = 0; i < 5; ++i, ++sent) estimator.on_sent(now, plan->bytes / 5, plan->cluster);
      estimator.probe_sent(now, *plan, 5);
    } else {
      estimator.handle_timeout(now);
    }
    // A packet told as lost may still arrive: twice at most.
    if (told > 2 * sent) std::abort();
    if (estimator.bps() < limits.least_bps || estimator.bps() > limits.most_bps) std::abort();
  }
  return 0;
}
