#include "ops/microsoft/grouped_step.h"

#include <algorithm>

#include "ops/heads.h"

namespace nacre {

int64_t kept_rows(int64_t total, int64_t rows, int64_t window) {
  const int64_t step = rows - window + 1;
  return total <= rows ? total : total - step * ((total - rows + step - 1) / step);
}

Result<Heads> read_heads(const Attributes& attributes) {
  const bool windowed = attributes.integer("sliding_window_cache", 0) != 0;
  const int64_t window = attributes.integer("local_window_size", -1), bits = attributes.integer("kv_cache_bit_width", 0);
  const Heads h{attributes.integer("num_heads", 0), attributes.integer("kv_num_heads", 0), windowed ? window : 0,
                attributes.integer("qk_output", 0), bits == 4 ? DType::int4 : DType::undefined};
  NACRE_TRY(check_heads(h.query, h.key));
  if (windowed && window < 1) return fail(ErrorCode::invalid_model, "sliding_window_cache with local_window_size ", window);
  if (h.scores < 0 || h.scores > 2) return fail(ErrorCode::invalid_model, "qk_output ", h.scores, ": expected 0, 1 or 2");
  if (bits != 0 && bits != 4 && bits != 8) return fail(ErrorCode::invalid_model, "kv_cache_bit_width ", bits, ": expected 4 or 8");
  return h;
}

namespace {

Result<void> check_caches(const Evaluation& e, const Heads& h, Step& s) {
  const AttentionSizes& z = s.sizes;
  const auto dtype = [&](size_t i) { return e.has(i) ? e.dtype(i) : e.dtype(0); };
  const auto format = [&](const char* type, size_t cache, size_t scales) -> Result<CacheFormat> {
    const bool bytes = dtype(cache) == DType::uint8;
    CacheFormat out = NACRE_TRY(read_cache_format(e, e.attributes().string(type, "NONE"), dtype(cache), bytes ? h.packed : DType::undefined,
                                                  scales, z.kv_heads, z.head));
    out.offset = bytes ? 8 : 0;
    return out;
  };
  s.keys = NACRE_TRY(format("k_quant_type", 3, 12)), s.values = NACRE_TRY(format("v_quant_type", 4, 13));
  for (size_t i : {3, 4}) {
    const Shape cache{z.batch, z.kv_heads, s.cached, (i == 3 ? s.keys : s.values).width()};
    if (e.has(i) && e.shape(i) != cache)
      return fail(ErrorCode::invalid_argument, "input ", i, " of shape ", e.shape(i), ": expected ", cache);
  }
  if (e.has(3) != e.has(4)) return fail(ErrorCode::invalid_argument, "past_key and past_value come together");
  if (h.window > 0 && s.cached < h.window)
    return fail(ErrorCode::invalid_argument, "a cache of ", s.cached, " rows for a window of ", h.window);
  return {};
}

}  // namespace

Result<Step> read_step(const Evaluation& e, const Heads& h) {
  const Shape& q = e.shape(0);
  if (q.size() != 3 || e.has(1) != e.has(2))
    return fail(ErrorCode::invalid_argument, "query of shape ", q, " and key and value, which come together");
  const int64_t row_heads = h.query + (e.has(1) ? 0 : 2 * h.key), head = q[2] / row_heads, length = q[1];
  if (q[2] % row_heads != 0) return fail(ErrorCode::invalid_argument, q[2], " features do not divide into ", row_heads, " heads");
  const Shape key{q[0], length, h.key * head};
  if (e.has(1) && (e.shape(1) != key || e.shape(2) != key))
    return fail(ErrorCode::invalid_argument, "key ", e.shape(1), " and value ", e.shape(2), ": expected ", key);
  Step s{.sizes = {q[0], h.query, h.key, length, 0, head, head}, .total = NACRE_TRY(e.integers(5)), .most = NACRE_TRY(e.integer(6))};
  s.cached = e.has(3) && e.input(3).rank() == 4 ? e.shape(3)[2] : 0;
  if (static_cast<int64_t>(s.total.size()) != q[0])
    return fail(ErrorCode::invalid_argument, "seqlens_k of shape ", e.shape(5), ": expected [", q[0], "]");
  if (s.most < length || s.most > INT32_MAX)
    return fail(ErrorCode::invalid_argument, "total_sequence_length ", s.most, " for ", length, " new tokens");
  NACRE_TRY(check_caches(e, h, s));
  s.present = h.window > 0 ? s.cached : std::max(s.cached, s.most);
  s.sizes.keys = h.window > 0 ? 0 : s.present;
  for (int64_t& total : s.total) {
    ++total;  // the input is one less
    // In the first step short sequences are padded on the right; later all bring the same number of tokens.
    const int64_t before = s.most == length ? 0 : total - length, past = h.window > 0 ? kept_rows(before, s.cached, h.window) : before;
    if (total < 1 || total > s.most || past < 0 || past > s.cached)
      return fail(ErrorCode::invalid_argument, "seqlens_k has ", total - 1, " with ", length, " new and ", s.cached, " cached tokens of ",
                  s.most);
    s.past.push_back(past);
    s.gone.push_back(before - past);
    total -= before - past;
    s.sizes.keys = std::max(s.sizes.keys, h.window > 0 ? past + length : 0);
  }
  return s;
}

}  // namespace nacre
