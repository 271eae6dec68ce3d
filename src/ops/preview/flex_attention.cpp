// FlexAttention: y = prob_mod(softmax(score_mod(scale * q k^T))) v, where the two are optional graphs on whole score tensors.
// https://onnx.ai/onnx/operators/onnx_aionnxpreview_FlexAttention.html
#include "ops/attend.h"

namespace nacre {
namespace {

DType score_type(const Attributes& attributes, DType input) {
  return static_cast<DType>(
      attributes.integer("softmax_precision", static_cast<int64_t>(input == DType::float64 ? DType::float64 : DType::float32)));
}

Result<void> check(const SymShape& q, const SymShape& k, const SymShape& v) {
  if (q.size() != 4 || k.size() != 4 || v.size() != 4 || k[3].differs(q[3]) || v[1].differs(k[1]) || v[2].differs(k[2]) ||
      k[0].differs(q[0]) || v[0].differs(q[0]))
    return fail(ErrorCode::invalid_argument, "Q, K and V of shapes ", q, ", ", k, " and ", v, " do not fit");
  if (q[1].is_constant() && k[1].is_constant() && (k[1].is(0) || *q[1].constant() % *k[1].constant() != 0))
    return fail(ErrorCode::invalid_argument, q[1], " query heads do not divide into ", k[1], " key heads");
  return {};
}

Result<void> infer(Inference& inference) {
  const SymShape *q = inference.shape(0), *k = inference.shape(1), *v = inference.shape(2);
  const DType type = score_type(inference.attributes(), inference.dtype(0));
  if (!is_float(type))
    return fail(ErrorCode::invalid_model, "softmax_precision ", inference.attributes().integer("softmax_precision", 0),
                " is no float type");
  inference.set(0, inference.dtype(2));
  Fact scores = Fact::tensor(type);
  if (q && k && v) {
    NACRE_TRY(check(*q, *k, *v));
    inference.set(0, inference.dtype(2), SymShape{(*q)[0], (*q)[1], (*q)[2], (*v)[3]});
    scores = Fact::tensor(type, SymShape{(*q)[0], (*q)[1], (*q)[2], (*k)[2]});
  }
  for (size_t i = 0; i < inference.body_count(); ++i) {
    const std::vector<Fact> out = NACRE_TRY(inference.infer_body(i, std::span(&scores, 1)));
    if (out.size() != 1) return fail(ErrorCode::invalid_model, "a modifier gives ", out.size(), " outputs, expected 1");
  }
  return {};
}

// Replaces `scores` by what the body of that name makes of it.
Result<void> modify(Evaluation& e, std::string_view name, Tensor& scores) {
  for (size_t i = 0; i < e.node().bodies.size(); ++i) {
    if (e.node().bodies[i].name != name) continue;
    std::vector<Value> out = NACRE_TRY(e.run_body(i, {Value(scores)}));
    if (out.size() != 1 || !out[0].is_tensor() || out[0].tensor().shape() != scores.shape())
      return fail(ErrorCode::invalid_argument, name, " does not keep the shape ", scores.shape());
    scores = out[0].tensor();
  }
  return {};
}

void softmax_rows(Tensor& scores, int64_t keys) {
  std::vector<double> row(static_cast<size_t>(keys));
  for (int64_t at = 0; at < scores.size(); at += keys) {
    load_as<double>(scores.dtype(), scores.raw(), at, keys, row.data());
    softmax_row(row.data(), keys);
    store_from<double>(scores.dtype(), scores.mutable_raw(), at, keys, row.data());
  }
}

template <class T>
Result<void> run(Evaluation& e, const AttentionSizes& s, Tensor& y) {
  std::vector<T> q, k, v;
  const double scale = e.attributes().has("scale") ? e.attributes().real("scale", 1) : 1 / std::sqrt(static_cast<double>(s.head));
  const T *queries = elements_as<T>(e.input(0), q), *keys = elements_as<T>(e.input(1), k), *values = elements_as<T>(e.input(2), v);
  Tensor scores = NACRE_TRY(e.scratch(score_type(e.attributes(), e.dtype(0)), {s.batch, s.heads, s.queries, s.keys}));
  const auto row_of = [&](int64_t batch, int64_t head, int64_t query) { return (batch * s.heads + head) * s.queries + query; };
  const auto keep = [&](int64_t batch, int64_t head, int64_t query, const double* x) {
    store_from<double>(scores.dtype(), scores.mutable_raw(), row_of(batch, head, query) * s.keys, s.keys, x);
  };
  // Twice through: the modifiers see all scores at once.
  NACRE_TRY(attend<T>(e, s, queries, keys, values, scale, keep, [](int64_t, int64_t, int64_t, const double*) {}));
  NACRE_TRY(modify(e, "score_mod", scores));
  softmax_rows(scores, s.keys);
  NACRE_TRY(modify(e, "prob_mod", scores));
  return attend<T>(
      e, s, queries, keys, values, scale,
      [&](int64_t batch, int64_t head, int64_t query, double* x) {
        load_as<double>(scores.dtype(), scores.raw(), row_of(batch, head, query) * s.keys, s.keys, x);
      },
      [&](int64_t batch, int64_t head, int64_t query, const double* x) {
        store_from<double>(y.dtype(), y.mutable_raw(), row_of(batch, head, query) * s.value_head, s.value_head, x);
      });
}

Result<void> evaluate(Evaluation& e) {
  const Shape &q = e.shape(0), &k = e.shape(1), &v = e.shape(2);
  NACRE_TRY(check(symbolic(q), symbolic(k), symbolic(v)));
  const AttentionSizes s{q[0], q[1], k[1], q[2], k[2], q[3], v[3]};
  Tensor* y = NACRE_TRY(e.output(0, e.dtype(2), {s.batch, s.heads, s.queries, s.value_head}));
  return e.dtype(0) == DType::float64 ? run<double>(e, s, *y) : run<float>(e, s, *y);
}

}  // namespace

extern const Op op_preview_flex_attention;
const Op op_preview_flex_attention{.name = "FlexAttention",
                                   .domain = "ai.onnx.preview",
                                   .since = {1},
                                   .types = float_types,
                                   .inputs = {3, 3},
                                   .infer = infer,
                                   .evaluate = evaluate};

}  // namespace nacre
