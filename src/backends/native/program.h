// A compiled graph: plans per shape signature and the memory of its concurrent runs.
#pragma once

#include <list>

#include "backends/native/outline.h"
#include "backends/native/plan.h"
#include "backends/native/replan.h"
#include "core/recycler.h"

namespace nacre::native {

class Program {
 public:
  /// `depth` 0: a whole model; more: a body, or what waits for results, whose facts hold for one plan only.
  Program(Graph graph, std::shared_ptr<PackCache> cache, int depth = 0)
      : graph_(std::move(graph)), cache_(std::move(cache)), depth_(depth) {}
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

  template <class F>
  static void for_each_inner(const Plan& plan, F&& f);
  Result<std::shared_ptr<Bound>> bind(std::span<const Value> inputs);
  std::unique_ptr<RunState> take_state(Bound& bound);

  Result<std::shared_ptr<const Plan>> plan_for(std::span<const Fact> inputs);
  /// Memory for a plan's arena: of a run of another shape that ended, when there is enough of such.
  Result<Tensor> take_arena(int64_t bytes);

  Graph graph_;
  std::shared_ptr<PackCache> cache_;
  Recycler recycler_;  // of results that leave a run
  int depth_;
  mutable std::mutex mutex_;
  std::optional<Outline> outline_;  // made when a second shape comes
  std::unique_ptr<Replanner> replanner_;
  int replanners_ = 0;  // how many were made
  bool planned_ = false;
  std::list<std::shared_ptr<Bound>> plans_;  // most recently used first
};

}  // namespace nacre::native
