// Range: start, start + delta, ... up to limit, which is left out.
// https://onnx.ai/onnx/operators/onnx__Range.html
#include <algorithm>
#include <cstdint>

#include "ops/arithmetic.h"
#include "ops/elementwise.h"

namespace nacre {
namespace {

// The scalar of an integer or float constant.
std::optional<double> number(const Inference& inference, size_t i) {
  const Tensor* tensor = inference.constant(i);
  if (!tensor || tensor->size() != 1 || !is_float(tensor->dtype())) return std::nullopt;
  double out;
  load_as<double>(tensor->dtype(), tensor->raw(), 0, 1, &out);
  return out;
}

Result<int64_t> float_count(double start, double limit, double delta) {
  const double count = std::ceil((limit - start) / delta);
  if (delta == 0 || std::isnan(count)) return fail(ErrorCode::invalid_argument, "from ", start, " to ", limit, " in steps of ", delta);
  if (count >= 0x1p62) return fail(ErrorCode::resource_exhausted, "from ", start, " to ", limit, " in steps of ", delta);
  return std::max<int64_t>(0, static_cast<int64_t>(count));
}

// In unsigned arithmetic, where the distance of any two integers fits.
Result<int64_t> integer_count(int64_t start, int64_t limit, int64_t delta) {
  if (delta == 0) return fail(ErrorCode::invalid_argument, "from ", start, " to ", limit, " in steps of 0");
  if (delta > 0 ? start >= limit : start <= limit) return 0;
  const uint64_t from = static_cast<uint64_t>(start), to = static_cast<uint64_t>(limit);
  const uint64_t distance = delta > 0 ? to - from : from - to,
                 step = delta > 0 ? static_cast<uint64_t>(delta) : 0 - static_cast<uint64_t>(delta);
  const uint64_t count = (distance - 1) / step + 1;
  if (count > static_cast<uint64_t>(INT64_MAX))
    return fail(ErrorCode::resource_exhausted, "from ", start, " to ", limit, " in steps of ", delta);
  return static_cast<int64_t>(count);
}

Result<void> infer_integers(Inference& inference) {
  const std::vector<SymDim>*start = inference.values(0), *limit = inference.values(1), *delta = inference.values(2);
  const bool known = start && limit && delta && start->size() == 1 && limit->size() == 1 && delta->size() == 1;
  const std::optional<int64_t> step = known ? (*delta)[0].constant() : std::nullopt;
  inference.set(0, inference.dtype(0), inference.fresh_shape(1));
  if (!step || *step == 0 || *step == INT64_MIN) return {};
  const SymDim &from = (*start)[0], &to = (*limit)[0], distance = *step > 0 ? to - from : from - to;
  SymDim count = ceil_div(distance, std::abs(*step));
  if (!is_never_negative(distance)) count = max(count, 0);
  if (from.is_constant() && to.is_constant()) count = NACRE_TRY(integer_count(*from.constant(), *to.constant(), *step));
  inference.set(0, inference.dtype(0), SymShape{count});
  if (!count.is_constant() || *count.constant() > kMaxTrackedValues) return {};
  std::vector<SymDim> values;
  for (int64_t i = 0; i < *count.constant(); ++i) values.push_back(from + SymDim(i) * *step);
  inference.set_values(0, std::move(values));
  return {};
}

Result<void> infer(Inference& inference) {
  if (is_integer(inference.dtype(0))) return infer_integers(inference);
  const std::optional<double> start = number(inference, 0), limit = number(inference, 1), delta = number(inference, 2);
  SymDim count = inference.fresh();
  if (start && limit && delta) count = NACRE_TRY(float_count(*start, *limit, *delta));
  inference.set(0, inference.dtype(0), SymShape{count});
  return {};
}

template <class T>
Result<void> fill(Evaluation& e, T start, T delta, int64_t count) {
  Tensor* y = NACRE_TRY(e.output(0, {count}));
  T block[kBlock];
  for (int64_t begin = 0; begin < count; begin += kBlock) {
    const int64_t length = std::min(kBlock, count - begin);
    for (int64_t i = 0; i < length; ++i) block[i] = wrapping_add(start, wrapping_mul(static_cast<T>(begin + i), delta));
    store_from<T>(y->dtype(), y->mutable_raw(), begin, length, block);
  }
  return {};
}

// Floats are computed in double, which is at least what `stash_type` asks for.
Result<void> evaluate(Evaluation& e) {
  if (is_integer(e.dtype(0))) {
    const int64_t start = NACRE_TRY(e.integer(0)), limit = NACRE_TRY(e.integer(1)), delta = NACRE_TRY(e.integer(2));
    return fill(e, start, delta, NACRE_TRY(integer_count(start, limit, delta)));
  }
  const double start = NACRE_TRY(e.real(0)), limit = NACRE_TRY(e.real(1)), delta = NACRE_TRY(e.real(2));
  return fill(e, start, delta, NACRE_TRY(float_count(start, limit, delta)));
}

}  // namespace

extern const Op op_range;
const Op op_range{.name = "Range",
                  .since = {11, 27},
                  .types = float_types | TypeSet{DType::int16, DType::int32, DType::int64},
                  .inputs = {3, 3},
                  .infer = infer,
                  .evaluate = evaluate};

}  // namespace nacre
