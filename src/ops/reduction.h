// Shared by the Reduce operators: which axes, what shape, and one loop over the input that folds into the output.
#pragma once

#include <cmath>
#include <limits>

#include "ops/elementwise.h"

namespace nacre {

/// The input's axes that are folded, in the output's shape.
struct ReducedAxes {
  std::vector<bool> folded;  // by axis of the input
  bool keepdims = true;
  /// `axes` may be empty: then all, or none when `noop_with_empty_axes` is set.
  static Result<ReducedAxes> of(const Attributes& attributes, std::span<const int64_t> axes, size_t rank);
};

/// The Reduce operators' shape; `track` combines the elements of a known vector that is folded to one (null: do not).
Result<void> infer_reduction(Inference& inference, SymDim (*track)(const SymDim&, const SymDim&) = nullptr);

/// Opsets below 13 (ReduceSum) or 18 have the axes as an attribute.
Result<void> upgrade_reduction(Upgrade& upgrade);

/// The smallest and largest value of a type, as the compute type T.
template <class T>
T lowest_of(DType dtype) {
  if (is_float(dtype)) return static_cast<T>(-std::numeric_limits<double>::infinity());
  if (!is_signed(dtype)) return 0;
  return static_cast<T>(int64_t{-1} << (bits_of(dtype) - 1));
}
template <class T>
T highest_of(DType dtype) {
  if (is_float(dtype)) return static_cast<T>(std::numeric_limits<double>::infinity());
  if (dtype == DType::boolean) return 1;
  return static_cast<T>(~uint64_t{0} >> (64 - bits_of(dtype) + is_signed(dtype)));
}

struct Reduction {
  Shape kept;         // the input's shape with 1 for every folded axis
  Shape output;       // without them, unless keepdims
  int64_t count = 1;  // elements that fold into one
  static Result<Reduction> of(const Evaluation& e);
};

/// A run of elements folded into one state. Folds whose states join by a step (the largest, the least) go in lanes, which become
/// vector code and do not wait for each other.
template <class Fold, class T, class State>
State fold_run(State state, const T* in, int64_t count) {
  int64_t i = 0;
  if constexpr (requires { Fold::joins_by_step; }) {
    constexpr int64_t kLanes = 8;
    State lanes[kLanes];
    for (State& lane : lanes) lane = state;
    for (; i + kLanes <= count; i += kLanes)
      for (int64_t k = 0; k < kLanes; ++k) lanes[k] = Fold::step(lanes[k], in[i + k]);
    for (const State& lane : lanes) state = Fold::step(state, lane);
  }
  for (; i < count; ++i) state = Fold::step(state, in[i]);
  return state;
}

/// Folds the elements x of input 0, read as T: state = Fold::step(state, x), starting from Fold::start(dtype); the
/// output is Fold::finish(state, count), as R. Folds are stateless; State is trivially copyable.
template <class T, class R, class Fold>
Result<void> fold_as(Evaluation& e, const Reduction& reduction, Tensor& y) {
  using State = typename Fold::State;
  const Tensor& x = e.input(0);
  Tensor memory = NACRE_TRY(e.scratch(DType::uint8, {NACRE_TRY(checked_mul(y.size(), sizeof(State)))}));
  State* states = static_cast<State*>(memory.mutable_raw());
  for (int64_t i = 0; i < y.size(); ++i) states[i] = Fold::start(x.dtype());
  const Shape* shapes[] = {&reduction.kept};
  const BroadcastWalk walk(x.shape(), shapes);
  const int64_t step = walk.run_strides[0];
  T block[kBlock];
  for (int64_t run = 0, at = 0; run < walk.runs; ++run) {
    int64_t target[1];
    walk.offsets(run, target);
    for (int64_t begin = 0; begin < walk.run_length; begin += kBlock) {
      const int64_t count = std::min(kBlock, walk.run_length - begin);
      const T* in = static_cast<const T*>(x.raw()) + at;
      if (x.dtype() != dtype_of<T>) load_as<T>(x.dtype(), x.raw(), at, count, block), in = block;
      at += count;
      State* to = states + target[0] + begin * step;
      if (step == 0) {
        *to = fold_run<Fold>(*to, in, count);
      } else {
        for (int64_t i = 0; i < count; ++i) to[i * step] = Fold::step(to[i * step], in[i]);
      }
    }
  }
  R results[kBlock];
  for (int64_t begin = 0; begin < y.size(); begin += kBlock) {
    const int64_t count = std::min(kBlock, y.size() - begin);
    for (int64_t i = 0; i < count; ++i) results[i] = static_cast<R>(Fold::finish(states[begin + i], reduction.count));
    store_from<R>(y.dtype(), y.mutable_raw(), begin, count, results);
  }
  return {};
}

/// Fold<A> has accumulator type A: double for floats, 64-bit for integers.
template <template <class> class Fold>
Result<void> reduce(Evaluation& e) {
  const Reduction reduction = NACRE_TRY(Reduction::of(e));
  Tensor* y = NACRE_TRY(e.output(0, reduction.output));
  return visit_compute(e.dtype(0), [&]<class T>() -> Result<void> {
    using A = std::conditional_t<std::is_floating_point_v<T>, double, T>;
    return fold_as<T, A, Fold<A>>(e, reduction, *y);
  });
}

/// The same in double for every type: roots and logarithms of integers are truncated at the end.
template <class Fold>
Result<void> reduce_real(Evaluation& e) {
  const Reduction reduction = NACRE_TRY(Reduction::of(e));
  Tensor* y = NACRE_TRY(e.output(0, reduction.output));
  if (is_float(e.dtype(0)) && e.dtype(0) != DType::float64) return fold_as<float, double, Fold>(e, reduction, *y);
  return fold_as<double, double, Fold>(e, reduction, *y);
}

}  // namespace nacre
