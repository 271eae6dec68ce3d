#include "backends/native/program.h"

#include <bit>
#include <cstring>

#include "ops/evaluation.h"
#include "ops/interpreter.h"

namespace nacre::native {

/// The memory of one run of one plan: the arena, and a value for every edge that has its place in it.
struct Program::RunState {
  Tensor arena;
  std::vector<Value> values;
};

namespace {

using RunState = Program::RunState;

/// Runs the steps of one plan. Also the host of plain evaluations.
class Runner final : public EvaluationHost {
 public:
  Runner(const Plan& plan, RunState& state, Recycler& recycler, std::span<Value> outputs, RunContext& context)
      : plan_(plan), state_(state), recycler_(recycler), outputs_(outputs), context_(context) {}

  Result<void> run(std::span<const Value> inputs) {
    const Graph& graph = *plan_.graph;
    for (size_t i = 0; i < inputs.size(); ++i) state_.values[index(graph.inputs[i])] = inputs[i];
    NACRE_TRY(context_.profile ? run_timed() : run_steps());
    NACRE_TRY(run_rest());
    for (size_t i = 0; i < outputs_.size(); ++i)
      if (!from_rest(i)) outputs_[i] = NACRE_TRY(settled(*value_of(graph.outputs[i])));
    return {};
  }

  Result<Tensor> allocate(DType dtype, const Shape& shape) override { return recycler_.allocate(dtype, shape, context_.budget); }

  Result<Tensor> allocate_output(size_t i, DType dtype, const Shape& shape) override {
    const Edge edge = node_->outputs[i];
    if (edge != kAbsent && plan_.places[index(edge)].offset >= 0) {
      const Tensor& place = state_.values[index(edge)].tensor();
      if (place.dtype() == dtype && place.shape() == shape) return std::move(state_.values[index(edge)].tensor());
    }
    return allocate(dtype, shape);
  }

  Result<std::vector<Value>> run_body(size_t body, std::vector<Value> formal) override {
    const Step& step = *step_;
    for (int32_t position : node_->bodies[body].captures) formal.push_back(*value_of(node_->inputs[position]));
    std::vector<Value> out(step.bodies[body]->graph().outputs.size());
    NACRE_TRY(step.bodies[body]->run(formal, out, context_));
    return out;
  }
  Result<void> checkpoint() override { return context_.checkpoint(); }

 private:
  const Value* value_of(Edge edge) {
    Value& value = state_.values[index(edge)];
    if (const Tensor* constant = plan_.constants[index(edge)].get(); constant && !value.tensor().raw()) value = Value(*constant);
    return &value;
  }

  Result<void> run_steps() {
    for (const Step& step : plan_.steps) NACRE_TRY(run_step(step));
    return {};
  }

  // One look at the clock for each step; the rows are written when all have run, so that they cost the steps nothing.
  Result<void> run_timed() {
    std::vector<double> ends;
    ends.reserve(plan_.steps.size());
    double begin = context_.elapsed();
    for (const Step& step : plan_.steps) {
      NACRE_TRY(run_step(step));
      ends.push_back(context_.elapsed());
    }
    std::vector<NodeProfile>& rows = context_.profile->nodes;
    rows.reserve(rows.size() + ends.size());
    for (size_t i = 0; i < ends.size(); begin = ends[i++]) rows.push_back(row_of(plan_.steps[i], begin, ends[i] - begin));
    return {};
  }

  Result<void> run_step(const Step& step) {
    NACRE_TRY(context_.checkpoint());
    const Node& node = plan_.graph->nodes[step.node];
    step_ = &step, node_ = &node;
    inputs_.clear();
    for (Edge edge : node.inputs) inputs_.push_back(edge == kAbsent ? nullptr : value_of(edge));
    if (step.view)
      NACRE_TRY(run_view(node));
    else
      NACRE_TRY(step.kernel ? run_kernel(step, node) : evaluate(node));
    for (int32_t edge : step.releases) state_.values[edge] = Value();
    return {};
  }

  Result<void> run_view(const Node& node) {
    const Edge out = node.outputs[0];
    if (plan_.places[index(out)].offset >= 0) return {};  // the same bytes, under the shape of its place
    const Tensor& in = inputs_[0]->tensor();
    state_.values[index(out)] = NACRE_TRY(settled(Value(in.reshaped(*plan_.places[index(out)].shape))));
    return {};
  }

  Result<void> run_kernel(const Step& step, const Node& node) {
    results_.resize(node.outputs.size());
    for (size_t i = 0; i < results_.size(); ++i) {
      if (node.outputs[i] == kAbsent) continue;
      auto tensor = allocate_output(i, plan_.graph->fact(node.outputs[i]).dtype, *plan_.places[index(node.outputs[i])].shape);
      if (!tensor) return std::unexpected(std::move(tensor.error().at(describe(node))));
      results_[i] = Value(std::move(*tensor));
    }
    const Call call{node, step.prepared.get(), inputs_, results_, context_};
    if (auto done = step.kernel->run(call); !done) return std::unexpected(std::move(done.error().at(describe(node))));
    return keep_results(node);
  }

  Result<void> evaluate(const Node& node) {
    results_.assign(node.outputs.size(), Value());
    Evaluation evaluation(*plan_.graph, node, inputs_, results_, *this);
    NACRE_TRY(evaluate_node(node, evaluation));
    return keep_results(node);
  }

  Result<void> keep_results(const Node& node) {
    for (size_t i = 0; i < results_.size(); ++i) {
      if (node.outputs[i] == kAbsent) continue;
      Value& target = state_.values[index(node.outputs[i])];
      const Place& place = plan_.places[index(node.outputs[i])];
      if (place.shape) NACRE_TRY(check_result(node, i, *place.shape));
      if (place.offset < 0)
        target = NACRE_TRY(settled(std::move(results_[i])));
      else
        put_in_place(node, i, place, target);
      results_[i] = Value();
    }
    return {};
  }

  /// Kernels downstream were chosen for the inferred shape and do not look again.
  Result<void> check_result(const Node& node, size_t i, const Shape& shape) const {
    const DType dtype = plan_.graph->fact(node.outputs[i]).dtype;
    if (results_[i].is_tensor() && results_[i].tensor().dtype() == dtype && results_[i].tensor().shape() == shape) return {};
    Error error(ErrorCode::internal, cat("gave ", Fact::of(results_[i]).text(), ", inferred ", plan_.fact(node.outputs[i]).text()));
    return std::unexpected(error.at(describe(node)));
  }

  /// A result that was made elsewhere (an evaluation that hands on its input, say) is copied to where readers expect it.
  void put_in_place(const Node& node, size_t i, const Place& place, Value& target) {
    char* home = static_cast<char*>(state_.arena.mutable_raw()) + place.offset;
    if (results_[i].tensor().raw() == home) {
      target = std::move(results_[i]);
      return;
    }
    std::memmove(home, results_[i].tensor().raw(), size_t(place.bytes));
    const DType dtype = plan_.graph->fact(node.outputs[i]).dtype;
    target = Value(Tensor::borrow(dtype, *place.shape, home, size_t(place.bytes), nullptr));
  }

  bool in_arena(const Tensor& tensor) const {
    const char *begin = static_cast<const char*>(state_.arena.raw()), *at = static_cast<const char*>(tensor.raw());
    return begin && at >= begin && at < begin + state_.arena.byte_size();
  }

  /// A value that may outlive the arena's bytes: tensors that lie there are copied out, inside sequences too.
  Result<Value> settled(Value value) {
    if (value.kind() == Value::Kind::map) return value;
    if (value.is_tensor()) {
      if (!in_arena(value.tensor())) return value;
      const Tensor& tensor = value.tensor();
      Tensor copy = NACRE_TRY(allocate(tensor.dtype(), tensor.shape()));
      std::memcpy(copy.mutable_raw(), tensor.raw(), tensor.byte_size());
      return Value(std::move(copy));
    }
    std::vector<Value> items;
    for (const Value& item : value.items()) items.push_back(NACRE_TRY(settled(item)));
    if (value.kind() == Value::Kind::sequence) return Value::sequence(std::move(items));
    return items.empty() ? Value::optional() : Value::optional(std::move(items[0]));
  }

  bool from_rest(size_t output) const {
    for (int32_t position : plan_.rest_outputs)
      if (size_t(position) == output) return true;
    return false;
  }

  Result<void> run_rest() {
    if (!plan_.rest) return {};
    std::vector<Value> in, out(plan_.rest_outputs.size());
    for (Edge edge : plan_.rest_inputs) in.push_back(NACRE_TRY(settled(*value_of(edge))));
    NACRE_TRY(plan_.rest->run(in, out, context_));
    for (size_t i = 0; i < out.size(); ++i) outputs_[size_t(plan_.rest_outputs[i])] = std::move(out[i]);
    return {};
  }

  NodeProfile row_of(const Step& step, double begin, double milliseconds) const {
    const Node& node = plan_.graph->nodes[step.node];
    int64_t bytes = 0;
    for (Edge edge : node.outputs)
      if (edge != kAbsent) bytes += plan_.places[index(edge)].bytes;
    const std::string_view kernel = step.view ? "view" : step.kernel ? step.kernel->name : "reference";
    return {node.name, std::string(node.op->name), "native", std::string(kernel), milliseconds, bytes, begin, step.flops};
  }

  const Plan& plan_;
  RunState& state_;
  Recycler& recycler_;
  std::span<Value> outputs_;
  RunContext& context_;
  const Step* step_ = nullptr;
  const Node* node_ = nullptr;
  std::vector<const Value*> inputs_;
  std::vector<Value> results_;
};

void sign(std::vector<int64_t>& signature, const Fact& fact) {
  signature.push_back(int64_t(fact.kind) << 16 | int64_t(fact.dtype) << 8 | int64_t(fact.key_dtype));
  signature.push_back(fact.shape ? int64_t(fact.shape->size()) : -1);
  for (const SymDim& dim : fact.shape.value_or(SymShape{})) signature.push_back(dim.constant().value_or(-1));
  if (fact.element) sign(signature, *fact.element);
}

/// What a plan depends on: the facts of its inputs.
void sign(std::vector<int64_t>& signature, const Value& value) {
  signature.push_back(int64_t(value.kind()));
  if (!value.is_tensor()) return sign(signature, Fact::of(value));
  const Tensor& tensor = value.tensor();
  signature.push_back(int64_t(tensor.dtype()) << 8 | tensor.rank());
  signature.insert(signature.end(), tensor.shape().begin(), tensor.shape().end());
}

/// The arena counts against the run while it runs, though the memory stays for the next one.
class ArenaCharge {
 public:
  static Result<ArenaCharge> take(MemoryBudget* budget, const Plan& plan) {
    if (budget)
      if (auto charged = budget->charge(plan.arena_bytes); !charged) return std::unexpected(std::move(charged.error().at(plan.largest)));
    return ArenaCharge(budget, plan.arena_bytes);
  }
  ArenaCharge(MemoryBudget* budget, int64_t bytes) : budget_(budget), bytes_(bytes) {}
  ArenaCharge(ArenaCharge&& other) noexcept : budget_(std::exchange(other.budget_, nullptr)), bytes_(other.bytes_) {}
  ~ArenaCharge() {
    if (budget_) budget_->release(bytes_);
  }

 private:
  MemoryBudget* budget_;
  int64_t bytes_;
};

void prepare_state(const Plan& plan, RunState& state) {
  state.values.resize(plan.graph->edge_count());
  char* base = static_cast<char*>(state.arena.mutable_raw());
  for (size_t i = 0; i < plan.places.size(); ++i) {
    const Place& place = plan.places[i];
    if (place.offset < 0) continue;
    const DType dtype = plan.graph->fact(Edge(int32_t(i))).dtype;
    state.values[i] = Value(Tensor::borrow(dtype, *place.shape, base + place.offset, size_t(place.bytes), nullptr));
  }
}

}  // namespace

Program::~Program() = default;

Result<std::shared_ptr<Program::Bound>> Program::bind(std::span<const Value> inputs) {
  std::vector<int64_t> signature;
  for (const Value& value : inputs) sign(signature, value);
  std::lock_guard lock(mutex_);
  for (auto at = plans_.begin(); at != plans_.end(); ++at)
    if ((*at)->signature == signature) {
      plans_.splice(plans_.begin(), plans_, at);
      return plans_.front();
    }
  std::vector<Fact> facts;
  for (const Value& value : inputs) {
    facts.push_back(Fact::of(value));
    facts.back().values = nullptr;  // a plan serves every input of these shapes
  }
  auto bound = std::make_shared<Bound>();
  bound->plan = NACRE_TRY(plan_for(facts));
  bound->signature = std::move(signature);
  plans_.push_front(bound);
  if (plans_.size() > kMaxPlans) plans_.pop_back();
  return bound;
}

// The first plan is made from the full graph, with which most sessions end; others each from the one before, where that can be.
Result<std::shared_ptr<const Plan>> Program::plan_for(std::span<const Fact> inputs) {
  constexpr int kMostReplanners = 2;  // the first of a model is of use for long, or none is
  if (depth_ > 0) return make_plan(graph_, inputs, cache_, depth_);
  if (!std::exchange(planned_, true)) return make_plan(graph_, inputs, cache_, depth_);
  if (!outline_) outline_.emplace(graph_);
  if (!outline_->takes(inputs)) return make_plan(graph_, inputs, cache_, depth_);
  std::optional<Graph> graph;
  if (!replanner_) graph = outline_->bind(inputs);
  if (graph && replanners_++ < kMostReplanners) replanner_ = std::make_unique<Replanner>(*graph, cache_);
  if (replanner_) {
    if (auto plan = replanner_->plan(*outline_, inputs)) return plan;
    replanner_.reset();
  }
  if (!graph) graph = outline_->bind(inputs);
  return make_plan(graph ? std::move(*graph) : graph_, inputs, cache_, depth_);
}

// Sizes are rounded up so that the arena of a sequence one token longer fits in that of the one before.
Result<Tensor> Program::take_arena(int64_t bytes) {
  constexpr size_t kKept = 4;
  const int64_t step = std::max<int64_t>(4096, int64_t(std::bit_floor(uint64_t(bytes))) / 8), wanted = (bytes + step - 1) / step * step;
  {
    std::lock_guard lock(mutex_);
    size_t idle = 0;
    for (const auto& bound : plans_) idle += bound->idle.size();
    if (idle >= kKept)
      for (auto bound = plans_.rbegin(); bound != plans_.rend(); ++bound) {
        if ((*bound)->idle.empty()) continue;
        Tensor arena = std::move((*bound)->idle.back()->arena);
        (*bound)->idle.pop_back();
        if (int64_t(arena.byte_size()) >= wanted && int64_t(arena.byte_size()) <= 4 * wanted) return arena;
        break;
      }
  }
  return allocate(DType::uint8, {wanted});
}

std::unique_ptr<Program::RunState> Program::take_state(Bound& bound) {
  std::lock_guard lock(mutex_);
  if (bound.idle.empty()) return nullptr;
  std::unique_ptr<RunState> state = std::move(bound.idle.back());
  bound.idle.pop_back();
  return state;
}

Result<void> Program::run(std::span<const Value> inputs, std::span<Value> outputs, RunContext& context) {
  if (inputs.size() != graph_.inputs.size() || outputs.size() != graph_.outputs.size())
    return fail(ErrorCode::invalid_argument, "takes ", graph_.inputs.size(), " inputs and gives ", graph_.outputs.size(),
                " outputs, called with ", inputs.size(), " and ", outputs.size());
  std::shared_ptr<Bound> bound = NACRE_TRY(bind(inputs));
  const ArenaCharge charge = NACRE_TRY(ArenaCharge::take(context.budget, *bound->plan));
  std::unique_ptr<RunState> state = take_state(*bound);
  if (!state) {
    state = std::make_unique<RunState>();
    state->arena = NACRE_TRY(take_arena(bound->plan->arena_bytes));
    prepare_state(*bound->plan, *state);
  }
  NACRE_TRY(Runner(*bound->plan, *state, recycler_, outputs, context).run(inputs));
  // Inputs and results of this run must not stay alive in the state that waits for the next one.
  for (size_t i = 0; i < state->values.size(); ++i)
    if (bound->plan->places[i].offset < 0 && !bound->plan->constants[i]) state->values[i] = Value();
  std::lock_guard lock(mutex_);
  bound->idle.push_back(std::move(state));
  return {};
}

/// Bodies and what waits for results keep memory of their own.
template <class F>
void Program::for_each_inner(const Plan& plan, F&& f) {
  if (plan.rest) f(*plan.rest);
  for (const Step& step : plan.steps)
    for (const std::shared_ptr<Program>& body : step.bodies) f(*body);
}

void Program::trim() noexcept {
  recycler_.trim();
  std::lock_guard lock(mutex_);
  for (auto& bound : plans_) {
    bound->idle.clear();
    for_each_inner(*bound->plan, [](Program& inner) { inner.trim(); });
  }
}

int64_t Program::resident_bytes() const noexcept {
  std::lock_guard lock(mutex_);
  int64_t total = recycler_.idle_bytes() + (depth_ == 0 ? cache_->bytes() : 0);
  for (const auto& bound : plans_) {
    for (const auto& state : bound->idle) total += int64_t(state->arena.byte_size());
    for_each_inner(*bound->plan, [&](const Program& inner) { total += inner.resident_bytes(); });
  }
  return total;
}

static PlanReport report_of(const Plan& plan) {
  PlanReport out{.arena_bytes = plan.arena_bytes, .complete = !plan.rest};
  for (const Step& step : plan.steps) {
    const Node& node = plan.graph->nodes[step.node];
    const bool typed = !node.outputs.empty() && node.outputs[0] != kAbsent;
    out.steps.push_back({describe(node), std::string(node.op->name),
                         std::string(step.view     ? "view"
                                     : step.kernel ? step.kernel->name
                                                   : "reference"),
                         typed ? plan.fact(node.outputs[0]).text() : ""});
  }
  return out;
}

Result<PlanReport> Program::plan(std::span<const Fact> inputs) const {
  return report_of(*NACRE_TRY(make_plan(graph_, inputs, cache_, depth_)));
}

std::string Program::text() const {
  std::lock_guard lock(mutex_);
  if (plans_.empty()) return "no plan yet: plans are made for the shapes of a run\n";
  const Plan& plan = *plans_.front()->plan;
  std::string out = cat(plan.steps.size(), " steps, arena ", plan.arena_bytes, " bytes\n");
  for (const PlanReport::Step& step : report_of(plan).steps)
    out += cat(step.kernel, "\t", step.node, step.type.empty() ? "" : "\t", step.type, "\n");
  return plan.rest ? out + "the rest waits for shapes that depend on these results\n" : out;
}

}  // namespace nacre::native
