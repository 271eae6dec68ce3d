// nacre.QLinearConvAdd: QLinearAdd(QLinearConv(x, ...), residual): the convolution's codes, then the sum's, each rounded as by itself.
// Inputs are QLinearConv's nine (the bias may be absent), then the residual, shaped like y, its scale and zero point, and y's. Both results
// have one dtype.
#include "ops/nacre/codes.h"

namespace nacre {
namespace {

enum Position : size_t { own_scale = 6, own_zero, residual = 9, residual_scale, residual_zero, y_scale, y_zero };

const Op& conv() {
  static const Op& op = *find_op("", "QLinearConv");
  return op;
}

Result<void> infer(Inference& inference) {
  for (size_t i = residual; i <= y_zero; ++i)
    if (!inference.has(i)) return fail(ErrorCode::invalid_argument, "input ", i, " is missing");
  if (inference.dtype(own_zero) != inference.dtype(y_zero))
    return fail(ErrorCode::invalid_argument, "the convolution gives ", inference.dtype(own_zero), ", the sum ", inference.dtype(y_zero));
  return conv().infer(inference);
}

// QLinearConv's own evaluation, then the sum in place.
Result<void> evaluate(Evaluation& e) {
  for (size_t i = residual; i <= y_zero; ++i)
    if (!e.has(i)) return fail(ErrorCode::invalid_argument, "input ", i, " is missing");
  NACRE_TRY(conv().evaluate(e));
  Tensor& y = e.made(0);
  if (e.dtype(y_zero) != y.dtype() || e.shape(residual) != y.shape())
    return fail(ErrorCode::invalid_argument, "residual ", describe(e.input(residual)), " for ", describe(y));
  const float scale = NACRE_TRY(scale_of(e, y_scale)), unit = NACRE_TRY(scale_of(e, own_scale)) / scale,
              other_unit = NACRE_TRY(scale_of(e, residual_scale)) / scale;
  const int32_t zero = NACRE_TRY(zero_of(e, y_zero)), own = NACRE_TRY(zero_of(e, own_zero)), other = NACRE_TRY(zero_of(e, residual_zero));
  const DType added = e.input(residual).dtype();
  const auto* from = static_cast<const uint8_t*>(e.input(residual).raw());
  auto* codes = static_cast<uint8_t*>(y.mutable_raw());
  const auto value_of = [](uint8_t code, DType dtype) { return dtype == DType::int8 ? static_cast<int8_t>(code) : int32_t{code}; };
  for (int64_t i = 0; i < y.size(); ++i) {
    const float p = static_cast<float>(value_of(codes[i], y.dtype()) - own) * unit,
                q = static_cast<float>(value_of(from[i], added) - other) * other_unit;
    codes[i] = static_cast<uint8_t>(nearest_code(p + q, zero, y.dtype()));
  }
  return {};
}

double cost(const NodeView& node) { return conv().cost(node); }

}  // namespace

extern const Op op_nacre_q_linear_conv_add;
const Op op_nacre_q_linear_conv_add{.name = "QLinearConvAdd",
                                    .domain = "nacre",
                                    .since = {1},
                                    .types = kCodes,
                                    .inputs = {8, 14},
                                    .infer = infer,
                                    .evaluate = evaluate,
                                    .kind = OpKind::convolution,
                                    .cost = cost};

}  // namespace nacre
