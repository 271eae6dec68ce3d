// GroupQueryAttention: attention of H query heads over K key heads with rotary positions and a cache of its own. Sequence b
// holds seqlens_k[b] + 1 tokens after this step; its new keys lie behind the cached ones.
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include <algorithm>

#include "ops/microsoft/grouped_step.h"
#include "ops/rotary.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) {
  const Heads h = NACRE_TRY(read_heads(inference.attributes()));
  for (size_t i : {5, 6})
    if (!inference.has(i)) return fail(ErrorCode::invalid_model, "input ", i, " is required and absent");
  if (inference.has_output(3) && h.scores == 0) return fail(ErrorCode::invalid_model, "output_qk is wanted and qk_output 0");
  const SymShape *q = inference.shape(0), *past = inference.shape(3);
  const DType dtype = inference.dtype(0);
  inference.set(0, dtype), inference.set(3, dtype);
  for (size_t i : {1, 2}) inference.set(i, inference.has(i + 2) ? inference.dtype(i + 2) : dtype);
  if (!q) return {};
  if (q->size() != 3) return fail(ErrorCode::invalid_argument, "query of shape ", *q, ": expected rank 3");
  const SymDim head = floor_div((*q)[2], h.query + (inference.has(1) ? 0 : 2 * h.key));
  inference.set(0, dtype, SymShape{(*q)[0], (*q)[1], head * SymDim(h.query)});
  const std::vector<SymDim>* given = inference.values(6);
  const SymDim total = given && given->size() == 1 ? (*given)[0] : inference.fresh();
  inference.set(3, dtype, SymShape{(*q)[0], h.query, (*q)[1], total});
  SymDim length = total;
  if (past && past->size() == 4) length = h.window > 0 ? (*past)[2] : max((*past)[2], total);
  for (size_t i : {1, 2}) {
    const bool packed = h.packed != DType::undefined && inference.dtype(i + 2) == DType::uint8;
    inference.set(i, inference.has(i + 2) ? inference.dtype(i + 2) : dtype,
                  SymShape{(*q)[0], h.key, length, packed ? floor_div(head + SymDim(1), 2) : head});
  }
  return {};
}

// x[batch, heads, length, head] turned by each token's position.
Result<void> rotate_heads(const Evaluation& e, const Step& s, int64_t heads, std::vector<float>& x) {
  if (e.attributes().integer("do_rotary", 0) == 0) return {};
  if (!e.has(7) || !e.has(8) || e.input(7).rank() != 2 || e.shape(7) != e.shape(8))
    return fail(ErrorCode::invalid_argument, "do_rotary needs cos_cache and sin_cache");
  const Rotary r{.batch = s.sizes.batch,
                 .length = s.sizes.queries,
                 .heads = heads,
                 .size = s.sizes.head,
                 .rotated = 2 * e.shape(7)[1],
                 .interleaved = e.attributes().integer("rotary_interleaved", 0) != 0,
                 .heads_first = true};
  if (r.rotated > r.size) return fail(ErrorCode::invalid_argument, "caches of ", e.shape(7)[1], " pairs for heads of ", r.size);
  std::vector<int64_t> ids;
  for (int64_t b = 0; b < r.batch; ++b)
    for (int64_t t = 0; t < r.length; ++t) ids.push_back(s.gone[b] + s.past[b] + t);
  if (e.has(9)) {
    const std::vector<int64_t> given = NACRE_TRY(e.integers(9));
    if (given.size() == ids.size())
      ids = given;
    else if (given.size() != 1)
      return fail(ErrorCode::invalid_argument, "position_ids of shape ", e.shape(9), ": expected ", Shape{r.batch, r.length});
  }
  for (int64_t& id : ids)
    if (id < 0 || id >= e.shape(7)[0])
      return fail(ErrorCode::invalid_argument, "position ", id, " is outside [0, ", e.shape(7)[0], ") of the caches");
  std::vector<double> cosines, sines;
  Tensor in = Tensor::view(DType::float32, {static_cast<int64_t>(x.size())}, x.data(), x.size() * sizeof(float), nullptr);
  std::vector<float> turned(x.size());
  Tensor out = Tensor::borrow(DType::float32, in.shape(), turned.data(), turned.size() * sizeof(float), nullptr);
  rotate(
      r, in, elements_as<double>(e.input(7), cosines), elements_as<double>(e.input(8), sines),
      [&](int64_t b, int64_t t) { return ids[b * r.length + t]; }, out);
  x = std::move(turned);
  return {};
}

// Cached rows, then the new ones, as floats. What the cache keeps of them is output `output`; rows behind are zero.
Result<std::vector<float>> extend_cache(Evaluation& e, const Step& s, const CacheFormat& format, int64_t window, size_t past, size_t output,
                                        const std::vector<float>& fresh) {
  const AttentionSizes& z = s.sizes;
  Tensor* present = NACRE_TRY(e.output(output, e.has(past) ? e.dtype(past) : e.dtype(0), {z.batch, z.kv_heads, s.present, format.width()}));
  std::fill_n(static_cast<uint8_t*>(present->mutable_raw()), present->byte_size(), uint8_t{0});
  std::vector<float> out(static_cast<size_t>(z.batch * z.kv_heads * z.keys * z.head));
  for (int64_t row = 0; row < z.batch * z.kv_heads; ++row) {
    const int64_t sequence = row / z.kv_heads, which = row % z.kv_heads, before = s.past[sequence];
    float* to = out.data() + row * z.keys * z.head;
    for (int64_t at = 0; at < before; ++at) format.load(e.input(past), row * s.cached + at, which, to + at * z.head);
    const int64_t count = std::min(z.queries, z.keys - before);
    std::copy_n(fresh.data() + row * z.queries * z.head, count * z.head, to + before * z.head);
    for (int64_t at = before; at < before + count; ++at) format.round(which, to + at * z.head);
    const int64_t end = window > 0 ? s.total[sequence] : before + count;
    const int64_t kept = window > 0 ? kept_rows(s.gone[sequence] + end, s.present, window) : end;
    for (int64_t at = 0; at < kept; ++at) format.store(*present, row * s.present + at, which, to + (end - kept + at) * z.head);
  }
  return out;
}

/// One row of scores on its way to probabilities, and to output_qk.
class Scorer {
 public:
  Scorer(const Evaluation& e, const Heads& h, const Step& s, const AttentionMask& bias, const double* sinks, Tensor* kept)
      : h_(h), s_(s), bias_(bias), sinks_(sinks), kept_(kept) {
    const Attributes& attributes = e.attributes();
    softcap_ = attributes.real("softcap", 0), smooth_ = attributes.integer("smooth_softmax", 0) == 1;
    causal_ = attributes.integer("causal", 1) != 0, window_ = attributes.integer("local_window_size", -1);
  }

  void operator()(int64_t b, int64_t head, int64_t query, double* x) const {
    const int64_t keys = s_.sizes.keys, end = causal_ ? std::min(s_.past[b] + query + 1, s_.total[b]) : s_.total[b];
    const int64_t begin = window_ > 0 ? std::clamp<int64_t>(s_.past[b] + query + 1 - window_, 0, end - 1) : 0;
    for (int64_t key = 0; softcap_ > 0 && key < keys; ++key) x[key] = softcap_ * std::tanh(x[key] / softcap_);
    add_bias(b, head, query, x);
    if (h_.scores == 1) keep(b, head, query, x, begin, end);
    for (int64_t key = 0; key < keys; ++key)
      if (key < begin || key >= end) x[key] = -HUGE_VAL;
    softmax_with_sink(x, keys, sinks_ ? std::optional(sinks_[head]) : smooth_ ? std::optional(0.0) : std::nullopt);
    if (h_.scores == 2) keep(b, head, query, x, begin, end);
  }

 private:
  // The bias counts from the sequence's first token, the scores from the first that is still there.
  void add_bias(int64_t b, int64_t head, int64_t query, double* x) const {
    if (s_.gone[b] == 0) return bias_.add(b, head, query, x, s_.sizes.keys);
    std::vector<double> added(static_cast<size_t>(s_.gone[b] + s_.sizes.keys));
    bias_.add(b, head, query, added.data(), static_cast<int64_t>(added.size()));
    for (int64_t key = 0; key < s_.sizes.keys; ++key) x[key] += added[static_cast<size_t>(s_.gone[b] + key)];
  }

  void keep(int64_t b, int64_t head, int64_t query, const double* x, int64_t begin, int64_t end) const {
    if (!kept_ || begin >= end) return;
    const int64_t row = ((b * s_.sizes.heads + head) * s_.sizes.queries + query) * s_.most + s_.gone[b];
    store_from<double>(kept_->dtype(), kept_->mutable_raw(), row + begin, end - begin, x + begin);
  }

  Heads h_;
  const Step& s_;
  const AttentionMask& bias_;
  const double* sinks_;
  Tensor* kept_;
  double softcap_;
  bool smooth_, causal_;
  int64_t window_;
};

Result<Tensor*> scores_output(Evaluation& e, const Step& s) {
  if (!e.has_output(3)) return nullptr;
  Tensor* out = NACRE_TRY(e.output(3, e.dtype(0), {s.sizes.batch, s.sizes.heads, s.sizes.queries, s.most}));
  std::fill_n(static_cast<uint8_t*>(out->mutable_raw()), out->byte_size(), uint8_t{0});
  return out;
}

Result<void> evaluate(Evaluation& e) {
  const Heads h = NACRE_TRY(read_heads(e.attributes()));
  const Attributes& attributes = e.attributes();
  const Step s = NACRE_TRY(read_step(e, h));
  const AttentionSizes& z = s.sizes;
  const bool packed = !e.has(1);
  std::vector<float> q = gather_heads(e.input(0), z.batch, z.queries, 0, h.query, z.head),
                     k = gather_heads(e.input(packed ? 0 : 1), z.batch, z.queries, packed ? h.query : 0, h.key, z.head);
  const std::vector<float> v = gather_heads(e.input(packed ? 0 : 2), z.batch, z.queries, packed ? h.query + h.key : 0, h.key, z.head);
  if (e.has(14) != e.has(15)) return fail(ErrorCode::invalid_argument, "q_norm_weight and k_norm_weight come together");
  NACRE_TRY(normalise_heads(e, 14, attributes.real("qk_norm_epsilon", 1e-6f), z.head, q));
  NACRE_TRY(normalise_heads(e, 15, attributes.real("qk_norm_epsilon", 1e-6f), z.head, k));
  NACRE_TRY(rotate_heads(e, s, h.query, q));
  NACRE_TRY(rotate_heads(e, s, h.key, k));
  Tensor* y = NACRE_TRY(e.output(0, {z.batch, z.queries, z.heads * z.head}));
  const std::vector<float> keys = NACRE_TRY(extend_cache(e, s, s.keys, h.window, 3, 1, k)),
                           values = NACRE_TRY(extend_cache(e, s, s.values, h.window, 4, 2, v));
  const AttentionMask bias = NACRE_TRY(read_mask(e, 10, {z.batch, z.heads, z.queries, std::max(s.most, z.keys)}));
  if (e.has(11) && e.input(11).size() != z.heads)
    return fail(ErrorCode::invalid_argument, "head_sink of shape ", e.shape(11), ": expected [", z.heads, "]");
  std::vector<double> sinks;
  const double* sink = e.has(11) ? elements_as<double>(e.input(11), sinks) : nullptr;
  const double given = attributes.real("scale", 0), scale = given != 0 ? given : 1 / std::sqrt(static_cast<double>(z.head));
  const Scorer scorer(e, h, s, bias, sink, NACRE_TRY(scores_output(e, s)));
  return attend<float>(e, z, q.data(), keys.data(), values.data(), scale, scorer,
                       [&](int64_t b, int64_t head, int64_t query, const double* x) {
                         store_from<double>(y->dtype(), y->mutable_raw(), ((b * z.queries + query) * z.heads + head) * z.head, z.head, x);
                       });
}

}  // namespace

extern const Op op_microsoft_group_query_attention;
const Op op_microsoft_group_query_attention{.name = "GroupQueryAttention",
                                            .domain = "com.microsoft",
                                            .since = {1},
                                            .types = {DType::float32, DType::float16, DType::bfloat16},
                                            .inputs = {1, 16},
                                            .outputs = {1, 4},
                                            .infer = infer,
                                            .evaluate = evaluate,
                                            .kind = OpKind::contraction};

}  // namespace nacre
