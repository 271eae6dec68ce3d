// GroupQueryAttention: attention of H query heads over K key heads with rotary positions and a cache of its own. Sequence b
// holds seqlens_k[b] + 1 tokens after this step; its new keys lie behind the cached ones.
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include "ops/attend.h"
#include "ops/movement.h"
#include "ops/rotary.h"

namespace nacre {
namespace {

struct Heads {
  int64_t query, key;
};

Result<Heads> read_heads(const Attributes& attributes) {
  const Heads h{attributes.integer("num_heads", 0), attributes.integer("kv_num_heads", 0)};
  if (h.query < 1 || h.key < 1 || h.query % h.key != 0)
    return fail(ErrorCode::invalid_model, "num_heads ", h.query, " is no positive multiple of kv_num_heads ", h.key);
  for (const char* name : {"k_quant_type", "v_quant_type"})
    if (attributes.string(name, "NONE") != "NONE") return fail(ErrorCode::unsupported, "a quantized cache");
  if (attributes.integer("sliding_window_cache", 0) != 0) return fail(ErrorCode::unsupported, "sliding_window_cache");
  return h;
}

Result<void> infer(Inference& inference) {
  const Heads h = NACRE_TRY(read_heads(inference.attributes()));
  for (size_t i : {5, 6})
    if (!inference.has(i)) return fail(ErrorCode::invalid_model, "input ", i, " is required and absent");
  const SymShape *q = inference.shape(0), *past = inference.shape(3);
  const DType dtype = inference.dtype(0);
  for (size_t i = 0; i < 3; ++i) inference.set(i, dtype);
  if (inference.has_output(3)) return fail(ErrorCode::unsupported, "output 'output_qk' is not given");
  if (!q) return {};
  if (q->size() != 3) return fail(ErrorCode::invalid_argument, "query of shape ", *q, ": expected rank 3");
  const SymDim head = floor_div((*q)[2], h.query + (inference.has(1) ? 0 : 2 * h.key));
  inference.set(0, dtype, SymShape{(*q)[0], (*q)[1], head * SymDim(h.query)});
  const std::vector<SymDim>* total = inference.values(6);
  SymDim length = inference.fresh();
  if (total && total->size() == 1) length = past && past->size() == 4 ? max((*past)[2], (*total)[0]) : (*total)[0];
  for (size_t i : {1, 2}) inference.set(i, dtype, SymShape{(*q)[0], h.key, length, head});
  return {};
}

// All heads of one operand, [batch, heads, length, head] as floats. `first` is the first of them in a token of `row` numbers.
std::vector<float> gather_heads(const Tensor& x, int64_t first, int64_t heads, int64_t head) {
  const int64_t batch = x.shape()[0], length = x.shape()[1], row = x.shape()[2];
  std::vector<float> out(static_cast<size_t>(batch * heads * length * head));
  for (int64_t at = 0; at < batch * length; ++at)
    for (int64_t h = 0; h < heads; ++h)
      load_as<float>(x.dtype(), x.raw(), at * row + (first + h) * head, head,
                     out.data() + ((at / length * heads + h) * length + at % length) * head);
  return out;
}

struct Step {
  AttentionSizes sizes;              // `keys`: rows of the present cache
  std::vector<int64_t> past, total;  // tokens of each sequence before and after
  int64_t cached;                    // rows of the past cache
};

Result<Step> read_step(const Evaluation& e, const Heads& h) {
  const Shape& q = e.shape(0);
  if (q.size() != 3 || e.has(1) != e.has(2))
    return fail(ErrorCode::invalid_argument, "query of shape ", q, " and key and value, which come together");
  const int64_t row_heads = h.query + (e.has(1) ? 0 : 2 * h.key), head = q[2] / row_heads, length = q[1];
  if (q[2] % row_heads != 0) return fail(ErrorCode::invalid_argument, q[2], " features do not divide into ", row_heads, " heads");
  const Shape key{q[0], length, h.key * head};
  if (e.has(1) && (e.shape(1) != key || e.shape(2) != key))
    return fail(ErrorCode::invalid_argument, "key ", e.shape(1), " and value ", e.shape(2), ": expected ", key);
  const int64_t most = NACRE_TRY(e.integer(6));
  Step s{
      {q[0], h.query, h.key, length, 0, head, head}, {}, NACRE_TRY(e.integers(5)), e.has(3) && e.input(3).rank() == 4 ? e.shape(3)[2] : 0};
  if (static_cast<int64_t>(s.total.size()) != q[0])
    return fail(ErrorCode::invalid_argument, "seqlens_k of shape ", e.shape(5), ": expected [", q[0], "]");
  if (most < length || most > INT32_MAX)
    return fail(ErrorCode::invalid_argument, "total_sequence_length ", most, " for ", length, " new tokens");
  s.sizes.keys = std::max(s.cached, most);
  const Shape cache{q[0], h.key, s.cached, head};
  for (size_t i : {3, 4})
    if (e.has(i) && e.shape(i) != cache)
      return fail(ErrorCode::invalid_argument, "input ", i, " of shape ", e.shape(i), ": expected ", cache);
  for (int64_t& total : s.total) {
    ++total;  // the input is one less
    // In the first step short sequences are padded on the right; later all bring the same number of tokens.
    const int64_t past = most == length ? 0 : total - length;
    if (total < 1 || total > most || past < 0 || past > s.cached)
      return fail(ErrorCode::invalid_argument, "seqlens_k has ", total - 1, " with ", length, " new and ", s.cached, " cached tokens of ",
                  most);
    s.past.push_back(past);
  }
  return s;
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
    for (int64_t t = 0; t < r.length; ++t) ids.push_back(s.past[b] + t);
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

// Cached rows, then the new ones; rows behind are zero. Stored as output `output`, and given back as floats.
Result<std::vector<float>> extend_cache(Evaluation& e, const Step& s, size_t past, size_t output, const std::vector<float>& fresh) {
  const AttentionSizes& z = s.sizes;
  Tensor* present = NACRE_TRY(e.output(output, {z.batch, z.kv_heads, z.keys, z.head}));
  std::vector<float> out(static_cast<size_t>(present->size()));
  for (int64_t row = 0; row < z.batch * z.kv_heads; ++row) {
    const int64_t before = s.past[row / z.kv_heads];
    float* to = out.data() + row * z.keys * z.head;
    if (e.has(past)) load_as<float>(e.dtype(past), e.input(past).raw(), row * s.cached * z.head, before * z.head, to);
    const int64_t count = std::min(z.queries, z.keys - before);
    std::copy_n(fresh.data() + row * z.queries * z.head, count * z.head, to + before * z.head);
  }
  store_from<float>(present->dtype(), present->mutable_raw(), 0, present->size(), out.data());
  return out;
}

// Softmax with one more logit in the denominator, if there is a sink.
void softmax_with_sink(double* x, int64_t count, std::optional<double> sink) {
  if (!sink) return softmax_row(x, count);
  double most = *sink, sum = 0;
  for (int64_t i = 0; i < count; ++i) most = std::max(most, x[i]);
  for (int64_t i = 0; i < count; ++i) sum += x[i] = std::exp(x[i] - most);
  sum += std::exp(*sink - most);
  for (int64_t i = 0; i < count; ++i) x[i] /= sum;
}

Result<void> evaluate(Evaluation& e) {
  const Heads h = NACRE_TRY(read_heads(e.attributes()));
  const Attributes& attributes = e.attributes();
  for (size_t i : {12, 13, 14, 15})
    if (e.has(i)) return fail(ErrorCode::unsupported, "input ", i, " (cache scales and norms of queries and keys)");
  const Step s = NACRE_TRY(read_step(e, h));
  const AttentionSizes& z = s.sizes;
  const bool packed = !e.has(1);
  std::vector<float> q = gather_heads(e.input(0), 0, h.query, z.head),
                     k = gather_heads(e.input(packed ? 0 : 1), packed ? h.query : 0, h.key, z.head);
  const std::vector<float> v = gather_heads(e.input(packed ? 0 : 2), packed ? h.query + h.key : 0, h.key, z.head);
  NACRE_TRY(rotate_heads(e, s, h.query, q));
  NACRE_TRY(rotate_heads(e, s, h.key, k));
  Tensor* y = NACRE_TRY(e.output(0, {z.batch, z.queries, z.heads * z.head}));
  const std::vector<float> keys = NACRE_TRY(extend_cache(e, s, 3, 1, k)), values = NACRE_TRY(extend_cache(e, s, 4, 2, v));
  const AttentionMask bias = NACRE_TRY(read_mask(e, 10, {z.batch, z.heads, z.queries, z.keys}));
  if (e.has(11) && e.input(11).size() != z.heads)
    return fail(ErrorCode::invalid_argument, "head_sink of shape ", e.shape(11), ": expected [", z.heads, "]");
  std::vector<double> sinks;
  const double* sink = e.has(11) ? elements_as<double>(e.input(11), sinks) : nullptr;
  const double given = attributes.real("scale", 0), scale = given != 0 ? given : 1 / std::sqrt(static_cast<double>(z.head)),
               softcap = attributes.real("softcap", 0);
  const bool smooth = attributes.integer("smooth_softmax", 0) == 1, causal = attributes.integer("causal", 1) != 0;
  const int64_t window = attributes.integer("local_window_size", -1);
  return attend<float>(
      e, z, q.data(), keys.data(), values.data(), scale,
      [&](int64_t b, int64_t head, int64_t query, double* x) {
        const int64_t end = causal ? std::min(s.past[b] + query + 1, s.total[b]) : s.total[b];
        const int64_t begin = window > 0 ? std::clamp<int64_t>(s.past[b] + query + 1 - window, 0, end - 1) : 0;
        for (int64_t key = 0; softcap > 0 && key < z.keys; ++key) x[key] = softcap * std::tanh(x[key] / softcap);
        bias.add(b, head, query, x, z.keys);
        for (int64_t key = 0; key < z.keys; ++key)
          if (key < begin || key >= end) x[key] = -HUGE_VAL;
        softmax_with_sink(x, z.keys, sink ? std::optional(sink[head]) : smooth ? std::optional(0.0) : std::nullopt);
      },
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
