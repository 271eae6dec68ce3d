// Random graphs whose arithmetic is exact in float32: small integers, cut to [-8, 8] after every operation, so that two
// backends must agree to the last bit. They mix what a memory planner can get wrong: views of views, values that die in the
// middle, several outputs, bodies, results whose shape depends on data, inputs and constants given out as they are.
#pragma once

#include <random>

#include "graph/builder.h"
#include "graph/op.h"

namespace nacre::test {

class RandomGraph {
 public:
  explicit RandomGraph(uint64_t seed) : random_(seed), b_(graph_) {}

  Graph make(int nodes) {
    for (int i = 0; i < 3; ++i) add_input(i);
    pool_.push_back(b_.constant(numbers({4})));
    pool_.push_back(b_.constant(numbers({2, 4})));
    for (int i = 0; i < nodes; ++i) add_node();
    add_outputs();
    EXPECT_TRUE(b_.status()) << b_.status().error().what();
    return std::move(graph_);
  }

  /// Inputs for `graph` where symbol n is `n`.
  std::vector<std::pair<std::string, Value>> inputs(const Graph& graph, int64_t n) {
    std::vector<std::pair<std::string, Value>> out;
    for (size_t i = 0; i < graph.inputs.size(); ++i) {
      Shape shape;
      for (const SymDim& dim : *graph.fact(graph.inputs[i]).shape) shape.push_back(*dim.evaluate({{"n", n}}));
      out.emplace_back(graph.input_name(i), numbers(shape));
    }
    return out;
  }

 private:
  size_t below(size_t n) { return random_() % n; }
  Edge pick() { return pool_[below(8) ? pool_.size() - 1 - below(std::min<size_t>(pool_.size(), 6)) : below(pool_.size())]; }
  const Fact& fact(Edge edge) const { return graph_.fact(edge); }
  size_t rank(Edge edge) const { return fact(edge).shape->size(); }
  bool has_shape(Edge edge) const { return fact(edge).shape.has_value(); }

  Tensor numbers(Shape shape) {
    Tensor out(DType::float32, std::move(shape));
    for (float& x : out.mutable_data<float>()) x = float(int(below(7)) - 3);
    return out;
  }

  void add_input(int i) {
    static const SymDim n = SymDim::symbol("n");
    const SymShape shapes[] = {{n, 4}, {2, 4}, {2, n, 4}, {4}, {n, 1}, {3, 2, 2}};
    pool_.push_back(graph_.add_input("x" + std::to_string(i), Fact::tensor(DType::float32, shapes[below(std::size(shapes))])));
  }

  Edge cut(Edge x) { return b_.add("Clip", {x, b_.constant(Tensor::scalar<float>(-8)), b_.constant(Tensor::scalar<float>(8))}); }

  bool pairs(Edge a, Edge b) const {
    if (!has_shape(a) || !has_shape(b)) return false;
    const SymShape &x = *fact(a).shape, &y = *fact(b).shape;
    for (size_t d = 1; d <= std::min(x.size(), y.size()); ++d)
      if (const SymDim &p = x[x.size() - d], &q = y[y.size() - d]; !(p == q) && !p.is(1) && !q.is(1)) return false;
    return x.size() < 5 && y.size() < 5;
  }

  void add_node() {
    const Edge x = pick();
    if (!has_shape(x)) return pool_.push_back(unary(b_, x));
    switch (below(16)) {
      case 0:
      case 1: return pool_.push_back(unary(b_, x));
      case 2:
      case 3:
      case 4: return binary(x, pick());
      case 5:
      case 6:
      case 7: return view(x);
      case 8: return concat(x);
      case 9: return split(x);
      case 10: return transpose(x);
      case 11: return choose(x, pick());
      case 12: return loop(x, pick());
      case 13: return below(3) ? unaries(x) : found(x);
      case 14: return sequence(x, pick());
      case 15: return sum(x);
    }
  }

  Edge unary(Builder& b, Edge x) {
    static constexpr const char* kOps[] = {"Neg", "Abs", "Relu", "Identity", "Neg"};
    return b.add(kOps[below(5)], {x});
  }
  void unaries(Edge x) { pool_.push_back(unary(b_, unary(b_, x))); }

  void binary(Edge x, Edge y) {
    static constexpr const char* kOps[] = {"Add", "Sub", "Mul", "Max", "Min"};
    if (pairs(x, y)) pool_.push_back(cut(b_.add(kOps[below(5)], {x, y})));
  }

  void view(Edge x) {
    if (rank(x) == 0) return;
    switch (below(4)) {
      case 0: return pool_.push_back(b_.add("Flatten", {x}, {{"axis", int64_t(below(rank(x) + 1))}}));
      case 1: return pool_.push_back(b_.reshape(x, std::vector<int64_t>{-1}));
      case 2: return rank(x) < 4 ? pool_.push_back(b_.unsqueeze(x, {int64_t(below(rank(x) + 1))})) : void();
      case 3: return pool_.push_back(b_.add("Identity", {x}));
    }
  }

  void concat(Edge x) {
    const Edge y = pick();
    if (rank(x) > 0 && has_shape(y) && *fact(x).shape == *fact(y).shape)
      pool_.push_back(b_.add("Concat", {x, y, x}, {{"axis", int64_t(below(rank(x)))}}));
  }

  void split(Edge x) {
    if (rank(x) == 0 || !fact(x).shape->back().is(4)) return;
    const std::vector<Edge> parts = b_.add_many("Split", {x, b_.ints({1, 3})}, 2, {{"axis", int64_t{-1}}});
    pool_.insert(pool_.end(), parts.begin(), parts.end());
  }

  void transpose(Edge x) {
    std::vector<int64_t> perm(rank(x));
    for (size_t i = 0; i < perm.size(); ++i) perm[i] = int64_t(i);
    std::shuffle(perm.begin(), perm.end(), random_);
    if (perm.size() > 1) pool_.push_back(b_.transpose(x, perm));
  }

  void sum(Edge x) {
    if (rank(x) > 0) pool_.push_back(cut(b_.reduce("ReduceSum", x, {int64_t(below(rank(x)))}, below(2))));
  }

  // A shape that only the data knows, then as a float tensor again.
  void found(Edge x) {
    if (rank(x) == 0) return;
    const Edge places = b_.cast(b_.add("NonZero", {x}), DType::float32);
    pool_.push_back(below(2) ? cut(places) : unary(b_, cut(places)));
  }

  void sequence(Edge x, Edge y) {
    if (!find_op("", "SequenceConstruct")) return;
    const Edge list = b_.add("SequenceConstruct", {x, y, x});
    pool_.push_back(b_.add("SequenceAt", {list, b_.constant(Tensor::scalar<int64_t>(int64_t(below(3))))}));
  }

  // --- bodies ---

  Edge formal(Graph& body, const Fact& fact) {
    const Edge edge = body.add_edge("", fact);
    body.inputs.push_back(edge);
    return edge;
  }

  /// One of two values of the same fact, changed or as it is.
  Edge something(Builder& b, Edge x, Edge y) {
    switch (below(4)) {
      case 0: return x;
      case 1: return y;
      case 2: return unary(b, below(2) ? x : y);
      default: return b.add("Max", {x, y});
    }
  }

  Body branch(const char* name, Edge x, Edge y) {
    Graph body;
    Builder b(body);
    const Edge p = formal(body, fact(x)), q = formal(body, fact(y));
    body.add_output(something(b, p, q), "first");
    body.add_output(something(b, p, q), "second");
    EXPECT_TRUE(b.status()) << b.status().error().what();
    Body out(name, std::move(body));
    out.captures = {1, 2};
    return out;
  }

  void choose(Edge x, Edge y) {
    if (!find_op("", "If") || !has_shape(y) || !(*fact(x).shape == *fact(y).shape)) return;
    Node node;
    node.op = find_op("", "If");
    const Edge first = b_.add("ReduceMax", {x, b_.constant(Tensor(DType::int64, {0}))}, {{"keepdims", int64_t{0}}});
    node.inputs = {b_.add("Greater", {cut(first), b_.constant(Tensor::scalar<float>(1))}), x, y};
    node.captured = 2;
    node.bodies.push_back(branch("then_branch", x, y));
    node.bodies.push_back(branch("else_branch", x, y));
    finish(std::move(node), 2);
  }

  // Two carried values that may swap, stay, or take a captured one; and what each round saw.
  void loop(Edge x, Edge y) {
    if (!find_op("", "Loop") || !has_shape(y) || !(*fact(x).shape == *fact(y).shape) || rank(x) > 3) return;
    Graph body;
    Builder b(body);
    formal(body, Fact::tensor(DType::int64, SymShape{}));
    const Edge go = formal(body, Fact::tensor(DType::boolean, SymShape{}));
    const Edge v = formal(body, fact(x)), w = formal(body, fact(x)), captured = formal(body, fact(y));
    body.add_output(go, "go");
    body.add_output(something(b, w, captured), "v");
    body.add_output(below(2) ? v : something(b, v, captured), "w");
    body.add_output(something(b, v, w), "seen");
    EXPECT_TRUE(b.status()) << b.status().error().what();
    Node node;
    node.op = find_op("", "Loop");
    node.inputs = {b_.constant(Tensor::scalar<int64_t>(int64_t(1 + below(3)))), b_.constant(Tensor::scalar<bool>(true)), x,
                   below(2) ? x : y, y};
    node.captured = 1;
    node.bodies.emplace_back("body", std::move(body));
    node.bodies.back().captures = {4};
    finish(std::move(node), 3);
  }

  void finish(Node node, size_t outputs) {
    node.name = std::string(node.op->name) + std::to_string(graph_.nodes.size());
    for (size_t i = 0; i < outputs; ++i) node.outputs.push_back(graph_.add_edge());
    const std::vector<Edge> made = node.outputs;
    b_.append(std::move(node));
    for (Edge edge : made)
      if (fact(edge).is_tensor()) pool_.push_back(edge);
  }

  // The last values, a few others (inputs and constants among them), and some twice.
  void add_outputs() {
    std::vector<Edge> chosen(pool_.end() - std::min<long>(3, long(pool_.size())), pool_.end());
    for (int i = 0; i < 4; ++i) chosen.push_back(pool_[below(pool_.size())]);
    chosen.push_back(chosen[below(chosen.size())]);
    for (size_t i = 0; i < chosen.size(); ++i) graph_.add_output(chosen[i], "y" + std::to_string(i));
  }

  std::mt19937_64 random_;
  Graph graph_;
  Builder b_;
  std::vector<Edge> pool_;
};

}  // namespace nacre::test
