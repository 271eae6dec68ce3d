// Attention of one head with softmax on the fly: blocks of queries walk over blocks of keys, keeping for every query the largest
// score and the sum of exponentials so far, and y in unfinished form. No more than kQueryBlock x kKeyBlock scores exist.
// The recurrence: Milakov and Gimelshein, "Online normalizer calculation for softmax" (2018); its use here as in Dao et al.,
// "FlashAttention" (2022).
#include "backends/native/kernels/isa/local.h"
#include "backends/native/kernels/vector_math.h"

namespace nacre::NACRE_ISA {

using native::AttentionArgs;

namespace {

constexpr int64_t kQueryBlock = kTileRows == 14 ? 112 : 96;
constexpr int64_t kKeyBlock = 256;
constexpr int64_t kDotRows = 3;  // up to here scores are dot products: turning the keys would cost more than it gives
constexpr float kLowest = -__builtin_inff();

/// A block of queries against a block of keys, and what is carried from one block of keys to the next.
struct Block {
  const AttentionArgs& args;
  int64_t query, queries;
  int64_t key, keys;
  float* scores;   // [queries, kKeyBlock]
  float* largest;  // one per query
  float* sum;      // one per query
  float* gemm_scratch;
};

struct Range {
  int64_t begin, end;
};

/// The keys query `query` may look at.
NACRE_INLINE Range visible_keys(const AttentionArgs& args, int64_t query) {
  if (!args.causal) return {0, args.keys};
  int64_t end = max(min(query + args.causal_offset + 1, args.keys), int64_t{0});
  return {args.window > 0 ? max(min(query + args.causal_offset + 1 - args.window, end), int64_t{0}) : 0, end};
}

NACRE_INLINE float dot(const float* x, const float* z, int64_t n) {
  Vf sum[2] = {};
  int64_t i = 0;
  for (; i + 2 * kLanes <= n; i += 2 * kLanes)
    for (int part = 0; part < 2; ++part) sum[part] += load(x + i + part * kLanes) * load(z + i + part * kLanes);
  for (; i < n; i += kLanes) {
    int64_t lanes = min(n - i, int64_t{kLanes});
    sum[0] += load_lanes(x + i, lanes) * load_lanes(z + i, lanes);
  }
  return sum_of_lanes(sum[0] + sum[1]);
}

void score(const Block& b) {
  const AttentionArgs& args = b.args;
  const float* q = args.q + b.query * args.q_stride;
  const float* k = args.k + b.key * args.k_stride;
  if (b.queries <= kDotRows) {
    for (int64_t key = 0; key < b.keys; ++key)
      for (int64_t row = 0; row < b.queries; ++row)
        b.scores[row * kKeyBlock + key] = dot(q + row * args.q_stride, k + key * args.k_stride, args.head_size);
    return;
  }
  GemmArgs product;
  product.m = b.queries, product.n = b.keys, product.k = args.head_size;
  product.a = q, product.lda = args.q_stride;
  product.b = k, product.ldb = args.k_stride, product.b_layout = MatrixLayout::transposed;
  product.c = b.scores, product.ldc = kKeyBlock;
  product.scratch = b.gemm_scratch;
  gemm(product);
}

NACRE_INLINE Vf finished_score(const AttentionArgs& args, Vf score) {
  score *= splat(args.scale);
  return args.softcap > 0 ? splat(args.softcap) * tanh(score / splat(args.softcap)) : score;
}

/// Scales and masks `n` scores; the largest of them.
NACRE_INLINE float finish_scores(const AttentionArgs& args, const float* mask, float* scores, int64_t n) {
  Vf best = splat(kLowest);
  for_vectors(n, [&](int64_t i, int64_t lanes) {
    Vf x = finished_score(args, load_lanes(scores + i, lanes));
    if (mask) x += load_lanes(mask + i, lanes);
    store_lanes(scores + i, x, lanes);
    best = max(lanes < kLanes ? load_lanes_or(scores + i, lanes, splat(kLowest)) : x, best);
  });
  return max_of_lanes(best);
}

/// Scores to exponentials; their sum. Keys out of sight get none.
NACRE_INLINE float exponentiate(float* scores, int64_t keys, Range visible, float largest) {
  Vf sum{};
  float* seen = scores + visible.begin;
  for (int64_t i = 0; i < visible.begin; ++i) scores[i] = 0;
  for_vectors(visible.end - visible.begin, [&](int64_t i, int64_t lanes) {
    Vf e = exp(load_lanes_or(seen + i, lanes, splat(kLowest)) - splat(largest));
    store_lanes(seen + i, e, lanes);
    sum += e;
  });
  for (int64_t i = visible.end; i < keys; ++i) scores[i] = 0;
  return sum_of_lanes(sum);
}

NACRE_INLINE void scale_row(float* y, int64_t n, float factor) {
  for_vectors(n, [=](int64_t i, int64_t lanes) { store_lanes(y + i, load_lanes(y + i, lanes) * splat(factor), lanes); });
}

void normalise_scores(const Block& b, bool is_first) {
  const AttentionArgs& args = b.args;
  for (int64_t row = 0; row < b.queries; ++row) {
    int64_t query = b.query + row;
    Range visible = visible_keys(args, query);
    visible = {max(visible.begin - b.key, int64_t{0}), min(visible.end - b.key, b.keys)};
    visible.begin = min(visible.begin, b.keys), visible.end = max(visible.end, visible.begin);
    float* scores = b.scores + row * kKeyBlock;
    const float* mask = args.mask ? args.mask + query * args.mask_stride + b.key + visible.begin : nullptr;
    float before = is_first ? kLowest : b.largest[row];
    float largest = max(finish_scores(args, mask, scores + visible.begin, visible.end - visible.begin), before);
    float reference = largest == kLowest ? 0 : largest;  // all hidden so far: keep exp(-inf) = 0
    float shrink = before == reference ? 1 : exp(splat(before - reference))[0];
    float added = exponentiate(scores, b.keys, visible, reference);
    b.sum[row] = is_first ? added : b.sum[row] * shrink + added;
    b.largest[row] = largest;
    if (!is_first && shrink != 1) scale_row(args.y + query * args.y_stride, args.value_size, shrink);
  }
}

void add_values(const Block& b, bool is_first) {
  const AttentionArgs& args = b.args;
  float* y = args.y + b.query * args.y_stride;
  const float* v = args.v + b.key * args.v_stride;
  GemmArgs product;
  product.m = b.queries, product.n = args.value_size, product.k = b.keys;
  product.a = b.scores, product.lda = kKeyBlock;
  product.b = v, product.ldb = args.v_stride, product.b_layout = MatrixLayout::row_major;
  product.c = y, product.ldc = args.y_stride;
  product.accumulate = !is_first;
  product.scratch = b.gemm_scratch;
  gemm(product);
}

/// A query that sees nothing gets 0 / 0, as a softmax over nothing but -inf does.
void finish_queries(const Block& b, bool saw_nothing) {
  for (int64_t row = 0; row < b.queries; ++row) {
    float* y = b.args.y + (b.query + row) * b.args.y_stride;
    if (saw_nothing)
      for (int64_t i = 0; i < b.args.value_size; ++i) y[i] = __builtin_nanf("");
    else
      scale_row(y, b.args.value_size, 1 / b.sum[row]);
  }
}

void attend(Block b) {
  Range first = visible_keys(b.args, b.query), last = visible_keys(b.args, b.query + b.queries - 1);
  bool is_first = true;
  for (b.key = first.begin; b.key < last.end; b.key += b.keys, is_first = false) {
    b.keys = min(last.end - b.key, kKeyBlock);
    score(b);
    normalise_scores(b, is_first);
    add_values(b, is_first);
  }
  finish_queries(b, is_first);
}

NACRE_INLINE int64_t widest_gemm_scratch(const AttentionArgs& args) {
  return max(gemm_scratch(args.head_size, kKeyBlock), gemm_scratch(kKeyBlock, args.value_size));
}

}  // namespace

int64_t attention_scratch(const AttentionArgs& args) {
  int64_t rows = min(args.queries, kQueryBlock);
  return rows * (kKeyBlock + 2) + widest_gemm_scratch(args);
}

void attention(const AttentionArgs& args) {
  int64_t query_end = args.query_end < 0 ? args.queries : args.query_end;
  int64_t rows = min(args.queries, kQueryBlock);
  float* statistics = args.scratch + rows * kKeyBlock;
  for (int64_t query = args.query_begin; query < query_end; query += kQueryBlock)
    attend({args, query, min(query_end - query, kQueryBlock), 0, 0, args.scratch, statistics, statistics + rows, statistics + 2 * rows});
}

}  // namespace nacre::NACRE_ISA
