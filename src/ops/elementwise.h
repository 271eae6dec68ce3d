// Elementwise operators by formula: `.evaluate = unary<[](auto x) { return x * x; }>`.
// One loop per compute type (see visit_compute); other dtypes are converted a block at a time.
#pragma once

#include <cmath>

#include "ops/op.h"

namespace nacre {

inline constexpr int64_t kBlock = 1024;

/// y[i] = f(x[i]) in compute type T over one tensor, any storage dtype.
template <class T, class F>
void map_elements(const Tensor& x, Tensor& y, F f) {
  const DType from = x.dtype(), to = y.dtype();
  const int64_t size = x.size();
  if (from == dtype_of<T> && to == dtype_of<T>) {
    const T* in = static_cast<const T*>(x.raw());
    T* out = static_cast<T*>(y.mutable_raw());
    for (int64_t i = 0; i < size; ++i) out[i] = static_cast<T>(f(in[i]));
    return;
  }
  T block[kBlock];
  for (int64_t begin = 0; begin < size; begin += kBlock) {
    const int64_t count = std::min(kBlock, size - begin);
    load_as<T>(from, x.raw(), begin, count, block);
    for (int64_t i = 0; i < count; ++i) block[i] = static_cast<T>(f(block[i]));
    store_from<T>(to, y.mutable_raw(), begin, count, block);
  }
}

/// For floats only, giving `to`: f is called with float or double and may carry attributes.
template <class F>
Result<void> unary_float_to(Evaluation& e, DType to, F f) {
  Tensor* y = NACRE_TRY(e.output(0, to, e.shape(0)));
  if (e.dtype(0) == DType::float64)
    map_elements<double>(e.input(0), *y, f);
  else
    map_elements<float>(e.input(0), *y, f);
  return {};
}
template <class F>
Result<void> unary_float_with(Evaluation& e, F f) {
  return unary_float_to(e, e.dtype(0), f);
}

/// For floats only: F is called with float or double.
template <auto F>
Result<void> unary_float(Evaluation& e) {
  return unary_float_to(e, e.dtype(0), F);
}

/// For floats and integers: F is called with float, double, int64_t or uint64_t.
template <auto F>
Result<void> unary(Evaluation& e) {
  Tensor* y = NACRE_TRY(e.output(0, e.shape(0)));
  return visit_compute(e.dtype(0), [&]<class T>() -> Result<void> {
    map_elements<T>(e.input(0), *y, F);
    return {};
  });
}

/// Walks an output shape with one stride per operand (0 where it is broadcast), innermost runs at a time.
struct BroadcastWalk {
  /// `shapes` broadcast to `out`. Adjacent axes are merged where every operand allows it.
  BroadcastWalk(const Shape& out, std::span<const Shape* const> shapes);

  int64_t run_length = 1;  ///< elements of one innermost run
  int64_t runs = 1;
  std::vector<int64_t> run_strides;  ///< per operand, inside a run: 0 or 1 (or more when axes did not merge)
  /// Element offsets of each operand at the start of run `run`.
  void offsets(int64_t run, std::span<int64_t> out) const;

 private:
  Shape outer_;
  std::vector<std::vector<int64_t>> outer_strides_;
};

/// out[i] = f(a[i * sa], b[i * sb]); the loops without a stride to multiply with become vector code.
template <class T, class R, class F>
void zip_run(const T* a, int64_t sa, const T* b, int64_t sb, R* out, int64_t count, F f) {
  if (sa == 1 && sb == 1) {
    for (int64_t i = 0; i < count; ++i) out[i] = static_cast<R>(f(a[i], b[i]));
  } else if (sa == 1 && sb == 0) {
    const T same = count > 0 ? *b : T();
    for (int64_t i = 0; i < count; ++i) out[i] = static_cast<R>(f(a[i], same));
  } else if (sa == 0 && sb == 1) {
    const T same = count > 0 ? *a : T();
    for (int64_t i = 0; i < count; ++i) out[i] = static_cast<R>(f(same, b[i]));
  } else {
    for (int64_t i = 0; i < count; ++i) out[i] = static_cast<R>(f(a[i * sa], b[i * sb]));
  }
}

/// out[i] = f(a[i], b[i]) with broadcasting, in compute type T giving R.
template <class T, class R, class F>
void zip_elements(const T* a, const T* b, R* out, const BroadcastWalk& walk, F f) {
  int64_t at[2];
  const int64_t sa = walk.run_strides[0], sb = walk.run_strides[1], length = walk.run_length, runs = walk.runs;
  for (int64_t run = 0; run < runs; ++run, out += length) {
    walk.offsets(run, at);
    zip_run(a + at[0], sa, b + at[1], sb, out, length, f);
  }
}

/// Elements first, first + stride, ... of `tensor`; one where the stride is 0. Gives the stride they have in `out`.
template <class T>
int64_t load_run(const Tensor& tensor, int64_t first, int64_t stride, int64_t count, T* out) {
  if (stride > 1) {
    for (int64_t i = 0; i < count; ++i) load_as<T>(tensor.dtype(), tensor.raw(), first + i * stride, 1, out + i);
    return 1;
  }
  load_as<T>(tensor.dtype(), tensor.raw(), first, stride ? count : 1, out);
  return stride;
}

/// zip_elements for tensors that hold other types than T and R: a block at a time, so that nothing wide is ever stored.
template <class T, class R, class F>
void zip_blocks(const Tensor& a, const Tensor& b, Tensor& z, const BroadcastWalk& walk, F f) {
  T left[kBlock], right[kBlock];
  R result[kBlock];
  int64_t at[2];
  void* out = z.mutable_raw();
  for (int64_t run = 0; run < walk.runs; ++run) {
    walk.offsets(run, at);
    for (int64_t begin = 0; begin < walk.run_length; begin += kBlock) {
      const int64_t count = std::min(kBlock, walk.run_length - begin), to = run * walk.run_length + begin;
      const int64_t sa = load_run(a, at[0] + begin * walk.run_strides[0], walk.run_strides[0], count, left);
      const int64_t sb = load_run(b, at[1] + begin * walk.run_strides[1], walk.run_strides[1], count, right);
      if constexpr (std::is_same_v<R, bool>) {
        zip_run(left, sa, right, sb, static_cast<bool*>(out) + to, count, f);
      } else {
        zip_run(left, sa, right, sb, result, count, f);
        store_from<R>(z.dtype(), out, to, count, result);
      }
    }
  }
}

/// z = f(a, b) in compute type T, stored as `z`'s dtype.
template <class T, class R, class F>
Result<void> zip_tensors(const Tensor& a, const Tensor& b, Tensor& z, F f) {
  const Shape* shapes[] = {&a.shape(), &b.shape()};
  const BroadcastWalk walk(z.shape(), shapes);
  if (std::is_same_v<R, bool> && z.dtype() != DType::boolean) return fail(ErrorCode::internal, "a comparison stored as ", z.dtype());
  if (a.dtype() == dtype_of<T> && b.dtype() == dtype_of<T> && z.dtype() == dtype_of<R>)
    zip_elements(static_cast<const T*>(a.raw()), static_cast<const T*>(b.raw()), static_cast<R*>(z.mutable_raw()), walk, f);
  else
    zip_blocks<T, R>(a, b, z, walk, f);
  return {};
}

/// z = F(a, b) elementwise with broadcasting, over floats and integers.
template <auto F>
Result<void> binary(Evaluation& e) {
  Tensor* z = NACRE_TRY(e.output(0, NACRE_TRY(broadcast(e.shape(0), e.shape(1)))));
  return visit_compute(e.dtype(0), [&]<class T>() -> Result<void> { return zip_tensors<T, T>(e.input(0), e.input(1), *z, F); });
}

/// z = F(a, b) as bool.
template <auto F>
Result<void> compare(Evaluation& e) {
  Tensor* z = NACRE_TRY(e.output(0, DType::boolean, NACRE_TRY(broadcast(e.shape(0), e.shape(1)))));
  return visit_compute(e.dtype(0), [&]<class T>() -> Result<void> { return zip_tensors<T, bool>(e.input(0), e.input(1), *z, F); });
}

}  // namespace nacre
