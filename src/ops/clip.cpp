// Clip: y = min(max(x, low), high); either bound may be absent, and NaN stays NaN.
// https://onnx.ai/onnx/operators/onnx__Clip.html
#include <algorithm>
#include <limits>

#include "ops/elementwise.h"

namespace nacre {
namespace {

// Opsets below 11 have the bounds as attributes; the defaults are the float range, which is no bound.
Result<void> upgrade(Upgrade& u) {
  u.node.attributes.erase("consumed_inputs");
  if (u.version < 11 && u.fact(0).dtype == DType::undefined)
    return fail(ErrorCode::invalid_model, "needs the type of its input for its bounds");
  size_t position = 1;
  for (const char* name : {"min", "max"}) {
    if (u.node.attributes.has(name)) u.set_input(position, u.builder.scalar(u.node.attributes.real(name, 0), u.node.inputs[0]));
    u.node.attributes.erase(name);
    ++position;
  }
  return {};
}

template <class T>
Result<T> bound(const Evaluation& e, size_t i) {
  const Tensor& tensor = e.input(i);
  if (tensor.size() != 1) return fail(ErrorCode::invalid_argument, i == 1 ? "min" : "max", " is ", describe(tensor), ", not one number");
  T out;
  load_as<T>(tensor.dtype(), tensor.raw(), 0, 1, &out);
  return out;
}

/// Narrow integers in their own type: vectors hold eight times as many.
template <class T>
Result<void> clip_narrow(Evaluation& e, Tensor& y) {
  using Limits = std::numeric_limits<T>;
  constexpr int64_t least = Limits::min(), most = Limits::max();
  const T low = static_cast<T>(std::clamp(e.has(1) ? NACRE_TRY(bound<int64_t>(e, 1)) : least, least, most));
  const T high = static_cast<T>(std::clamp(e.has(2) ? NACRE_TRY(bound<int64_t>(e, 2)) : most, least, most));
  const T* x = static_cast<const T*>(e.input(0).raw());
  T* out = static_cast<T*>(y.mutable_raw());
  for (int64_t i = 0, size = y.size(); i < size; ++i) {
    const T raised = x[i] < low ? low : x[i];
    out[i] = raised > high ? high : raised;
  }
  return {};
}

Result<void> evaluate(Evaluation& e) {
  Tensor* y = NACRE_TRY(e.output(0, e.shape(0)));
  if (e.dtype(0) == DType::uint8) return clip_narrow<uint8_t>(e, *y);
  if (e.dtype(0) == DType::int8) return clip_narrow<int8_t>(e, *y);
  if (e.dtype(0) == DType::int32) return clip_narrow<int32_t>(e, *y);
  return visit_compute(e.dtype(0), [&]<class T>() -> Result<void> {
    const bool has_low = e.has(1), has_high = e.has(2);
    const T low = has_low ? NACRE_TRY(bound<T>(e, 1)) : T{}, high = has_high ? NACRE_TRY(bound<T>(e, 2)) : T{};
    map_elements<T>(e.input(0), *y, [=](T x) {
      if (has_low && x < low) x = low;
      return has_high && x > high ? high : x;
    });
    return {};
  });
}

}  // namespace

extern const Op op_clip;
const Op op_clip{.name = "Clip",
                 .since = {1, 6, 11, 12, 13},
                 .types = numeric_types,
                 .inputs = {1, 3},
                 .infer = same_as_input,
                 .evaluate = evaluate,
                 .upgrade = upgrade,
                 .kind = OpKind::elementwise,
                 .may_alias = 1};

}  // namespace nacre
