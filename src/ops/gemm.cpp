// Gemm: y = alpha * a' b' + beta * c, where a' and b' may be transposed and c broadcasts.
// https://onnx.ai/onnx/operators/onnx__Gemm.html
#include "ops/contraction.h"
#include "ops/elementwise.h"

namespace nacre {
namespace {

struct Sizes {
  SymDim rows, depth, columns;
};

Result<Sizes> sizes(const SymShape& a, const SymShape& b, const Attributes& attributes) {
  if (a.size() != 2 || b.size() != 2) return fail(ErrorCode::invalid_argument, "takes matrices, not ", a, " and ", b);
  const bool ta = attributes.integer("transA", 0) != 0, tb = attributes.integer("transB", 0) != 0;
  if (a[ta ? 0 : 1].differs(b[tb ? 1 : 0]))
    return fail(ErrorCode::invalid_argument, "cannot multiply ", a, ta ? "^T" : "", " by ", b, tb ? "^T" : "");
  return Sizes{a[ta], a[!ta], b[!tb]};
}

Result<void> check_addend(const SymShape& c, const SymShape& y) {
  const SymShape both = NACRE_TRY(broadcast(c, y));
  if (both.size() != y.size() || both[0].differs(y[0]) || both[1].differs(y[1]))
    return fail(ErrorCode::invalid_argument, "C of shape ", c, " does not broadcast to ", y);
  return {};
}

Result<void> infer(Inference& inference) {
  const SymShape *a = inference.shape(0), *b = inference.shape(1);
  if (!a || !b) return inference.set(0, inference.dtype(0), inference.fresh_shape(2)), Result<void>();
  const Sizes size = NACRE_TRY(sizes(*a, *b, inference.attributes()));
  const SymShape y{size.rows, size.columns};
  if (inference.shape(2)) NACRE_TRY(check_addend(*inference.shape(2), y));
  inference.set(0, inference.dtype(0), y);
  return {};
}

// Integers take the scalars in their own type, as onnx's reference does where they are whole numbers.
template <class T, class Sum>
Result<void> run(Evaluation& e, const Shape& shape, int64_t depth, Tensor& y) {
  const bool ta = e.attributes().integer("transA", 0) != 0, tb = e.attributes().integer("transB", 0) != 0;
  const int64_t rows = shape[0], columns = shape[1];
  std::vector<T> left, right, addend;
  const T *a = elements_as<T>(e.input(0), left), *b = elements_as<T>(e.input(1), right);
  Tensor turned = NACRE_TRY(e.scratch(dtype_of<T>, {tb ? depth : 0, columns}));
  if (tb) {
    transpose_matrix(b, columns, depth, static_cast<T*>(turned.mutable_raw()));
    b = static_cast<const T*>(turned.raw());
  }
  Tensor wide = NACRE_TRY(e.scratch(dtype_of<Sum>, shape));
  Sum* sums = static_cast<Sum*>(wide.mutable_raw());
  contract({a, ta ? 1 : depth, ta ? rows : 1}, b, columns, rows, depth, columns, sums, columns);
  const float alpha = e.attributes().real("alpha", 1), beta = e.attributes().real("beta", 1);
  const auto scale = [](Sum value, float factor) {
    if constexpr (std::is_integral_v<Sum>)
      return factor == 1 ? value : static_cast<Sum>(static_cast<int64_t>(static_cast<double>(static_cast<int64_t>(value)) * factor));
    else
      return value * factor;
  };
  for (int64_t i = 0; i < rows * columns; ++i) sums[i] = scale(sums[i], alpha);
  if (e.has(2) && beta != 0) {
    const T* c = elements_as<T>(e.input(2), addend);
    const Shape* shapes[] = {&e.shape(2)};
    const BroadcastWalk walk(shape, shapes);
    int64_t at[1];
    Sum* out = sums;
    for (int64_t r = 0; r < walk.runs; ++r) {
      walk.offsets(r, at);
      for (int64_t i = 0; i < walk.run_length; ++i) *out++ += scale(static_cast<Sum>(c[at[0] + i * walk.run_strides[0]]), beta);
    }
  }
  store_from<Sum>(y.dtype(), y.mutable_raw(), 0, y.size(), sums);
  return {};
}

Result<void> evaluate(Evaluation& e) {
  const Sizes size = NACRE_TRY(sizes(symbolic(e.shape(0)), symbolic(e.shape(1)), e.attributes()));
  const Shape shape{*size.rows.constant(), *size.columns.constant()};
  if (e.has(2)) NACRE_TRY(check_addend(symbolic(e.shape(2)), symbolic(shape)));
  Tensor* y = NACRE_TRY(e.output(0, shape));
  return visit_contraction(e.dtype(0), [&]<class T, class Sum>() { return run<T, Sum>(e, shape, *size.depth.constant(), *y); });
}

// Opsets 1-6 asked for C's broadcasting by an attribute; the rule has always been numpy's.
Result<void> upgrade(Upgrade& upgrade) {
  upgrade.node.attributes.erase("broadcast");
  return {};
}

double cost(const NodeView& node) {
  if (!node.fact(0).shape || !node.fact(1).shape) return 0;
  const Result<Sizes> size = sizes(*node.fact(0).shape, *node.fact(1).shape, node.attributes());
  const std::optional<int64_t> count = size ? (size->rows * size->depth * size->columns).constant() : std::nullopt;
  return count ? 2.0 * static_cast<double>(*count) : 0;
}

}  // namespace

extern const Op op_gemm;
const Op op_gemm{.name = "Gemm",
                 .since = {1, 6, 7, 9, 11, 13},
                 .types = float_types | TypeSet{DType::int32, DType::int64, DType::uint32, DType::uint64},
                 .inputs = {2, 3},
                 .infer = infer,
                 .evaluate = evaluate,
                 .upgrade = upgrade,
                 .kind = OpKind::contraction,
                 .cost = cost};

}  // namespace nacre
