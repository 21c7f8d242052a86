// Private to Centre's files: the hands of a flow's blocks. Acts on one contact within one turn.
#pragma once

#include "contact/centre_turn.hpp"

namespace upcall::contact {

class Centre::Host final : public FlowHost {
 public:
  Host(Centre& centre, Turn& turn, Contact& contact) : centre_(centre), turn_(turn), contact_(contact) {}

  const Flow* flow(std::string_view flow_id) const override { return centre_.flow(flow_id); }
  std::string find_flow(const FlowResource& resource, bool module) const override;
  void say(std::string_view text) override;
  bool set_attributes(const std::vector<std::pair<std::string, std::string>>& values) override;
  bool set_data(const std::vector<std::pair<std::string, std::string>>& values) override;
  bool tag(const std::vector<std::pair<std::string, std::string>>& values) override;
  void untag(const std::vector<std::string>& names) override;
  void set_priority(std::int64_t priority) override;
  void adjust_age(Duration by) override;
  bool set_hook(std::string_view event, const FlowResource& flow) override;
  bool set_queue(const FlowResource& queue, bool of_agent) override;
  Transfer transfer() override;
  Transfer dequeue(const FlowResource& queue, bool of_agent) override;
  std::optional<bool> open(const FlowResource& hours) const override;
  std::optional<std::int64_t> metric(std::string_view metric, const FlowResource& queue, bool of_agent) const override;
  std::optional<Attributes> metrics(const FlowResource& queue, bool of_agent) const override;
  int percent() override { return 1 + static_cast<int>(turn_.random.below(100)); }
  std::string call(const FlowCall& call) override;
  void traced(FlowStep step) override;
  const Attributes& attributes() const override { return contact_.attributes; }
  std::string system_value(std::string_view path) const override;

 private:
  struct Figures {
    std::int64_t available = 0, staffed = 0, online = 0, after_work = 0, busy = 0, missed = 0, waiting = 0, oldest_ms = 0;
  };
  std::string flow_named(const FlowResource& resource, bool module) const;
  const Queue* queue_named(const FlowResource& resource) const;
  const AgentInfo* agent_named(const FlowResource& resource) const;
  // Empty: there is no such queue.
  QueueRef queue_of(const FlowResource& resource, bool of_agent) const;
  // The queue that is named, or else the contact's.
  QueueRef asked(const FlowResource& resource, bool of_agent) const;
  bool serves(const AgentInfo& agent, const QueueRef& queue) const;
  Figures figures(const QueueRef& queue) const;
  std::string queue_name(const QueueRef& queue) const;
  std::string queue_arn(const QueueRef& queue) const;

  Centre& centre_;
  Turn& turn_;
  Contact& contact_;
};

}  // namespace upcall::contact
