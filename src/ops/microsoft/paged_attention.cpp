// PagedAttention: grouped attention of packed sequences over caches that lie in blocks. Token t of sequence b is row
// cumulative_sequence_length[b] + t; position p of its past is row p % size of block block_table[b, p / size].
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include <algorithm>

#include "ops/attend.h"
#include "ops/microsoft/paged_layout.h"

namespace nacre {
namespace {

using namespace paged;

void turn(float* x, const double* cosines, const double* sines, int64_t half, bool interleaved) {
  for (int64_t k = 0; k < half; ++k) {
    float &first = x[interleaved ? 2 * k : k], &second = x[interleaved ? 2 * k + 1 : half + k];
    const double real = cosines[k] * first - sines[k] * second, imaginary = sines[k] * first + cosines[k] * second;
    first = static_cast<float>(real), second = static_cast<float>(imaginary);
  }
}

// x [heads, tokens, head], each token by its position.
Result<void> rotate_tokens(const Evaluation& e, const Layout& l, int64_t heads, std::vector<float>& x) {
  const Attributes& a = e.attributes();
  if (a.integer("do_rotary", 0) == 0) return {};
  if (!e.has(kCos) || !e.has(kSin) || e.input(kCos).rank() != 2 || e.shape(kCos) != e.shape(kSin))
    return fail(ErrorCode::invalid_argument, "do_rotary needs cos_cache and sin_cache");
  const int64_t half = e.shape(kCos)[1], offset = a.integer("rotary_offset", 0);
  if (offset < 0 || offset > l.head || 2 * half > l.head - offset)
    return fail(ErrorCode::invalid_argument, "caches of ", half, " pairs from channel ", offset, " on, for heads of ", l.head);
  std::vector<double> cos_scratch, sin_scratch;
  const double *c = elements_as<double>(e.input(kCos), cos_scratch), *s = elements_as<double>(e.input(kSin), sin_scratch);
  const bool interleaved = a.integer("rotary_interleaved", 0) != 0;
  for (int64_t b = 0; b < l.sequences; ++b)
    for (int64_t t = l.ends[b]; t < l.ends[b + 1]; ++t) {
      const int64_t at = l.past[b] + t - l.ends[b];
      if (at >= e.shape(kCos)[0])
        return fail(ErrorCode::invalid_argument, "position ", at, " is outside [0, ", e.shape(kCos)[0], ") of the caches");
      for (int64_t h = 0; h < heads; ++h)
        turn(x.data() + (h * l.tokens + t) * l.head + offset, c + at * half, s + at * half, half, interleaved);
    }
  return {};
}

// The new rows of the cache in output `output`; a slot of -1 keeps its token out.
Result<Tensor*> store(Evaluation& e, const Layout& l, const CacheFormat& f, size_t cache, size_t output, const std::vector<float>& fresh) {
  Tensor* out = NACRE_TRY(e.output(output, e.dtype(cache), e.shape(cache)));
  std::copy_n(static_cast<const uint8_t*>(e.input(cache).raw()), out->byte_size(), static_cast<uint8_t*>(out->mutable_raw()));
  for (int64_t b = 0; b < l.sequences; ++b)
    for (int64_t t = l.ends[b]; t < l.ends[b + 1]; ++t) {
      const int64_t row = l.slots.empty() ? NACRE_TRY(row_of(l, b, l.past[b] + t - l.ends[b])) : l.slots[t];
      for (int64_t h = 0; row >= 0 && h < l.kv_heads; ++h)
        f.store(*out, row * l.kv_heads + h, h, fresh.data() + (h * l.tokens + t) * l.head);
    }
  return out;
}

// The cached rows of one sequence, [kv_heads, length, head].
Result<std::vector<float>> load(const Layout& l, const CacheFormat& f, const Tensor& cache, int64_t b, int64_t length) {
  std::vector<float> out(static_cast<size_t>(l.kv_heads * length * l.head));
  for (int64_t at = 0; at < length; ++at) {
    const int64_t row = NACRE_TRY(row_of(l, b, at));
    for (int64_t h = 0; h < l.kv_heads; ++h) f.load(cache, row * l.kv_heads + h, h, out.data() + (h * length + at) * l.head);
  }
  return out;
}

Result<void> attend_sequence(Evaluation& e, const Layout& l, int64_t b, const std::vector<float>& q, const Tensor& keys,
                             const Tensor* values, const double* sinks, Tensor& y) {
  const Attributes& a = e.attributes();
  const int64_t first = l.ends[b], count = l.ends[b + 1] - first, past = l.past[b], length = past + count;
  const AttentionSizes z{1, l.heads, l.kv_heads, count, length, l.head, l.value_head};
  std::vector<float> own(static_cast<size_t>(l.heads * count * l.head));
  for (int64_t h = 0; h < l.heads; ++h)
    std::copy_n(q.data() + (h * l.tokens + first) * l.head, count * l.head, own.data() + h * count * l.head);
  const std::vector<float> k = NACRE_TRY(load(l, l.keys, keys, b, length));
  std::vector<float> v = values ? NACRE_TRY(load(l, l.values, *values, b, length)) : k;
  for (int64_t row = 0; row < l.kv_heads * length; ++row) std::copy_n(v.data() + row * l.head, l.value_head, v.data() + row * l.value_head);
  const double given = a.real("scale", 0), softcap = a.real("softcap", 0);
  const bool causal = a.integer("is_causal", 1) != 0;
  const int64_t window = a.integer("local_window_size", -1);
  return attend<float>(
      e, z, own.data(), k.data(), v.data(), given != 0 ? given : 1 / std::sqrt(static_cast<double>(l.head)),
      [&](int64_t, int64_t head, int64_t query, double* x) {
        const int64_t end = causal ? past + query + 1 : length, begin = window > 0 ? std::max<int64_t>(past + query + 1 - window, 0) : 0;
        for (int64_t key = 0; key < length; ++key) {
          if (softcap > 0) x[key] = softcap * std::tanh(x[key] / softcap);
          if (key < begin || key >= end) x[key] = -HUGE_VAL;
        }
        softmax_with_sink(x, length, sinks ? std::optional(sinks[head]) : std::nullopt);
      },
      [&](int64_t, int64_t head, int64_t query, const double* x) {
        store_from<double>(y.dtype(), y.mutable_raw(), ((first + query) * l.heads + head) * l.value_head, l.value_head, x);
      });
}

Result<void> evaluate(Evaluation& e) {
  const Layout l = NACRE_TRY(read_layout(e));
  const Attributes& a = e.attributes();
  std::vector<float> q = gather_heads(e.input(kQuery), 1, l.tokens, 0, l.heads, l.head),
                     k = gather_heads(e.input(l.packed ? kQuery : kKey), 1, l.tokens, l.packed ? l.heads : 0, l.kv_heads, l.head);
  if (e.has(kQNorm) != e.has(kKNorm)) return fail(ErrorCode::invalid_argument, "q_norm_weight and k_norm_weight come together");
  NACRE_TRY(normalise_heads(e, kQNorm, a.real("qk_norm_epsilon", 1e-6f), l.head, q));
  NACRE_TRY(normalise_heads(e, kKNorm, a.real("qk_norm_epsilon", 1e-6f), l.head, k));
  NACRE_TRY(rotate_tokens(e, l, l.heads, q));
  NACRE_TRY(rotate_tokens(e, l, l.kv_heads, k));
  Tensor* y = NACRE_TRY(e.output(0, {l.tokens, l.heads * l.value_head}));
  const Tensor* keys = NACRE_TRY(store(e, l, l.keys, kKeyCache, 1, k));
  const Tensor* values = nullptr;
  if (!l.latent) {
    const std::vector<float> v =
        gather_heads(e.input(l.packed ? kQuery : kValue), 1, l.tokens, l.packed ? l.heads + l.kv_heads : 0, l.kv_heads, l.head);
    values = NACRE_TRY(store(e, l, l.values, kValueCache, 2, v));
  }
  if (e.has(kSink) && e.input(kSink).size() != l.heads)
    return fail(ErrorCode::invalid_argument, "head_sink of shape ", e.shape(kSink), ": expected [", l.heads, "]");
  std::vector<double> scratch;
  const double* sinks = e.has(kSink) ? elements_as<double>(e.input(kSink), scratch) : nullptr;
  for (int64_t b = 0; b < l.sequences; ++b) NACRE_TRY(attend_sequence(e, l, b, q, *keys, values, sinks, *y));
  return {};
}

// What lies where is known with the inputs; facts follow from the query and the caches.
Result<void> infer(Inference& inference) {
  const Attributes& a = inference.attributes();
  const int64_t heads = a.integer("num_heads", 0), kv_heads = a.integer("kv_num_heads", 0), wanted = a.integer("v_head_size", 0);
  if (heads < 1 || kv_heads < 1) return fail(ErrorCode::invalid_model, "num_heads ", heads, " and kv_num_heads ", kv_heads);
  for (size_t i : {kKeyCache, kLengths, kPast, kBlocks})
    if (!inference.has(i)) return fail(ErrorCode::invalid_model, "input ", i, " is required and absent");
  inference.set(0, inference.dtype(kQuery));
  if (const SymShape* q = inference.shape(kQuery)) {
    if (q->size() != 2) return fail(ErrorCode::invalid_argument, "query of shape ", *q, ": expected rank 2");
    const SymDim head = floor_div((*q)[1], heads + (inference.has(kKey) ? 0 : 2 * kv_heads));
    const bool narrow = wanted > 0 && a.string("kv_cache_layout", "SEPARATE") == "LATENT";
    inference.set(0, inference.dtype(kQuery), SymShape{(*q)[0], SymDim(heads) * (narrow ? SymDim(wanted) : head)});
  }
  for (size_t i : {1, 2})
    if (inference.has_output(i) && inference.has(i + 2)) inference.set(i, inference.input(i + 2));
  return {};
}

}  // namespace

extern const Op op_microsoft_paged_attention;
const Op op_microsoft_paged_attention{.name = "PagedAttention",
                                      .domain = "com.microsoft",
                                      .since = {1},
                                      .types = {DType::float32, DType::float16, DType::bfloat16},
                                      .inputs = {1, 17},
                                      .outputs = {1, 3},
                                      .infer = infer,
                                      .evaluate = evaluate,
                                      .kind = OpKind::contraction};

}  // namespace nacre
