#include "ops/control_flow.h"

#include "graph/builder.h"
#include "ops/movement.h"

namespace nacre {
namespace {

constexpr int kMaxRounds = 3;
// Each level of nesting multiplies the rounds; below this depth one round must do.
constexpr int kMaxPreciseDepth = 3;
thread_local int nesting = 0;

struct Nested {
  Nested() { ++nesting; }
  ~Nested() { --nesting; }
};

Fact without_values(Fact fact) {
  fact.values = nullptr;
  return fact;
}

// Items of sequences and optionals lose theirs too.
Fact without_shapes(const Fact& fact) {
  if (fact.kind == Fact::Kind::sequence) return Fact::sequence_of(without_shapes(*fact.element));
  if (fact.kind == Fact::Kind::optional) return Fact::optional_of(without_shapes(*fact.element));
  return fact.is_tensor() ? Fact::tensor(fact.dtype) : fact;
}

bool same_shape(const Fact& a, const Fact& b) { return a.shape.has_value() == b.shape.has_value() && (!a.shape || *a.shape == *b.shape); }

// A carried value on its way to a fact that every iteration keeps. Dims once found to change stay unknown.
struct Carried {
  Fact fact;
  std::vector<bool> open;

  explicit Carried(Fact initial) : fact(without_values(std::move(initial))), open(fact.shape ? fact.shape->size() : 0) {}

  bool widen(const Fact& result, Inference& inference) {
    if (!fact.is_tensor() || !result.is_tensor()) {
      const std::string before = fact.text();
      if (before != result.text()) fact = without_shapes(join(fact, result, inference));
      return before != fact.text();
    }
    if (!fact.shape) return false;
    if (!result.shape || result.shape->size() != fact.shape->size()) return fact.shape.reset(), true;
    bool changed = false;
    for (size_t d = 0; d < open.size(); ++d) {
      if (open[d] || (*fact.shape)[d] == (*result.shape)[d]) continue;
      (*fact.shape)[d] = inference.fresh();
      open[d] = changed = true;
    }
    return changed;
  }

  void forget() { fact = without_shapes(fact); }
};

}  // namespace

Result<std::vector<Fact>> infer_carried(Inference& inference, std::span<const Fact> before, std::vector<Fact> initial,
                                        std::span<const Fact> after, size_t first_result) {
  const Nested nested;  // counts until this returns
  const int rounds = nesting > kMaxPreciseDepth ? 1 : kMaxRounds;
  std::vector<Carried> carried;
  for (const Fact& fact : initial) carried.emplace_back(fact);
  std::vector<Fact> results;
  for (int round = 1;; ++round) {
    if (round >= rounds)
      for (Carried& value : carried) value.forget();
    std::vector<Fact> formal(before.begin(), before.end());
    for (const Carried& value : carried) formal.push_back(value.fact);
    formal.insert(formal.end(), after.begin(), after.end());
    results = NACRE_TRY(inference.infer_body(0, formal));
    if (results.size() < first_result + carried.size())
      return fail(ErrorCode::invalid_model, "the body gives ", results.size(), " outputs, at least ", first_result + carried.size(),
                  " are needed");
    bool changed = false;
    for (size_t i = 0; i < carried.size(); ++i) changed = carried[i].widen(results[first_result + i], inference) || changed;
    if (!changed || round >= rounds) break;
  }
  // After the last iteration, or before the first where there is none.
  for (size_t i = 0; i < carried.size(); ++i) {
    const Fact& result = results[first_result + i];
    inference.set(i, initial[i].is_tensor() && result.is_tensor() && same_shape(initial[i], result) ? without_values(result)
                                                                                                    : join(initial[i], result, inference));
  }
  return results;
}

Result<void> Accumulator::append(Evaluation& e, const Tensor& element) {
  Shape shape = element.shape();
  if (capacity_ > 0 &&
      (!std::equal(shape.begin(), shape.end(), rows_.shape().begin() + 1, rows_.shape().end()) || element.dtype() != rows_.dtype()))
    return fail(ErrorCode::invalid_argument, "iteration ", count_, " gives ", describe(element), ", those before ", rows_.dtype(),
                Shape(rows_.shape().begin() + 1, rows_.shape().end()));
  if (count_ == capacity_) {
    capacity_ = NACRE_TRY(checked_mul(std::max<int64_t>(capacity_, 2), 2));
    shape.insert(shape.begin(), capacity_);
    Tensor larger = NACRE_TRY(e.scratch(element.dtype(), shape));
    if (count_ > 0) copy_elements(rows_, 0, larger, 0, count_ * element.size());
    rows_ = std::move(larger);
  }
  copy_elements(element, 0, rows_, count_ * element.size(), element.size());
  ++count_;
  return {};
}

Result<void> Accumulator::finish(Evaluation& e, size_t i) {
  if (capacity_ == 0) return empty_output(e, i);
  Shape shape = rows_.shape();
  shape[0] = count_;
  Tensor* y = NACRE_TRY(e.output(i, rows_.dtype(), shape));
  copy_elements(rows_, 0, *y, 0, y->size());
  return {};
}

namespace {

// What inference says of output `i` when it sees the inputs themselves: the graph's own fact may hold symbols.
Result<Fact> fact_for_these_inputs(Evaluation& e, size_t i) {
  Graph graph;
  Node node = e.node();
  for (size_t k = 0; k < node.inputs.size(); ++k)
    if (node.inputs[k] != kAbsent) node.inputs[k] = graph.add_input(cat("x", k), Fact::of(e.value(k)));
  for (size_t k = 0; k < node.outputs.size(); ++k)
    if (node.outputs[k] != kAbsent) node.outputs[k] = graph.add_edge({}, e.output_fact(k));
  NACRE_TRY(infer_node(graph, node));
  return graph.fact(node.outputs[i]);
}

}  // namespace

Result<void> empty_output(Evaluation& e, size_t i, int64_t axis) {
  if (!e.has_output(i)) return {};
  const Fact fact = NACRE_TRY(fact_for_these_inputs(e, i));
  if (!fact.is_tensor() || fact.dtype == DType::undefined)
    return fail(ErrorCode::unsupported, "output ", i, " has no elements, and nothing tells its type");
  Shape shape{0};
  if (fact.shape) {
    shape.clear();
    for (const SymDim& dim : *fact.shape) shape.push_back(dim.constant().value_or(0));
    shape[NACRE_TRY(checked_index(axis, static_cast<int64_t>(shape.size()), "axis"))] = 0;
  }
  (void)NACRE_TRY(e.output(i, fact.dtype, shape));
  return {};
}

}  // namespace nacre
