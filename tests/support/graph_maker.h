// Random valid graphs over every operator that operator_recipes.h knows, with values for their inputs, evaluated as they grow: so
// that each edge is known to be exact (every backend must give these very bits) or to carry rounding, and no operator that jumps is
// given the latter. In a hostile graph indices leave their range, dims are 0, floats are NaN; its last node may fail.
#pragma once

#include <bit>
#include <cmath>
#include <cstring>
#include <optional>

#include "core/allocate.h"
#include "core/convert.h"
#include "graph/builder.h"
#include "nacre/session.h"
#include "ops/evaluation.h"
#include "ops/interpreter.h"
#include "tests/support/recipe_book.h"

namespace nacre::test {

class Dice {
 public:
  explicit Dice(uint64_t seed) : state_(seed) {}
  uint64_t next() {  // splitmix64
    uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  size_t below(size_t n) { return next() % n; }
  bool one_in(size_t n) { return below(n) == 0; }
  int64_t within(int64_t low, int64_t high) { return high <= low ? low : low + int64_t(below(size_t(high - low + 1))); }
  double real() { return double(next() >> 11) * 0x1p-53; }

 private:
  uint64_t state_;
};

/// How a node may round; see the recipes' kinds.
struct NodeRule {
  char kind = 'm';
  uint32_t jumps = 0;  // operands that must not be disturbed
};

/// Evaluates nodes one by one and keeps every value.
class Steps final : public EvaluationHost {
 public:
  static constexpr int64_t kBudget = 64 << 20;
  static constexpr size_t kSpare = 64;  // names behind the graph's own, for what a node is given instead
  explicit Steps(const Graph& graph) : graph_(graph) {}

  Value& operator[](Edge edge) {
    if (values_.size() <= index(edge)) values_.resize(std::max(graph_.edge_count() + kSpare, index(edge) + 1));
    if (index(edge) >= graph_.edge_count()) return values_[index(edge)];
    if (const Tensor* constant = graph_.constant(edge); constant && !known_constant_[edge])
      values_[index(edge)] = Value(*constant), known_constant_[edge] = true;
    return values_[index(edge)];
  }

  Result<void> step(const Node& node) {
    node_ = &node;
    for (Edge edge : node.inputs)
      if (edge != kAbsent) (*this)[edge];  // now no reference moves
    std::vector<const Value*> inputs;
    for (Edge edge : node.inputs) inputs.push_back(edge == kAbsent ? nullptr : &(*this)[edge]);
    std::vector<Value> outputs(node.outputs.size());
    Evaluation evaluation(graph_, node, inputs, outputs, *this);
    NACRE_TRY(evaluate_node(node, evaluation));
    for (size_t i = 0; i < outputs.size(); ++i)
      if (node.outputs[i] != kAbsent) (*this)[node.outputs[i]] = std::move(outputs[i]);
    return {};
  }

  Result<Tensor> allocate(DType dtype, const Shape& shape) override {
    MemoryBudget budget(kBudget);
    return nacre::allocate(dtype, shape, &budget);
  }
  Result<std::vector<Value>> run_body(size_t body, std::vector<Value> formal) override {
    for (int32_t position : node_->bodies[body].captures) formal.push_back((*this)[node_->inputs[position]]);
    const Node* outer = node_;
    auto out = interpret(*outer->bodies[body].graph, formal, {});
    node_ = outer;
    return out;
  }

 private:
  const Graph& graph_;
  const Node* node_ = nullptr;
  std::vector<Value> values_;
  std::map<Edge, bool> known_constant_;
};

/// A graph, what to give it, and what comes out.
struct Case {
  Graph graph;
  Inputs inputs;
  std::vector<NodeRule> rules;           // one a node
  std::vector<bool> exact, predictable;  // one an output
  std::vector<Value> expected;           // one an output; none when it fails
  std::optional<std::string> failure;
  std::string wrong;  // what inference said and evaluation did not bear out
  std::vector<const Op*> ops;
};

class GraphMaker {
 public:
  GraphMaker(const RecipeBook& book, uint64_t seed) : book_(book), seed_(seed), dice_(seed), steps_(graph_) {}

  Case make();
  /// One node of `op` on inputs of its own.
  Case make_one(const Op* op, bool hostile);

  /// Calls that were begun and refused, with the reason: what a recipe's author looks at.
  std::map<const Op*, std::string> refused;

 private:
  struct Slot {
    Edge edge;
    bool exact;
    bool used = false;
  };
  struct Call {  // one node in the making
    const Recipe& recipe;
    int64_t dims[128];
    std::optional<Shape> shape;
    std::vector<int64_t> tail;
    DType type = DType::undefined, second = DType::undefined, index = DType::int64;
    int64_t rank = 0;
    bool ok = true;
  };

  // --- numbers ---
  int64_t dim() { return hostile_ && dice_.one_in(10) ? 0 : dice_.one_in(60) ? 0 : 1 + int64_t(dice_.below(dice_.one_in(12) ? 9 : 4)); }
  double factor(Call& call, const char*& at);
  double term(Call& call, const char*& at);
  double expression(Call& call, std::string_view text);
  double chosen(Call& call, std::string_view text, bool whole);
  Shape some_shape(size_t least);
  std::vector<int64_t> axes_of(int64_t rank);
  std::vector<int64_t> perm_of(int64_t rank);
  std::vector<double> numbers_of(Call& call, const std::vector<std::string>& list, bool whole);
  DType dtype_of_letter(Call& call, char letter);
  DType pick_type(const Op& op);
  std::vector<double> anything(DType dtype, size_t count);
  Tensor tensor_of(DType dtype, const Shape& shape, const std::vector<double>& numbers);
  Tensor random_tensor(DType dtype, const Shape& shape);
  std::string word();

  // --- operands ---
  Edge give(Tensor tensor, bool constant);
  Edge operand(Call& call, const Operand& operand, bool first);
  Edge special_value(Call& call, char type);
  std::optional<Shape> wanted_shape(Call& call, const Operand& operand);
  Slot* match(Call& call, const Operand& operand, DType dtype);
  bool unify(Call& call, const Operand& operand, const Shape& shape);
  Edge fitted(DType dtype, const Shape& shape, bool exact);
  Slot* slot_of(Edge edge);
  bool is_exact(Edge edge);

  // --- nodes ---
  void add_attributes(Call& call, Node& node);
  bool attempt(const Recipe& recipe);
  bool special(const Recipe& recipe);
  bool append(Node node, char kind, uint32_t jumps);
  bool evaluated(size_t before, char kind, uint32_t jumps, std::span<const Edge> results);
  bool accept(const Node& node, char kind, bool exact, std::span<const Edge> results);
  bool agrees(const Node& node);
  void forget(size_t before);
  const Op* choose(uint64_t step, size_t rank);
  Body branch(const char* name, const Fact& fact, int which);
  void finish(Case& out);

  const RecipeBook& book_;
  uint64_t seed_;
  Dice dice_;
  Graph graph_;
  Steps steps_;
  std::vector<Slot> pool_;
  std::vector<Edge> random_;  // made by operators without a fixed answer
  std::vector<NodeRule> rules_;
  Inputs inputs_;
  Bindings bindings_;
  std::vector<const Op*> ops_;
  std::optional<std::string> failure_;
  std::string wrong_;
  bool hostile_ = false, alone_ = false;
  size_t naming_ = 0;
};

bool is_small_dyadic(const Value& value);
bool is_tame(const Value& value);
bool has_denormals(const Value& value);
/// Every value of the case's outputs, each rounding disturbed at random by a little: how far apart two correct answers may be.
Result<std::vector<Value>> disturbed(const Case& c, uint64_t seed);

}  // namespace nacre::test
