// nacre.Linear: y = activation(x w + bias + residual), or activation(x w + bias) + residual when `residual_after` is 1.
// x is [..., K], w [K, N] ([N, K] when `transposed` is 1), bias [N], residual like y; all float32, w perhaps in halves. What
// MatMul and Gemm with a fixed second operand become together with their neighbours.
#include "core/checked.h"
#include "core/convert.h"
#include "ops/nacre/activation.h"
#include "ops/op.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) {
  const SymShape *x = inference.shape(0), *w = inference.shape(1);
  if (!x || !w) return inference.set(0, inference.dtype(0)), Result<void>();
  if (x->empty() || w->size() != 2) return fail(ErrorCode::invalid_argument, "multiplies ", *x, " by ", *w);
  const bool transposed = inference.attributes().integer("transposed", 0);
  if (x->back().differs((*w)[transposed])) return fail(ErrorCode::invalid_argument, "cannot multiply ", *x, " by ", *w);
  SymShape y = *x;
  y.back() = (*w)[!transposed];
  for (size_t i = 1; i < inference.input_count(); ++i) {
    const bool half = i == 1 && (inference.dtype(i) == DType::float16 || inference.dtype(i) == DType::bfloat16);
    if (inference.has(i) && inference.dtype(i) != inference.dtype(0) && !half)
      return fail(ErrorCode::invalid_argument, "input ", i, " is ", inference.dtype(i), ", the first ", inference.dtype(0));
  }
  if (const SymShape* bias = inference.shape(2); bias && (bias->size() != 1 || (*bias)[0].differs(y.back())))
    return fail(ErrorCode::invalid_argument, "bias ", *bias, " for ", y);
  if (const SymShape* residual = inference.shape(3)) {
    bool fits = residual->size() == y.size();
    for (size_t d = 0; fits && d < y.size(); ++d) fits = !(*residual)[d].differs(y[d]);
    if (!fits) return fail(ErrorCode::invalid_argument, "residual ", *residual, " for ", y);
  }
  inference.set(0, inference.dtype(0), std::move(y));
  return {};
}

Result<void> evaluate(Evaluation& e) {
  const Tensor& x = e.input(0);
  Tensor w = e.input(1);
  if (w.dtype() != DType::float32) {
    w = NACRE_TRY(e.scratch(DType::float32, w.shape()));
    NACRE_TRY(convert(e.input(1), w));
  }
  const bool transposed = e.attributes().integer("transposed", 0), after = e.attributes().integer("residual_after", 0);
  const FusedActivation activation = fused_activation(e.attributes());
  if (x.rank() == 0 || w.rank() != 2) return fail(ErrorCode::invalid_argument, "multiplies ", describe(x), " by ", describe(w));
  const int64_t depth = x.shape().back(), columns = w.shape()[!transposed];
  if (depth != w.shape()[transposed]) return fail(ErrorCode::invalid_argument, "cannot multiply ", describe(x), " by ", describe(w));
  Shape shape = x.shape();
  shape.back() = columns;
  Tensor* y = NACRE_TRY(e.output(0, DType::float32, shape));
  if (e.has(2) && e.shape(2) != Shape{columns})
    return fail(ErrorCode::invalid_argument, "bias ", describe(e.input(2)), " for ", columns, " columns");
  if (e.has(3) && e.shape(3) != shape) return fail(ErrorCode::invalid_argument, "residual ", describe(e.input(3)), " for ", describe(*y));
  const float *a = x.data<float>().data(), *b = w.data<float>().data();
  const float* bias = e.has(2) ? e.input(2).data<float>().data() : nullptr;
  const float* residual = e.has(3) ? e.input(3).data<float>().data() : nullptr;
  float* out = y->mutable_data<float>().data();
  for (int64_t i = 0; i < y->size(); ++i) {
    const int64_t row = i / columns, column = i % columns;
    double sum = bias ? bias[column] : 0;
    for (int64_t k = 0; k < depth; ++k) sum += double(a[row * depth + k]) * b[transposed ? column * depth + k : k * columns + column];
    if (residual && !after) sum += residual[i];
    sum = activate(activation, sum);
    out[i] = float(residual && after ? sum + residual[i] : sum);
  }
  return {};
}

double cost(const NodeView& n) {
  const auto x = constant_shape(*n.fact(0).shape), w = constant_shape(*n.fact(1).shape);
  if (!x || !w || (*x).empty() || (*x).back() == 0) return 0;
  double rows = 1;
  for (size_t d = 0; d + 1 < x->size(); ++d) rows *= double((*x)[d]);
  return 2 * rows * double((*w)[0]) * double((*w)[1]);
}

}  // namespace

extern const Op op_nacre_linear;
const Op op_nacre_linear{.name = "Linear",
                         .domain = "nacre",
                         .since = {1},
                         .types = {DType::float32},
                         .inputs = {2, 4},
                         .infer = infer,
                         .evaluate = evaluate,
                         .kind = OpKind::contraction,
                         .cost = cost};

}  // namespace nacre
