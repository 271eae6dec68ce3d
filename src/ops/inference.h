// What `Op::infer` sees: the facts of the inputs; and where it puts those of the outputs.
#pragma once

#include "graph/op.h"

namespace nacre {

class Inference {
 public:
  Inference(Graph& graph, Node& node) : graph_(graph), node_(node) {}

  const Node& node() const noexcept { return node_; }
  const Attributes& attributes() const noexcept { return node_.attributes; }
  size_t input_count() const noexcept { return node_.formal_inputs(); }
  bool has(size_t i) const noexcept { return node_.has_input(i); }
  bool has_output(size_t i) const noexcept { return node_.has_output(i); }
  size_t output_count() const noexcept { return node_.outputs.size(); }

  /// The fact of input `i`; an unknown fact when the input is absent.
  const Fact& input(size_t i) const;
  DType dtype(size_t i) const { return input(i).dtype; }
  /// The symbolic shape; null when the rank is not known or the input is absent.
  const SymShape* shape(size_t i) const;
  /// The input's value when it is a constant (initializer or folded).
  const Tensor* constant(size_t i) const;
  /// Elements of a small integer input, as far as they are known symbolically; null when not.
  const std::vector<SymDim>* values(size_t i) const;
  /// The same when every element is a constant.
  std::optional<std::vector<int64_t>> integers(size_t i) const;

  void set(size_t i, Fact fact);
  void set(size_t i, DType dtype, std::optional<SymShape> shape = std::nullopt) { set(i, Fact::tensor(dtype, std::move(shape))); }
  /// Tracks the elements of integer output `i`, whose fact is set already.
  void set_values(size_t i, std::vector<SymDim> values);
  /// A dim nobody knows yet.
  SymDim fresh() { return graph_.fresh_symbol(); }
  SymShape fresh_shape(size_t rank);

  /// `axis` counted from the front, or an error naming the allowed range.
  Result<int64_t> axis(int64_t axis, int64_t rank) const { return checked_axis(axis, rank); }
  static Result<int64_t> checked_axis(int64_t axis, int64_t rank);

  /// Infers body `i` with these facts for its formal inputs (captured ones are taken from the node's inputs). Gives the
  /// facts of its outputs.
  Result<std::vector<Fact>> infer_body(size_t i, std::span<const Fact> formal);
  size_t body_count() const noexcept { return node_.bodies.size(); }

 private:
  Graph& graph_;
  Node& node_;
};

/// NumPy broadcasting; a symbol against a constant other than 1 gives the constant. Fails when two dims cannot agree.
Result<SymShape> broadcast(const SymShape& a, const SymShape& b);
Result<Shape> broadcast(const Shape& a, const Shape& b);

// Ready-made rules.
Result<void> same_as_input(Inference&);      ///< output 0 is like input 0
Result<void> broadcast_inputs(Inference&);   ///< dtype of input 0, shapes of all inputs broadcast
Result<void> broadcast_to_bool(Inference&);  ///< as above, output is bool

/// Infers every node in order, bodies included. Keeps declared facts only where nothing better is known.
Result<void> infer_graph(Graph& graph);

/// What is known of both: dims that differ become fresh. For If's branches and Loop's carried values.
Fact join(const Fact& a, const Fact& b, Inference& inference);

}  // namespace nacre
