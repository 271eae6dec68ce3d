// Attention: y = softmax(softcap(scale * q k^T) + mask) v, with grouped heads, a key/value cache and causal masking.
// https://onnx.ai/onnx/operators/onnx__Attention.html
#include "ops/attend.h"
#include "ops/heads.h"
#include "ops/movement.h"

namespace nacre {
namespace {

// Symbolic sizes, from which all shapes follow.
struct Sizes {
  SymDim batch, heads, kv_heads, queries, incoming, past, head, value_head;
  bool flat;  // 3-D inputs
  SymDim keys() const { return past + incoming; }
};

Result<SymDim> divided(const SymDim& hidden, int64_t heads, std::string_view what) {
  if (heads < 1) return fail(ErrorCode::invalid_model, what, " is required for 3-D inputs");
  if (heads > kMostHeads) return fail(ErrorCode::invalid_model, what, " is ", heads, ", more than ", kMostHeads);
  if (hidden.is_constant() && *hidden.constant() % heads != 0)
    return fail(ErrorCode::invalid_argument, hidden, " features do not divide into ", heads, " heads");
  return floor_div(hidden, heads);
}

Result<Sizes> read_sizes(const Attributes& attributes, const SymShape& q, const SymShape& k, const SymShape& v, const SymShape* past) {
  if ((q.size() != 3 && q.size() != 4) || k.size() != q.size() || v.size() != q.size())
    return fail(ErrorCode::invalid_argument, "Q, K and V of shapes ", q, ", ", k, " and ", v, ": expected rank 3 or 4, all the same");
  Sizes s;
  s.flat = q.size() == 3, s.batch = q[0];
  s.queries = q[s.flat ? 1 : 2], s.incoming = k[s.flat ? 1 : 2];
  s.past = past && past->size() == 4 ? (*past)[2] : SymDim(0);
  if (s.flat) {
    const int64_t heads = attributes.integer("q_num_heads", 0), kv_heads = attributes.integer("kv_num_heads", 0);
    s.head = NACRE_TRY(divided(q[2], heads, "q_num_heads")), s.value_head = NACRE_TRY(divided(v[2], kv_heads, "kv_num_heads"));
    s.heads = heads, s.kv_heads = kv_heads;
    if (NACRE_TRY(divided(k[2], kv_heads, "kv_num_heads")).differs(s.head))
      return fail(ErrorCode::invalid_argument, "heads of Q ", q, " and K ", k, " differ in size");
  } else {
    s.heads = q[1], s.kv_heads = k[1], s.head = q[3], s.value_head = v[3];
    if (k[3].differs(q[3]) || v[1].differs(k[1])) return fail(ErrorCode::invalid_argument, "Q ", q, ", K ", k, " and V ", v, " do not fit");
  }
  if (k[0].differs(q[0]) || v[0].differs(q[0]) || v[s.flat ? 1 : 2].differs(s.incoming))
    return fail(ErrorCode::invalid_argument, "Q ", q, ", K ", k, " and V ", v, " do not fit");
  if (s.heads.is_constant() && s.kv_heads.is_constant() && (s.kv_heads.is(0) || *s.heads.constant() % *s.kv_heads.constant() != 0))
    return fail(ErrorCode::invalid_argument, s.heads, " query heads do not divide into ", s.kv_heads, " key heads");
  return s;
}

SymShape output_shape(const Sizes& s) {
  if (s.flat) return {s.batch, s.queries, s.heads * s.value_head};
  return {s.batch, s.heads, s.queries, s.value_head};
}

Result<void> infer(Inference& inference) {
  const SymShape *q = inference.shape(0), *k = inference.shape(1), *v = inference.shape(2);
  const DType types[] = {inference.dtype(0), inference.dtype(1), inference.dtype(2), inference.dtype(0)};
  for (size_t i = 0; i < 4; ++i) inference.set(i, types[i]);
  if (!q || !k || !v || (inference.has(4) && !inference.shape(4))) return {};
  const Sizes s = NACRE_TRY(read_sizes(inference.attributes(), *q, *k, *v, inference.shape(4)));
  inference.set(0, types[0], output_shape(s));
  inference.set(1, types[1], SymShape{s.batch, s.kv_heads, s.keys(), s.head});
  inference.set(2, types[2], SymShape{s.batch, s.kv_heads, s.keys(), s.value_head});
  inference.set(3, types[3], SymShape{s.batch, s.heads, s.queries, s.keys()});
  return {};
}

// past and incoming keys or values as [batch, kv_heads, keys, size].
Result<Tensor> joined(Evaluation& e, size_t input, size_t past, size_t output, const AttentionSizes& s, int64_t size) {
  const Tensor& x = e.input(input);
  const int64_t incoming = x.shape()[x.rank() == 3 ? 1 : 2], before = s.keys - incoming;
  const Shape shape{s.batch, s.kv_heads, s.keys, size};
  if (e.has(past) && e.shape(past) != Shape{s.batch, s.kv_heads, before, size})
    return fail(ErrorCode::invalid_argument, "input ", past, " of shape ", e.shape(past), ": expected ",
                Shape{s.batch, s.kv_heads, before, size});
  Tensor out = NACRE_TRY(e.scratch(x.dtype(), shape));
  for (int64_t i = 0; i < s.batch * s.kv_heads; ++i) {
    if (before > 0) copy_elements(e.input(past), i * before * size, out, i * s.keys * size, before * size);
    const int64_t batch = i / s.kv_heads, head = i % s.kv_heads;
    if (x.rank() == 4)
      copy_elements(x, i * incoming * size, out, (i * s.keys + before) * size, incoming * size);
    else
      for (int64_t at = 0; at < incoming; ++at)
        copy_elements(x, ((batch * incoming + at) * s.kv_heads + head) * size, out, (i * s.keys + before + at) * size, size);
  }
  if (e.has_output(output)) e.set(output, Value(out));
  return out;
}

struct Scoring {
  AttentionMask mask;
  std::vector<int64_t> lengths;  // valid keys of each batch entry; empty: all
  double softcap;
  bool causal;
  int64_t past, mode;
  Tensor* scores;  // wanted as output 3, as of stage `mode`

  void keep(int64_t stage, int64_t row, int64_t keys, const double* values) const {
    if (scores && mode == stage) store_from<double>(scores->dtype(), scores->mutable_raw(), row * keys, keys, values);
  }
  void apply(int64_t batch, int64_t head, int64_t query, int64_t row, int64_t keys, double* x) const {
    keep(0, row, keys, x);
    for (int64_t key = 0; softcap > 0 && key < keys; ++key) x[key] = softcap * std::tanh(x[key] / softcap);
    keep(1, row, keys, x);
    mask.add(batch, head, query, x, keys);
    for (int64_t key = query + past + 1; causal && key < keys; ++key) x[key] = -HUGE_VAL;
    for (int64_t key = lengths.empty() ? keys : lengths[batch]; key < keys; ++key) x[key] = -HUGE_VAL;
    keep(2, row, keys, x);
    softmax_row(x, keys);
    keep(3, row, keys, x);
  }
};

template <class T>
Result<void> run(Evaluation& e, const AttentionSizes& s, const Scoring& scoring, bool flat, Tensor& y) {
  const Tensor k = NACRE_TRY(joined(e, 1, 4, 1, s, s.head)), v = NACRE_TRY(joined(e, 2, 5, 2, s, s.value_head));
  const std::vector<T> q = heads_first<T>(e.input(0), s.heads);
  std::vector<T> keys, values;
  const double scale = e.attributes().has("scale") ? e.attributes().real("scale", 1) : 1 / std::sqrt(static_cast<double>(s.head));
  return attend<T>(
      e, s, q.data(), elements_as<T>(k, keys), elements_as<T>(v, values), scale,
      [&](int64_t batch, int64_t head, int64_t query, double* x) {
        scoring.apply(batch, head, query, (batch * s.heads + head) * s.queries + query, s.keys, x);
      },
      [&](int64_t batch, int64_t head, int64_t query, const double* x) {
        const int64_t row = flat ? (batch * s.queries + query) * s.heads + head : (batch * s.heads + head) * s.queries + query;
        store_from<double>(y.dtype(), y.mutable_raw(), row * s.value_head, s.value_head, x);
      });
}

Result<std::vector<int64_t>> valid_keys(const Evaluation& e, int64_t batch, int64_t keys) {
  if (!e.has(6)) return std::vector<int64_t>();
  std::vector<int64_t> out = NACRE_TRY(e.integers(6));
  if (static_cast<int64_t>(out.size()) != batch)
    return fail(ErrorCode::invalid_argument, "nonpad_kv_seqlen of shape ", e.shape(6), ": expected [", batch, "]");
  for (int64_t length : out)
    if (length < 0 || length > keys) return fail(ErrorCode::invalid_argument, "nonpad_kv_seqlen has ", length, ", expected 0 to ", keys);
  return out;
}

Result<void> evaluate(Evaluation& e) {
  const SymShape past = e.has(4) ? symbolic(e.shape(4)) : SymShape();
  if (e.has(4) != e.has(5) || (e.has(4) && past.size() != 4))
    return fail(ErrorCode::invalid_argument, "past_key and past_value come together and have rank 4");
  const Sizes sym =
      NACRE_TRY(read_sizes(e.attributes(), symbolic(e.shape(0)), symbolic(e.shape(1)), symbolic(e.shape(2)), e.has(4) ? &past : nullptr));
  const AttentionSizes s{*sym.batch.constant(),  *sym.heads.constant(), *sym.kv_heads.constant(),  *sym.queries.constant(),
                         *sym.keys().constant(), *sym.head.constant(),  *sym.value_head.constant()};
  const Shape scores{s.batch, s.heads, s.queries, s.keys};
  Tensor* y = NACRE_TRY(e.output(0, *constant_shape(output_shape(sym))));
  const Scoring scoring{.mask = NACRE_TRY(read_mask(e, 3, scores)),
                        .lengths = NACRE_TRY(valid_keys(e, s.batch, s.keys)),
                        .softcap = e.attributes().real("softcap", 0),
                        .causal = e.attributes().integer("is_causal", 0) != 0,
                        .past = *sym.past.constant(),
                        .mode = e.attributes().integer("qk_matmul_output_mode", 0),
                        .scores = e.has_output(3) ? NACRE_TRY(e.output(3, scores)) : nullptr};
  return e.dtype(0) == DType::float64 ? run<double>(e, s, scoring, sym.flat, *y) : run<float>(e, s, scoring, sym.flat, *y);
}

double cost(const NodeView& node) {
  const auto &q = node.fact(0).shape, &k = node.fact(1).shape;
  if (!q || !k || k->size() < 3) return 0;
  const std::optional<int64_t> count = (product(*q) * (*k)[k->size() - 2]).constant();
  return count ? 4.0 * static_cast<double>(*count) : 0;
}

}  // namespace

extern const Op op_attention;
const Op op_attention{.name = "Attention",
                      .since = {23, 24},
                      .types = float_types,
                      .inputs = {3, 7},
                      .outputs = {1, 4},
                      .infer = infer,
                      .evaluate = evaluate,
                      .kind = OpKind::contraction,
                      .cost = cost};

}  // namespace nacre
