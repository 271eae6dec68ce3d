#include "ops/indexing.h"

#include <cmath>
#include <complex>

#include "ops/movement.h"

namespace nacre {

Result<std::vector<int64_t>> checked_indices(const Evaluation& e, size_t i, int64_t size) {
  std::vector<int64_t> out = NACRE_TRY(e.integers(i));
  for (int64_t& at : out) {
    if (at < -size || at >= size) return fail(ErrorCode::invalid_argument, "index ", at, " is outside [", -size, ", ", size, ")");
    if (at < 0) at += size;
  }
  return out;
}

Result<Tuples> checked_tuples(Evaluation& e, int64_t batches) {
  const Shape &data = e.shape(0), &by = e.shape(1);
  if (by.empty()) return fail(ErrorCode::invalid_argument, "indices have no dimension");
  const int64_t depth = by.back(), axes = e.input(0).rank() - batches;
  if (batches < 0 || batches >= static_cast<int64_t>(by.size()) || depth > axes)
    return fail(ErrorCode::invalid_argument, "indices ", by, " do not fit data ", data, " with ", batches, " batch dims");
  for (int64_t d = 0; d < batches; ++d)
    if (data[d] != by[d]) return fail(ErrorCode::invalid_argument, "batch dims of data ", data, " and indices ", by, " differ");
  const std::vector<int64_t> strides = row_major_strides(data), tuples = NACRE_TRY(e.integers(1));
  Tuples out;
  for (int64_t d = batches + depth; d < e.input(0).rank(); ++d) out.run *= data[d];
  int64_t per_batch = 1, per_data_batch = 1, count = 1;
  for (size_t d = 0; d + 1 < by.size(); ++d) (static_cast<int64_t>(d) < batches ? count : per_batch) *= by[d];
  for (int64_t d = batches; d < e.input(0).rank(); ++d) per_data_batch *= data[d];
  count *= per_batch;
  const int64_t* tuple = tuples.data();
  for (int64_t i = 0; i < count; ++i, tuple += depth) {
    int64_t offset = i / per_batch * per_data_batch;
    for (int64_t k = 0; k < depth; ++k) {
      const int64_t size = data[batches + k], at = tuple[k] < 0 ? tuple[k] + size : tuple[k];
      if (at < 0 || at >= size) return fail(ErrorCode::invalid_argument, "index ", tuple[k], " is outside [", -size, ", ", size, ")");
      offset += at * strides[batches + k];
    }
    out.offsets.push_back(offset);
  }
  return out;
}

namespace {

template <class T, class F>
void reduce_into(Tensor& out, const Tensor& updates, std::span<const int64_t> positions, int64_t run, F f) {
  const DType dtype = out.dtype();
  void* target = out.mutable_raw();
  for (size_t i = 0; i < positions.size(); ++i)
    for (int64_t k = 0; k < run; ++k) {
      T old, update;
      load_as<T>(dtype, target, positions[i] + k, 1, &old);
      load_as<T>(dtype, updates.raw(), static_cast<int64_t>(i) * run + k, 1, &update);
      const T now = static_cast<T>(f(old, update));
      store_from<T>(dtype, target, positions[i] + k, 1, &now);
    }
}

// NaN wins, as in numpy.
template <class T>
bool is_nan(T x) {
  return x != x;
}

// Complex numbers: two floats side by side.
Result<void> reduce_complex(std::string_view reduction, Tensor& out, const Tensor& updates, std::span<const int64_t> positions,
                            int64_t run) {
  if (reduction == "max" || reduction == "min") return fail(ErrorCode::invalid_argument, "complex numbers have no ", reduction);
  const DType part = out.dtype() == DType::complex64 ? DType::float32 : DType::float64;
  for (size_t i = 0; i < positions.size(); ++i)
    for (int64_t k = 0; k < run; ++k) {
      std::complex<double> a, b;
      load_as<double>(part, out.raw(), 2 * (positions[i] + k), 2, reinterpret_cast<double*>(&a));
      load_as<double>(part, updates.raw(), 2 * (static_cast<int64_t>(i) * run + k), 2, reinterpret_cast<double*>(&b));
      a = reduction == "add" ? a + b : a * b;
      store_from<double>(part, out.mutable_raw(), 2 * (positions[i] + k), 2, reinterpret_cast<double*>(&a));
    }
  return {};
}

}  // namespace

Result<void> apply_updates(std::string_view reduction, Tensor& out, const Tensor& updates, std::span<const int64_t> positions,
                           int64_t run) {
  if (reduction == "none" || reduction.empty()) {
    for (size_t i = 0; i < positions.size(); ++i) copy_elements(updates, static_cast<int64_t>(i) * run, out, positions[i], run);
    return {};
  }
  if (reduction != "add" && reduction != "mul" && reduction != "max" && reduction != "min")
    return fail(ErrorCode::invalid_model, "reduction '", reduction, "' is none of none, add, mul, max, min");
  if (complex_types.has(out.dtype())) return reduce_complex(reduction, out, updates, positions, run);
  return visit_compute(out.dtype(), [&]<class T>() -> Result<void> {
    const char kind = reduction[1];  // dd, ul, ax, in
    reduce_into<T>(out, updates, positions, run, [kind](T a, T b) -> T {
      if (kind == 'd') return a + b;
      if (kind == 'u') return a * b;
      if (is_nan(a) || is_nan(b)) return is_nan(a) ? a : b;
      return kind == 'a' ? std::max(a, b) : std::min(a, b);
    });
    return {};
  });
}

}  // namespace nacre
