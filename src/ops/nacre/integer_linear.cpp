// nacre.IntegerLinear: y = activation(s (a_scale b_scale) + bias + residual), or activation(s (a_scale b_scale) + bias) + residual
// when `residual_after` is 1, where s = (a - a_zero) (b - b_zero) in int32. a is [..., K], b [K, N], both of 8 bits; each scale is
// one number or one for each column, as is b_zero; a_zero is one number; bias [N], residual like y. What MatMulInteger becomes
// with the Cast and the scales behind it. Each step rounds as it would by itself. What is
// absent is 1, a scale, or 0.
#include "core/checked.h"
#include "core/convert.h"
#include "ops/nacre/activation.h"
#include "ops/op.h"

namespace nacre {
namespace {

enum Position : size_t { a, b, a_scale, b_scale, a_zero, b_zero, bias, residual };

bool fits(const SymShape& shape, const SymDim& columns) {
  if (shape.empty() || (shape.size() == 1 && !shape[0].differs(1))) return true;
  return shape.size() == 1 && !shape[0].differs(columns);
}

Result<void> check_parameters(const Inference& inference, const SymShape& y) {
  for (size_t i : {a_scale, b_scale, b_zero})
    if (const SymShape* shape = inference.has(i) ? inference.shape(i) : nullptr; shape && !fits(*shape, y.back()))
      return fail(ErrorCode::invalid_argument, "input ", i, " of shape ", *shape, " for ", y);
  if (const SymShape* shape = inference.has(bias) ? inference.shape(bias) : nullptr;
      shape && (shape->size() != 1 || (*shape)[0].differs(y.back())))
    return fail(ErrorCode::invalid_argument, "bias ", *shape, " for ", y);
  if (const SymShape* shape = inference.has(residual) ? inference.shape(residual) : nullptr) {
    bool same = shape->size() == y.size();
    for (size_t d = 0; same && d < y.size(); ++d) same = !(*shape)[d].differs(y[d]);
    if (!same) return fail(ErrorCode::invalid_argument, "residual ", *shape, " for ", y);
  }
  return {};
}

Result<void> infer(Inference& inference) {
  const SymShape *x = inference.shape(a), *w = inference.shape(b);
  if (!x || !w) return inference.set(0, DType::float32), Result<void>();
  if (x->empty() || w->size() != 2 || x->back().differs((*w)[0]))
    return fail(ErrorCode::invalid_argument, "cannot multiply ", *x, " by ", *w);
  SymShape y = *x;
  y.back() = (*w)[1];
  NACRE_TRY(check_parameters(inference, y));
  inference.set(0, DType::float32, std::move(y));
  return {};
}

template <class T>
Result<std::vector<T>> numbers(const Evaluation& e, size_t i, size_t columns, T otherwise) {
  std::vector<T> out(columns, otherwise);
  if (!e.has(i)) return out;
  const Tensor& tensor = e.input(i);
  if (tensor.size() != 1 && tensor.size() != int64_t(columns))
    return fail(ErrorCode::invalid_argument, "input ", i, " ", describe(tensor), " for ", columns, " columns");
  load_as<T>(tensor.dtype(), tensor.raw(), 0, tensor.size(), out.data());
  if (tensor.size() == 1) std::fill(out.begin(), out.end(), out[0]);
  return out;
}

Result<void> evaluate(Evaluation& e) {
  const Tensor &x = e.input(a), &w = e.input(b);
  if (x.rank() == 0 || w.rank() != 2 || x.shape().back() != w.shape()[0])
    return fail(ErrorCode::invalid_argument, "cannot multiply ", describe(x), " by ", describe(w));
  Shape shape = x.shape();
  const int64_t depth = shape.back(), columns = shape.back() = w.shape()[1];
  Tensor* y = NACRE_TRY(e.output(0, DType::float32, shape));
  if (columns == 0) return {};
  const size_t n = size_t(columns);
  const auto scales = NACRE_TRY(numbers<float>(e, a_scale, n, 1)), others = NACRE_TRY(numbers<float>(e, b_scale, n, 1)),
             biases = NACRE_TRY(numbers<float>(e, bias, n, 0));
  const auto zeros = NACRE_TRY(numbers<int64_t>(e, a_zero, n, 0)), shifts = NACRE_TRY(numbers<int64_t>(e, b_zero, n, 0));
  if (e.has(residual) && e.shape(residual) != shape)
    return fail(ErrorCode::invalid_argument, "residual ", describe(e.input(residual)), " for ", describe(*y));
  std::vector<int64_t> left(size_t(x.size())), right(size_t(w.size()));
  load_as<int64_t>(x.dtype(), x.raw(), 0, x.size(), left.data());
  load_as<int64_t>(w.dtype(), w.raw(), 0, w.size(), right.data());
  const FusedActivation activation = fused_activation(e.attributes());
  const bool after = e.attributes().integer("residual_after", 0);
  const float* added = e.has(residual) ? e.input(residual).data<float>().data() : nullptr;
  float* out = y->mutable_data<float>().data();
  for (int64_t i = 0; i < y->size(); ++i) {
    const size_t column = size_t(i % columns);
    uint64_t sum = 0;
    for (int64_t k = 0; k < depth; ++k)
      sum += uint64_t((left[size_t(i / columns * depth + k)] - zeros[column]) * (right[size_t(k) * n + column] - shifts[column]));
    float value = float(int32_t(uint32_t(sum))) * (scales[column] * others[column]);
    value += biases[column];
    if (added && !after) value += added[i];
    value = float(nacre::activate(activation, value));
    out[i] = added && after ? value + added[i] : value;
  }
  return {};
}

double cost(const NodeView& n) {
  const auto x = constant_shape(*n.fact(a).shape), w = constant_shape(*n.fact(b).shape);
  if (!x || !w || x->empty()) return 0;
  double rows = 1;
  for (size_t d = 0; d + 1 < x->size(); ++d) rows *= double((*x)[d]);
  return 2 * rows * double((*w)[0]) * double((*w)[1]);
}

}  // namespace

extern const Op op_nacre_integer_linear;
const Op op_nacre_integer_linear{.name = "IntegerLinear",
                                 .domain = "nacre",
                                 .since = {1},
                                 .types = {DType::int8, DType::uint8},
                                 .inputs = {3, 8},
                                 .infer = infer,
                                 .evaluate = evaluate,
                                 .kind = OpKind::contraction,
                                 .cost = cost};

}  // namespace nacre
