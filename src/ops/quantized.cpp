#include "ops/quantized.h"

#include <algorithm>
#include <cmath>

#include "ops/elementwise.h"

namespace nacre {

Result<QuantParameter> quant_parameter(const Evaluation& e, size_t i, const Shape& shape, int64_t axis, float otherwise) {
  if (!e.has(i)) return QuantParameter{{otherwise}};
  const Tensor& tensor = e.input(i);
  std::vector<float> scratch;
  const float* values = elements_as<float>(tensor, scratch);
  if (tensor.size() == 1) return QuantParameter{{values[0]}};
  Shape own = tensor.shape();
  if (own.size() == 1 && axis >= 0)  // one for each index along the axis
    own.resize(static_cast<size_t>(static_cast<int64_t>(shape.size()) - axis), 1);
  const Result<Shape> both = broadcast(own, shape);
  if (!both || *both != shape) return fail(ErrorCode::invalid_argument, "input ", i, " of shape ", tensor.shape(), " does not fit ", shape);
  QuantParameter out;
  out.values.reserve(static_cast<size_t>(NACRE_TRY(checked_count(shape))));
  const Shape* shapes[] = {&own};
  const BroadcastWalk walk(shape, shapes);
  int64_t at[1];
  for (int64_t run = 0; run < walk.runs; ++run) {
    walk.offsets(run, at);
    for (int64_t k = 0; k < walk.run_length; ++k) out.values.push_back(values[at[0] + k * walk.run_strides[0]]);
  }
  return out;
}

Result<std::vector<float>> centred(const Evaluation& e, size_t i, size_t zero, int64_t axis) {
  const Tensor& tensor = e.input(i);
  const QuantParameter shift = NACRE_TRY(quant_parameter(e, zero, tensor.shape(), axis, 0));
  std::vector<float> out(static_cast<size_t>(tensor.size()));
  load_as<float>(tensor.dtype(), tensor.raw(), 0, tensor.size(), out.data());
  for (int64_t k = 0; k < tensor.size(); ++k) out[k] -= shift.at(k);
  return out;
}

void store_int32(std::span<const double> sums, Tensor& y) {
  int32_t* out = static_cast<int32_t*>(y.mutable_raw());
  for (size_t i = 0; i < sums.size(); ++i) out[i] = static_cast<int32_t>(static_cast<int64_t>(sums[i]));
}

void requantize(std::span<double> sums, const QuantParameter& scale, const QuantParameter& zero, Tensor& y) {
  const DType dtype = y.dtype();
  const double least = dtype == DType::int8 ? -128 : 0, most = dtype == DType::int8 ? 127 : 255;
  for (size_t i = 0; i < sums.size(); ++i) {
    const int64_t at = static_cast<int64_t>(i);
    const double value = sums[i] * scale.at(at);
    sums[i] = is_integer(dtype) ? std::clamp(std::nearbyint(value) + zero.at(at), least, most) : value + zero.at(at);
  }
  store_from<double>(dtype, y.mutable_raw(), 0, y.size(), sums.data());
}

}  // namespace nacre
