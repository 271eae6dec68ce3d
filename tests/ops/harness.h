// Runs one operator, or a small graph, on literal tensors and compares.
//
//   TEST(Gather, NegativeIndexCountsFromTheEnd) {
//     expect_equal(run_op("Gather", {f32({3}, {1, 2, 3}), i64({1}, {-1})}), f32({1}, {3}));
//   }
//
// Every run happens three times: inputs as constants, as inputs of known shape, and as inputs of symbolic shape. Each time
// the inferred facts must agree with what the evaluation gave.
#pragma once

#include <gtest/gtest.h>

#include <cmath>

#include "core/allocate.h"
#include "core/convert.h"
#include "graph/builder.h"
#include "ops/evaluation.h"
#include "ops/inference.h"

namespace nacre::test {

using Inputs = std::vector<std::optional<Value>>;  // empty: an optional input that is absent
using Outputs = Result<std::vector<Value>>;

template <class T>
Tensor make(Shape shape, std::vector<T> values) {
  Tensor out(dtype_of<T>, std::move(shape));
  EXPECT_EQ(out.size(), static_cast<int64_t>(values.size()));
  std::span<T> target = out.mutable_data<T>();
  for (size_t i = 0; i < std::min(values.size(), target.size()); ++i) target[i] = values[i];
  return out;
}
inline Tensor f32(Shape shape, std::vector<float> values) { return make<float>(std::move(shape), std::move(values)); }
inline Tensor f64(Shape shape, std::vector<double> values) { return make<double>(std::move(shape), std::move(values)); }
inline Tensor i64(Shape shape, std::vector<int64_t> values) { return make<int64_t>(std::move(shape), std::move(values)); }
inline Tensor i32(Shape shape, std::vector<int32_t> values) { return make<int32_t>(std::move(shape), std::move(values)); }
inline Tensor u8(Shape shape, std::vector<uint8_t> values) { return make<uint8_t>(std::move(shape), std::move(values)); }
inline Tensor bools(Shape shape, std::vector<bool> values) { return make<bool>(std::move(shape), std::move(values)); }
inline Tensor strings(Shape shape, std::vector<std::string> values) { return make<std::string>(std::move(shape), std::move(values)); }
/// Elements of any numeric dtype from doubles.
inline Tensor of(DType dtype, Shape shape, std::vector<double> values) {
  Tensor out(dtype, std::move(shape));
  EXPECT_EQ(out.size(), static_cast<int64_t>(values.size()));
  store_from<double>(dtype, out.mutable_raw(), 0, out.size(), values.data());
  return out;
}

/// Evaluates a graph node by node, bodies included.
class Runner final : public EvaluationHost {
 public:
  explicit Runner(const Graph& graph, MemoryBudget* budget = nullptr) : graph_(graph), budget_(budget), values_(graph.edge_count()) {}

  Outputs run(std::vector<Value> inputs) {
    for (size_t i = 0; i < inputs.size(); ++i) values_[index(graph_.inputs[i])] = std::move(inputs[i]);
    for (const Node& node : graph_.nodes) NACRE_TRY(step(node));
    std::vector<Value> out;
    for (Edge edge : graph_.outputs) out.push_back(value_of(edge));
    return out;
  }

  Result<Tensor> allocate(DType dtype, const Shape& shape) override { return nacre::allocate(dtype, shape, budget_); }
  Outputs run_body(size_t body, std::vector<Value> formal) override {
    for (int32_t position : node_->bodies[body].captures) formal.push_back(value_of(node_->inputs[position]));
    return Runner(*node_->bodies[body].graph, budget_).run(std::move(formal));
  }

 private:
  const Value& value_of(Edge edge) {
    if (const Tensor* constant = graph_.constant(edge)) values_[index(edge)] = Value(*constant);
    return values_[index(edge)];
  }

  Result<void> step(const Node& node) {
    node_ = &node;
    std::vector<const Value*> inputs;
    for (Edge edge : node.inputs) inputs.push_back(edge == kAbsent ? nullptr : &value_of(edge));
    std::vector<Value> outputs(node.outputs.size());
    Evaluation evaluation(graph_, node, inputs, outputs, *this);
    try {
      NACRE_TRY(node.op->evaluate(evaluation));
    } catch (const Error& error) { return std::unexpected(error); }
    for (size_t i = 0; i < outputs.size(); ++i)
      if (node.outputs[i] != kAbsent) values_[index(node.outputs[i])] = std::move(outputs[i]);
    return {};
  }

  const Graph& graph_;
  MemoryBudget* budget_;
  const Node* node_ = nullptr;
  std::vector<Value> values_;
};

/// What the fact says of the value must be true: kind, dtype, rank, every dim and element that the bindings decide.
inline void expect_agrees(const Fact& fact, const Value& value, const Bindings& bindings) {
  if (fact.kind == Fact::Kind::unknown || !fact.is_tensor() || !value.is_tensor()) return;
  const Tensor& tensor = value.tensor();
  EXPECT_EQ(fact.dtype, tensor.dtype()) << "inferred " << fact.text() << ", evaluated " << describe(tensor);
  if (!fact.shape) return;
  ASSERT_EQ(static_cast<int64_t>(fact.shape->size()), tensor.rank()) << "inferred " << fact.text() << ", evaluated " << describe(tensor);
  for (size_t d = 0; d < fact.shape->size(); ++d)
    if (std::optional<int64_t> dim = (*fact.shape)[d].evaluate(bindings))
      EXPECT_EQ(*dim, tensor.shape()[d]) << "inferred " << fact.text() << ", evaluated " << describe(tensor);
  if (!fact.values) return;
  std::vector<int64_t> elements(static_cast<size_t>(tensor.size()));
  load_as<int64_t>(tensor.dtype(), tensor.raw(), 0, tensor.size(), elements.data());
  ASSERT_EQ(fact.values->size(), elements.size());
  for (size_t i = 0; i < elements.size(); ++i)
    if (std::optional<int64_t> element = (*fact.values)[i].evaluate(bindings)) EXPECT_EQ(*element, elements[i]) << "tracked element " << i;
}

struct OpCase {
  std::string_view op;
  Inputs inputs = {};
  Attributes attributes = {};
  size_t outputs = 1;
  std::string_view domain = "";
  int64_t version = 0;  // of the domain; below the newest, the row's upgrade runs
  std::vector<Body> bodies = {};
};

enum class Given : uint8_t { constants, shapes, symbols };

struct Built {
  Graph graph;
  std::vector<Value> inputs;
  Bindings bindings;
};

/// The fact of input `name` with every dim a symbol of its own.
inline Fact symbolic_fact(const Value& value, size_t position, Bindings& bindings) {
  Fact fact = Fact::of(value);
  fact.values = nullptr;
  if (!fact.is_tensor() || !fact.shape) return fact;
  for (size_t d = 0; d < fact.shape->size(); ++d) {
    const std::string name = cat("d", position, "_", d);
    bindings[name] = value.tensor().shape()[d];
    (*fact.shape)[d] = SymDim::symbol(name);
  }
  return fact;
}

inline Edge add_given(Built& built, size_t position, const Value& value, Given given) {
  if (given == Given::constants && value.is_tensor()) return built.graph.add_constant(value.tensor());
  Fact fact = given == Given::symbols ? symbolic_fact(value, position, built.bindings) : Fact::of(value);
  fact.values = nullptr;
  built.inputs.push_back(value);
  return built.graph.add_input(cat("input", position), std::move(fact));
}

/// The case as a graph, upgraded and inferred.
inline Result<Built> build(const OpCase& c, Given given) {
  Built built;
  Graph& graph = built.graph;
  Builder builder(graph);
  Node node;
  node.op = find_op(c.domain, c.op);
  if (!node.op) return fail(ErrorCode::unsupported, "no operator ", c.op);
  for (size_t i = 0; i < c.inputs.size(); ++i) node.inputs.push_back(c.inputs[i] ? add_given(built, i, *c.inputs[i], given) : kAbsent);
  node.attributes = c.attributes;
  node.bodies = c.bodies;
  for (size_t i = 0; i < c.outputs; ++i) node.outputs.push_back(graph.add_edge());
  std::vector<Edge> outputs = node.outputs;
  Upgrade upgrade(builder, node, c.version ? c.version : *(node.op->since.end() - 1));
  if (node.op->upgrade) NACRE_TRY(node.op->upgrade(upgrade));
  if (upgrade.replaced())
    outputs = upgrade.outputs();
  else
    builder.append(std::move(node));
  NACRE_TRY(builder.status());
  for (size_t i = 0; i < outputs.size(); ++i) graph.add_output(outputs[i], cat("output", i));
  return built;
}

/// The outputs, or the first failure of upgrade, inference or evaluation.
inline Outputs run_case(const OpCase& c, Given given, MemoryBudget* budget = nullptr) {
  Built built = NACRE_TRY(build(c, given));
  std::vector<Value> outputs = NACRE_TRY(Runner(built.graph, budget).run(built.inputs));
  for (size_t i = 0; i < outputs.size(); ++i) expect_agrees(built.graph.fact(built.graph.outputs[i]), outputs[i], built.bindings);
  return outputs;
}

/// Runs with constants, then shapes, then symbols; gives the last run's outputs.
inline Outputs run_op(const OpCase& c) {
  NACRE_TRY(run_case(c, Given::constants));
  NACRE_TRY(run_case(c, Given::shapes));
  return run_case(c, Given::symbols);
}
inline Outputs run_op(std::string_view op, Inputs inputs, Attributes attributes = {}, size_t outputs = 1) {
  return run_op(OpCase{.op = op, .inputs = std::move(inputs), .attributes = std::move(attributes), .outputs = outputs});
}

/// The outputs by way of the row's `lower`, facts checked too; fails when the rule does not take the node.
inline Outputs run_lowered(const OpCase& c, Given given = Given::symbols) {
  Built built = NACRE_TRY(build(c, given));
  Graph& graph = built.graph;
  const Node node = graph.nodes.back();
  graph.nodes.pop_back();
  if (!node.op->lower) return fail(ErrorCode::unsupported, node.op->name, " has no lowering");
  Builder builder(graph);
  const Edge lowered = node.op->lower(builder, NodeView{graph, node});
  NACRE_TRY(builder.status());
  if (lowered == kAbsent) return fail(ErrorCode::unsupported, node.op->name, " is not lowered");
  graph.outputs = {lowered};
  std::vector<Value> outputs = NACRE_TRY(Runner(graph).run(built.inputs));
  expect_agrees(graph.fact(lowered), outputs[0], built.bindings);
  return outputs;
}

/// Same dtype, shape and elements; floats within atol + rtol * |expected|, NaN equal to NaN.
inline void expect_close(const Tensor& got, const Tensor& expected, double rtol = 1e-5, double atol = 1e-7) {
  ASSERT_EQ(describe(got), describe(expected));
  if (got.dtype() == DType::string) {
    for (int64_t i = 0; i < got.size(); ++i) EXPECT_EQ(got.data<std::string>()[i], expected.data<std::string>()[i]) << "at " << i;
    return;
  }
  if (is_complex(got.dtype())) {
    ASSERT_EQ(std::string_view(static_cast<const char*>(got.raw()), got.byte_size()),
              std::string_view(static_cast<const char*>(expected.raw()), expected.byte_size()));
    return;
  }
  std::vector<double> a(static_cast<size_t>(got.size())), b(a.size());
  load_as<double>(got.dtype(), got.raw(), 0, got.size(), a.data());
  load_as<double>(got.dtype(), expected.raw(), 0, got.size(), b.data());
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i]))) continue;
    EXPECT_LE(std::abs(a[i] - b[i]), atol + rtol * std::abs(b[i])) << a[i] << " against expected " << b[i] << " at " << i;
  }
}
inline void expect_close(const Outputs& got, const Tensor& expected, double rtol = 1e-5, double atol = 1e-7, size_t output = 0) {
  ASSERT_TRUE(got.has_value()) << got.error().what();
  ASSERT_GT(got->size(), output);
  expect_close((*got)[output].tensor(), expected, rtol, atol);
}
inline void expect_equal(const Outputs& got, const Tensor& expected, size_t output = 0) { expect_close(got, expected, 0, 0, output); }

/// Fails with this code, and the message holds `part`.
inline void expect_failure(const Outputs& got, ErrorCode code, std::string_view part = "") {
  ASSERT_FALSE(got.has_value()) << "succeeded";
  EXPECT_EQ(to_string(got.error().code()), to_string(code)) << got.error().what();
  EXPECT_NE(std::string_view(got.error().what()).find(part), std::string_view::npos) << got.error().what();
}

}  // namespace nacre::test
