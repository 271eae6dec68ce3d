#include "ops/microsoft/paged_layout.h"

#include "ops/heads.h"

namespace nacre::paged {
namespace {

Result<CacheFormat> format(const Evaluation& e, const Layout& l, bool key) {
  const Attributes& a = e.attributes();
  const DType dtype = e.dtype(key || l.latent ? kKeyCache : kValueCache);
  const std::string name = a.string(key ? "k_cache_dtype" : "v_cache_dtype", "");
  DType packed = DType::undefined;
  if (name == "int4") packed = DType::int4;
  if (name == "float4e2m1") packed = DType::float4e2m1;
  if (packed == DType::undefined ? !name.empty() && name != to_string(dtype) : dtype != DType::uint8)
    return fail(ErrorCode::invalid_model, "a cache of ", dtype, " that is to hold ", name);
  return read_cache_format(e, a.string(key ? "k_quant_type" : "v_quant_type", "NONE"), dtype, packed, key ? kKScale : kVScale, l.kv_heads,
                           l.head);
}

Result<void> check_caches(const Evaluation& e, Layout& l) {
  l.keys = NACRE_TRY(format(e, l, true)), l.values = l.latent ? l.keys : NACRE_TRY(format(e, l, false));
  const Shape& cache = e.shape(kKeyCache);
  if (cache.size() != 4 || cache[1] < 1 || cache[2] != l.kv_heads || cache[3] != l.keys.width())
    return fail(ErrorCode::invalid_argument, "key_cache of shape ", cache, ": expected [blocks, size, ", l.kv_heads, ", ", l.keys.width(),
                "]");
  l.blocks = cache[0], l.block = cache[1];
  if (!l.latent && e.shape(kValueCache) != Shape{l.blocks, l.block, l.kv_heads, l.values.width()})
    return fail(ErrorCode::invalid_argument, "value_cache of shape ", e.shape(kValueCache), " beside a key_cache of shape ", cache);
  return {};
}

Result<void> check_sequences(const Evaluation& e, Layout& l) {
  l.ends = NACRE_TRY(e.integers(kLengths)), l.past = NACRE_TRY(e.integers(kPast)), l.table = NACRE_TRY(e.integers(kBlocks));
  l.sequences = static_cast<int64_t>(l.past.size());
  const Shape& table = e.shape(kBlocks);
  if (static_cast<int64_t>(l.ends.size()) != l.sequences + 1 || table.size() != 2 || table[0] != l.sequences)
    return fail(ErrorCode::invalid_argument, "cumulative_sequence_length ", e.shape(kLengths), ", past_seqlens ", e.shape(kPast),
                " and block_table ", table);
  l.columns = table[1];
  for (int64_t b = 0; b < l.sequences; ++b) {
    const int64_t count = l.ends[b + 1] - l.ends[b];
    if ((b == 0 && l.ends[0] != 0) || count < 0 || l.ends[b + 1] > l.tokens || l.past[b] < 0 || l.past[b] > l.columns * l.block - count)
      return fail(ErrorCode::invalid_argument, "sequence ", b, " of ", count, " new tokens behind ", l.past[b], ", in ", l.columns,
                  " blocks of ", l.block);
  }
  if (l.ends.back() != l.tokens)
    return fail(ErrorCode::invalid_argument, "sequences of ", l.ends.back(), " tokens, and a query of ", l.tokens);
  if (!e.has(kSlots)) return {};
  l.slots = NACRE_TRY(e.integers(kSlots));
  if (static_cast<int64_t>(l.slots.size()) != l.tokens) return fail(ErrorCode::invalid_argument, "slot_mapping of shape ", e.shape(kSlots));
  for (int64_t slot : l.slots)
    if (slot < -1 || slot >= l.blocks * l.block) return fail(ErrorCode::invalid_argument, "slot ", slot, " of ", l.blocks * l.block);
  return {};
}

}  // namespace

Result<Layout> read_layout(const Evaluation& e) {
  const Attributes& a = e.attributes();
  Layout l{.heads = a.integer("num_heads", 0), .kv_heads = a.integer("kv_num_heads", 0)};
  const std::string layout = a.string("kv_cache_layout", "SEPARATE");
  l.latent = layout == "LATENT", l.packed = !e.has(kKey);
  const Shape& q = e.shape(kQuery);
  NACRE_TRY(check_heads(l.heads, l.kv_heads));
  if ((l.latent && l.kv_heads != 1) || (!l.latent && layout != "SEPARATE"))
    return fail(ErrorCode::invalid_model, "num_heads ", l.heads, ", kv_num_heads ", l.kv_heads, " and kv_cache_layout '", layout, "'");
  const int64_t in_row = l.heads + (l.packed ? 2 * l.kv_heads : 0);
  if (q.size() != 2 || q[1] == 0 || q[1] % in_row != 0 || e.has(kValue) != (!l.packed && !l.latent) || e.has(kValueCache) == l.latent ||
      (l.packed && l.latent))
    return fail(ErrorCode::invalid_argument, "query of shape ", q,
                " with or without key, value and value_cache: expected [tokens, a multiple of ", in_row, "]");
  l.tokens = q[0], l.head = q[1] / in_row;
  const int64_t wanted = a.integer("v_head_size", 0);
  l.value_head = l.latent && wanted > 0 ? wanted : l.head;
  if (l.value_head > l.head || (wanted != 0 && !l.latent && wanted != l.head) || (l.value_head != l.head && a.real("scale", 0) == 0))
    return fail(ErrorCode::invalid_model, "v_head_size ", wanted, " beside heads of ", l.head,
                ": it is LATENT's, no larger, and needs a scale");
  for (size_t i : {kKey, kValue})
    if (e.has(i) && e.shape(i) != Shape{l.tokens, l.kv_heads * l.head})
      return fail(ErrorCode::invalid_argument, "input ", i, " of shape ", e.shape(i), ": expected ", Shape{l.tokens, l.kv_heads * l.head});
  NACRE_TRY(check_caches(e, l));
  NACRE_TRY(check_sequences(e, l));
  return l;
}

Result<int64_t> row_of(const Layout& l, int64_t sequence, int64_t at) {
  const int64_t block = l.table[sequence * l.columns + at / l.block];
  if (block < 0 || block >= l.blocks) return fail(ErrorCode::invalid_argument, "block_table names block ", block, " of ", l.blocks);
  return block * l.block + at % l.block;
}

}  // namespace nacre::paged
