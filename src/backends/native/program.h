// A compiled graph: plans per shape signature and the memory of its concurrent runs.
#pragma once

#include <list>

#include "backends/native/plan.h"

namespace nacre::native {

class Program {
 public:
  Program(Graph graph, std::shared_ptr<PackCache> cache) : graph_(std::move(graph)), cache_(std::move(cache)) {}
  ~Program();

  Result<void> run(std::span<const Value> inputs, std::span<Value> outputs, RunContext& context);
  void trim() noexcept;
  int64_t resident_bytes() const noexcept;
  /// What a run with inputs of these facts would do.
  Result<PlanReport> plan(std::span<const Fact> inputs) const;
  /// The plan of the last run, as text.
  std::string text() const;
  const Graph& graph() const noexcept { return graph_; }

  struct RunState;

 private:
  static constexpr size_t kMaxPlans = 16;

  struct Bound {
    std::vector<int64_t> signature;
    std::shared_ptr<const Plan> plan;
    std::vector<std::unique_ptr<RunState>> idle;  // memory of runs that ended
  };

  Result<std::shared_ptr<Bound>> bind(std::span<const Value> inputs);
  std::unique_ptr<RunState> take_state(Bound& bound);

  Graph graph_;
  std::shared_ptr<PackCache> cache_;
  mutable std::mutex mutex_;
  std::list<std::shared_ptr<Bound>> plans_;  // most recently used first
};

}  // namespace nacre::native
