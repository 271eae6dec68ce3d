// LinearAttention: S = exp(g) S + k (x) u with u = v, or u = beta (v - (exp(g) S)^T k) for the delta rules; o = scale * q^T S.
// https://onnx.ai/onnx/operators/onnx__LinearAttention.html
#include <algorithm>
#include <cmath>

#include "ops/heads.h"
#include "ops/op.h"

namespace nacre {
namespace {

struct Rule {
  bool gated, delta;
  int64_t heads, kv_heads;
};

Result<Rule> read_rule(const Attributes& attributes, bool has_decay, bool has_beta) {
  const std::string name = attributes.string("update_rule", "gated_delta");
  if (name != "linear" && name != "gated" && name != "delta" && name != "gated_delta")
    return fail(ErrorCode::invalid_model, "update_rule '", name, "' is none of linear, gated, delta, gated_delta");
  const Rule out{name == "gated" || name == "gated_delta", name == "delta" || name == "gated_delta", attributes.integer("q_num_heads", 0),
                 attributes.integer("kv_num_heads", 0)};
  NACRE_TRY(check_heads(out.heads, out.kv_heads));
  if (out.gated != has_decay)
    return fail(ErrorCode::invalid_model, "update_rule '", name, "' ", out.gated ? "needs" : "takes no", " decay");
  if (out.delta != has_beta) return fail(ErrorCode::invalid_model, "update_rule '", name, "' ", out.delta ? "needs" : "takes no", " beta");
  return out;
}

Result<void> infer(Inference& inference) {
  const Rule rule = NACRE_TRY(read_rule(inference.attributes(), inference.has(4), inference.has(5)));
  const SymShape *q = inference.shape(0), *v = inference.shape(2);
  const DType state = inference.has(3) ? inference.dtype(3) : inference.dtype(0);
  inference.set(0, inference.dtype(0));
  inference.set(1, state);
  if (!q || !v) return {};
  if (q->size() != 3 || v->size() != 3) return fail(ErrorCode::invalid_argument, "query ", *q, " and value ", *v, ": expected rank 3");
  const SymDim value_head = floor_div((*v)[2], rule.kv_heads);
  inference.set(0, inference.dtype(0), SymShape{(*q)[0], (*q)[1], SymDim(rule.heads) * value_head});
  inference.set(1, state, SymShape{(*q)[0], rule.kv_heads, floor_div((*q)[2], rule.heads), value_head});
  return {};
}

struct Sizes {
  int64_t batch, length, key, value;  // key and value: of one head
};

Result<Sizes> read_sizes(const Evaluation& e, const Rule& rule) {
  const Shape &q = e.shape(0), &k = e.shape(1), &v = e.shape(2);
  const auto mismatch = [&] {
    return fail(ErrorCode::invalid_argument, "query ", q, ", key ", k, " and value ", v, " do not fit ", rule.heads, " and ", rule.kv_heads,
                " heads");
  };
  if (q.size() != 3 || k.size() != 3 || v.size() != 3 || q[2] % rule.heads != 0 || v[2] % rule.kv_heads != 0) return mismatch();
  const Sizes s{q[0], q[1], q[2] / rule.heads, v[2] / rule.kv_heads};
  if (k != Shape{s.batch, s.length, s.key * rule.kv_heads} || v[0] != s.batch || v[1] != s.length) return mismatch();
  if (e.has(3) && e.shape(3) != Shape{s.batch, rule.kv_heads, s.key, s.value})
    return fail(ErrorCode::invalid_argument, "past_state of shape ", e.shape(3), ": expected ",
                Shape{s.batch, rule.kv_heads, s.key, s.value});
  const auto fits = [&](size_t i, int64_t one, int64_t other) {
    return !e.has(i) || e.shape(i) == Shape{s.batch, s.length, one} || e.shape(i) == Shape{s.batch, s.length, other};
  };
  if (!fits(4, rule.kv_heads, rule.kv_heads * s.key))
    return fail(ErrorCode::invalid_argument, "decay of shape ", e.shape(4), " for ", rule.kv_heads, " heads of ", s.key);
  if (!fits(5, rule.kv_heads, 1)) return fail(ErrorCode::invalid_argument, "beta of shape ", e.shape(5), " for ", rule.kv_heads, " heads");
  return s;
}

// One token of one key head: updates `state` [key, value]. `u` is scratch of one value vector.
void update(const Rule& rule, const Sizes& s, const double* k, const double* v, const double* decay, bool per_key, double beta,
            double* state, double* u) {
  for (int64_t i = 0; decay && i < s.key; ++i)
    for (int64_t j = 0; j < s.value; ++j) state[i * s.value + j] *= std::exp(decay[per_key ? i : 0]);
  std::copy_n(v, s.value, u);
  if (rule.delta) {
    for (int64_t i = 0; i < s.key; ++i)
      for (int64_t j = 0; j < s.value; ++j) u[j] -= state[i * s.value + j] * k[i];
    for (int64_t j = 0; j < s.value; ++j) u[j] *= beta;
  }
  for (int64_t i = 0; i < s.key; ++i)
    for (int64_t j = 0; j < s.value; ++j) state[i * s.value + j] += k[i] * u[j];
}

Result<void> evaluate(Evaluation& e) {
  const Rule rule = NACRE_TRY(read_rule(e.attributes(), e.has(4), e.has(5)));
  const Sizes s = NACRE_TRY(read_sizes(e, rule));
  const double given = e.attributes().real("scale", 0), scale = given != 0 ? given : 1 / std::sqrt(static_cast<double>(s.key));
  std::vector<double> scratch[5], u(static_cast<size_t>(s.value)), out(u.size());
  const double *q = elements_as<double>(e.input(0), scratch[0]), *k = elements_as<double>(e.input(1), scratch[1]),
               *v = elements_as<double>(e.input(2), scratch[2]);
  const double *decay = rule.gated ? elements_as<double>(e.input(4), scratch[3]) : nullptr,
               *beta = rule.delta ? elements_as<double>(e.input(5), scratch[4]) : nullptr;
  const int64_t decays = rule.gated ? e.shape(4)[2] : 0, betas = rule.delta ? e.shape(5)[2] : 0, group = rule.heads / rule.kv_heads;
  const Shape state_shape{s.batch, rule.kv_heads, s.key, s.value};
  Tensor* y = NACRE_TRY(e.output(0, {s.batch, s.length, rule.heads * s.value}));
  Tensor* present = NACRE_TRY(e.output(1, e.has(3) ? e.dtype(3) : e.dtype(0), state_shape));
  Tensor wide = NACRE_TRY(e.scratch(DType::float64, state_shape));
  double* states = static_cast<double*>(wide.mutable_raw());
  if (e.has(3))
    load_as<double>(e.dtype(3), e.input(3).raw(), 0, wide.size(), states);
  else
    std::fill_n(states, wide.size(), 0.0);
  const bool per_key = decays != rule.kv_heads;
  for (int64_t row = 0; row < s.batch * s.length; ++row) {
    NACRE_TRY(e.checkpoint());
    for (int64_t head = 0; head < rule.heads; ++head) {
      const int64_t source = head / group;
      double* state = states + (row / s.length * rule.kv_heads + source) * s.key * s.value;
      const int64_t at = row * rule.kv_heads + source;
      if (head % group == 0)
        update(rule, s, k + at * s.key, v + at * s.value, decay ? decay + row * decays + source * (per_key ? s.key : 1) : nullptr, per_key,
               beta ? beta[row * betas + (betas == 1 ? 0 : source)] : 1, state, u.data());
      const int64_t to = (row * rule.heads + head);
      out.assign(out.size(), 0);
      for (int64_t i = 0; i < s.key; ++i)
        for (int64_t j = 0; j < s.value; ++j) out[j] += scale * q[to * s.key + i] * state[i * s.value + j];
      store_from<double>(y->dtype(), y->mutable_raw(), to * s.value, s.value, out.data());
    }
  }
  store_from<double>(present->dtype(), present->mutable_raw(), 0, present->size(), states);
  return {};
}

}  // namespace

extern const Op op_linear_attention;
const Op op_linear_attention{.name = "LinearAttention",
                             .since = {27},
                             .types = {DType::float16, DType::bfloat16, DType::float32},
                             .inputs = {3, 6},
                             .outputs = {2, 2},
                             .infer = infer,
                             .evaluate = evaluate};

}  // namespace nacre
