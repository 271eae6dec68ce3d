#include "ops/interpreter.h"

#include <chrono>
#include <new>

#include "ops/evaluation.h"

namespace nacre {
namespace {

class Interpreter final : public EvaluationHost {
 public:
  Interpreter(const Graph& graph, const InterpreterOptions& options) : graph_(graph), options_(options), values_(graph.edge_count()) {
    count_uses();
  }

  Result<std::vector<Value>> run(std::span<const Value> inputs) {
    if (inputs.size() != graph_.inputs.size())
      return fail(ErrorCode::invalid_argument, "takes ", graph_.inputs.size(), " inputs, given ", inputs.size());
    for (size_t i = 0; i < inputs.size(); ++i) values_[index(graph_.inputs[i])] = inputs[i];
    for (const Node& node : graph_.nodes) NACRE_TRY(step(node));
    std::vector<Value> out;
    for (Edge edge : graph_.outputs) out.push_back(*value_of(edge));
    return out;
  }

  Result<Tensor> allocate(DType dtype, const Shape& shape) override { return nacre::allocate(dtype, shape, options_.budget); }
  Result<std::vector<Value>> run_body(size_t body, std::vector<Value> formal) override {
    for (int32_t position : node_->bodies[body].captures) formal.push_back(*value_of(node_->inputs[position]));
    return Interpreter(*node_->bodies[body].graph, options_).run(formal);
  }
  Result<void> checkpoint() override { return options_.checkpoint ? options_.checkpoint() : Result<void>(); }

 private:
  // Constants are wrapped once, when first used: values share their elements.
  const Value* value_of(Edge edge) {
    Value& value = values_[index(edge)];
    if (const Tensor* constant = graph_.constant(edge); constant && value.is_tensor() && !value.tensor().raw()) value = Value(*constant);
    return &value;
  }

  void count_uses() {
    uses_.resize(graph_.edge_count());
    for (const Node& node : graph_.nodes)
      for (Edge edge : node.inputs)
        if (edge != kAbsent) ++uses_[index(edge)];
    for (Edge edge : graph_.outputs) ++uses_[index(edge)];
  }

  void release(const Node& node) {
    for (Edge edge : node.inputs)
      if (edge != kAbsent && --uses_[index(edge)] == 0) values_[index(edge)] = Value();
  }

  Result<void> step(const Node& node) {
    NACRE_TRY(checkpoint());
    node_ = &node;
    std::vector<const Value*> inputs;
    for (Edge edge : node.inputs) inputs.push_back(edge == kAbsent ? nullptr : value_of(edge));
    std::vector<Value> outputs(node.outputs.size());
    Evaluation evaluation(graph_, node, inputs, outputs, *this);
    const auto begin = std::chrono::steady_clock::now();
    NACRE_TRY(evaluate_node(node, evaluation));
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
    if (options_.observe) options_.observe(node, took.count(), outputs);
    for (size_t i = 0; i < outputs.size(); ++i)
      if (node.outputs[i] != kAbsent && uses_[index(node.outputs[i])] > 0) values_[index(node.outputs[i])] = std::move(outputs[i]);
    release(node);
    return {};
  }

  const Graph& graph_;
  const InterpreterOptions& options_;
  const Node* node_ = nullptr;
  std::vector<Value> values_;
  std::vector<int32_t> uses_;
};

}  // namespace

Result<void> evaluate_node(const Node& node, Evaluation& evaluation) {
  try {
    if (!node.op->evaluate) return fail(ErrorCode::unsupported, "has no evaluation");
    Result<void> result = node.op->evaluate(evaluation);
    if (!result) return std::unexpected(std::move(result.error().at(describe(node))));
    return {};
  } catch (Error& error) { return std::unexpected(std::move(error.at(describe(node)))); } catch (const std::bad_alloc&) {
    Error error(ErrorCode::resource_exhausted, "the system has no memory left");
    return std::unexpected(std::move(error.at(describe(node))));
  } catch (const std::exception& thrown) {  // std::length_error, where a container refuses a size
    Error error(ErrorCode::resource_exhausted, thrown.what());
    return std::unexpected(std::move(error.at(describe(node))));
  }
}

Result<std::vector<Value>> interpret(const Graph& graph, std::span<const Value> inputs, const InterpreterOptions& options) {
  return Interpreter(graph, options).run(inputs);
}

int64_t bytes_of(std::span<const Value> values) {
  int64_t total = 0;
  for (const Value& value : values) {
    if (value.is_tensor())
      total += static_cast<int64_t>(value.tensor().byte_size());
    else if (value.kind() != Value::Kind::map)
      total += bytes_of(value.items());
  }
  return total;
}

}  // namespace nacre
