// What `Op::evaluate` sees: values in, a place for values out. One node, one thread, no state.
#pragma once

#include "core/checked.h"
#include "core/convert.h"
#include "graph/op.h"

namespace nacre {

/// Where an evaluation gets memory and runs bodies; backends implement it.
struct EvaluationHost {
  virtual ~EvaluationHost() = default;
  /// Uninitialised elements (empty strings), charged to the run's budget before they are allocated.
  virtual Result<Tensor> allocate(DType dtype, const Shape& shape) = 0;
  /// The same for output `i` of the node; a host that planned its place gives that.
  virtual Result<Tensor> allocate_output(size_t i, DType dtype, const Shape& shape) {
    (void)i;
    return allocate(dtype, shape);
  }
  /// Runs body `body` of the node being evaluated with these formal inputs.
  virtual Result<std::vector<Value>> run_body(size_t body, std::vector<Value> formal) = 0;
  /// Fails when the run was cancelled or its deadline passed. Loops ask once an iteration.
  virtual Result<void> checkpoint() { return {}; }
};

class Evaluation {
 public:
  Evaluation(const Graph& graph, const Node& node, std::span<const Value* const> inputs, std::span<Value> outputs, EvaluationHost& host)
      : graph_(graph), node_(node), inputs_(inputs), outputs_(outputs), host_(host) {}

  const Node& node() const noexcept { return node_; }
  const Attributes& attributes() const noexcept { return node_.attributes; }
  size_t input_count() const noexcept { return node_.formal_inputs(); }
  size_t output_count() const noexcept { return node_.outputs.size(); }
  bool has(size_t i) const noexcept { return node_.has_input(i); }
  bool has_output(size_t i) const noexcept { return node_.has_output(i); }

  /// Input `i`, which must be there (`has(i)`, or required by the row's arity). A value that is no tensor throws
  /// nacre::Error, which the host turns into a failure of the node.
  const Tensor& input(size_t i) const { return value(i).tensor(); }
  const Value& value(size_t i) const {
    if (i >= inputs_.size() || !inputs_[i]) throw Error(ErrorCode::invalid_argument, cat("input ", i, " is needed and absent"));
    return *inputs_[i];
  }
  const Shape& shape(size_t i) const { return input(i).shape(); }
  DType dtype(size_t i) const { return input(i).dtype(); }
  /// Elements of an int64 or int32 input.
  Result<std::vector<int64_t>> integers(size_t i) const;
  /// The one element of an integer or float input, converted.
  Result<int64_t> integer(size_t i) const;
  Result<double> real(size_t i) const;
  /// The fact inferred for output `i`: its dtype is reliable.
  const Fact& output_fact(size_t i) const { return graph_.fact(node_.outputs[i]); }

  /// Allocates output `i` (also when nobody wants it) and gives it to be filled. Elements are uninitialised.
  Result<Tensor*> output(size_t i, DType dtype, const Shape& shape);
  /// The output with the dtype of input 0.
  Result<Tensor*> output(size_t i, const Shape& shape) { return output(i, dtype(0), shape); }
  /// Output `i` after it was made: for operators that finish another one's result.
  Tensor& made(size_t i) { return outputs_[i].tensor(); }
  void set(size_t i, Value value) {
    if (i < outputs_.size()) outputs_[i] = std::move(value);
  }
  /// A temporary, charged like an output.
  Result<Tensor> scratch(DType dtype, const Shape& shape) { return host_.allocate(dtype, shape); }

  Result<std::vector<Value>> run_body(size_t body, std::vector<Value> formal) { return host_.run_body(body, std::move(formal)); }
  Result<void> checkpoint() { return host_.checkpoint(); }

 private:
  const Graph& graph_;
  const Node& node_;
  std::span<const Value* const> inputs_;
  std::span<Value> outputs_;
  EvaluationHost& host_;
  std::vector<std::unique_ptr<Value>> unwanted_;  // outputs that the node leaves out and the operator fills all the same
};

/// Calls `f.template operator()<T>()` with the C++ type that holds `dtype` in storage; packed and 8-bit float types are
/// not among them. `f` returns Result<void>.
template <class F>
Result<void> visit_storage(DType dtype, F&& f) {
  switch (dtype) {
    case DType::float32: return f.template operator()<float>();
    case DType::float64: return f.template operator()<double>();
    case DType::float16: return f.template operator()<Float16>();
    case DType::bfloat16: return f.template operator()<BFloat16>();
    case DType::int8: return f.template operator()<int8_t>();
    case DType::int16: return f.template operator()<int16_t>();
    case DType::int32: return f.template operator()<int32_t>();
    case DType::int64: return f.template operator()<int64_t>();
    case DType::uint8: return f.template operator()<uint8_t>();
    case DType::uint16: return f.template operator()<uint16_t>();
    case DType::uint32: return f.template operator()<uint32_t>();
    case DType::uint64: return f.template operator()<uint64_t>();
    case DType::boolean: return f.template operator()<bool>();
    default: return fail(ErrorCode::unsupported, "not for elements of type ", dtype);
  }
}

/// Calls `f` with the type that arithmetic on `dtype` is done in: float (16- and 8-bit floats too), double, int64_t or
/// uint64_t (narrower integers are computed wide and cut: the same result modulo 2^n). Keeps code small: four
/// instances instead of thirteen. Elements come and go through load_as / store_from.
template <class F>
Result<void> visit_compute(DType dtype, F&& f) {
  if (dtype == DType::float64) return f.template operator()<double>();
  if (is_float(dtype)) return f.template operator()<float>();
  if (dtype == DType::boolean || (is_integer(dtype) && !is_signed(dtype))) return f.template operator()<uint64_t>();
  if (is_integer(dtype)) return f.template operator()<int64_t>();
  return fail(ErrorCode::unsupported, "no arithmetic on ", dtype);
}

/// The elements of `tensor` as compute type T: its own memory when that is T already, else a converted copy in `scratch`.
template <class T>
const T* elements_as(const Tensor& tensor, std::vector<T>& scratch) {
  if (tensor.dtype() == dtype_of<T>) return static_cast<const T*>(tensor.raw());
  scratch.resize(static_cast<size_t>(tensor.size()));
  load_as<T>(tensor.dtype(), tensor.raw(), 0, tensor.size(), scratch.data());
  return scratch.data();
}

}  // namespace nacre
