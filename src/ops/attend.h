// Scaled dot-product attention for the reference operators: scores, a function on each row of them, values.
#pragma once

#include <algorithm>
#include <cmath>

#include "ops/contraction.h"

namespace nacre {

struct AttentionSizes {
  int64_t batch, heads, kv_heads, queries, keys, head, value_head;
};

inline constexpr int64_t kQueryBlock = 64;

/// x = exp(x - max) / sum; NaN where every element is -inf.
inline void softmax_row(double* x, int64_t count) {
  double most = -HUGE_VAL, sum = 0;
  for (int64_t i = 0; i < count; ++i) most = std::max(most, x[i]);
  for (int64_t i = 0; i < count; ++i) sum += x[i] = std::exp(x[i] - most);
  for (int64_t i = 0; i < count; ++i) x[i] /= sum;
}

/// For every row of scores: row(batch, head, query, scores) turns scale * q k^T into probabilities, then
/// emit(batch, head, query, values) takes their product with v. q is [batch, heads, queries, head], k and v are
/// [batch, kv_heads, keys, ...]; query head h reads head h * kv_heads / heads.
template <class T, class Row, class Emit>
Result<void> attend(Evaluation& e, const AttentionSizes& s, const T* q, const T* k, const T* v, double scale, Row row, Emit emit) {
  const int64_t block = std::min(kQueryBlock, s.queries), group = s.heads / std::max<int64_t>(s.kv_heads, 1);
  Tensor turned = NACRE_TRY(e.scratch(dtype_of<T>, {s.head, s.keys})), weights = NACRE_TRY(e.scratch(dtype_of<T>, {block, s.keys}));
  Tensor scores = NACRE_TRY(e.scratch(DType::float64, {block, s.keys})),
         values = NACRE_TRY(e.scratch(DType::float64, {block, s.value_head}));
  T *k_turned = static_cast<T*>(turned.mutable_raw()), *probabilities = static_cast<T*>(weights.mutable_raw());
  double *score = static_cast<double*>(scores.mutable_raw()), *value = static_cast<double*>(values.mutable_raw());
  for (int64_t i = 0; i < s.batch * s.heads; ++i) {
    const int64_t batch = i / s.heads, head = i % s.heads, source = batch * s.kv_heads + head / group;
    if (head % group == 0) transpose_matrix(k + source * s.keys * s.head, s.keys, s.head, k_turned);
    for (int64_t first = 0; first < s.queries; first += block) {
      NACRE_TRY(e.checkpoint());
      const int64_t count = std::min(block, s.queries - first);
      contract(MatrixView<T>{q + (i * s.queries + first) * s.head, s.head, 1}, k_turned, s.keys, count, s.head, s.keys, score, s.keys);
      for (int64_t at = 0; at < count * s.keys; ++at) score[at] *= scale;
      for (int64_t at = 0; at < count; ++at) row(batch, head, first + at, score + at * s.keys);
      for (int64_t at = 0; at < count * s.keys; ++at) probabilities[at] = static_cast<T>(score[at]);
      contract(MatrixView<T>{probabilities, s.keys, 1}, v + source * s.keys * s.value_head, s.value_head, count, s.keys, s.value_head,
               value, s.value_head);
      for (int64_t at = 0; at < count; ++at) emit(batch, head, first + at, value + at * s.value_head);
    }
  }
  return {};
}

/// [batch, length, heads * size] as [batch, heads, length, size]; other ranks as they are.
template <class T>
std::vector<T> heads_first(const Tensor& x, int64_t heads) {
  std::vector<T> out(static_cast<size_t>(x.size()));
  if (x.rank() != 3) {
    load_as<T>(x.dtype(), x.raw(), 0, x.size(), out.data());
    return out;
  }
  const int64_t length = x.shape()[1], size = x.shape()[2] / heads;
  int64_t from = 0;
  for (int64_t at = 0; at < x.shape()[0] * length; ++at)
    for (int64_t head = 0; head < heads; ++head, from += size)
      load_as<T>(x.dtype(), x.raw(), from, size, out.data() + ((at / length * heads + head) * length + at % length) * size);
  return out;
}

/// An additive or boolean mask that broadcasts to [batch, heads, queries, keys]; keys behind its last axis are masked.
struct AttentionMask {
  std::vector<double> values;  // what is added: 0 and -inf for a boolean mask
  Shape shape;                 // of rank 4
  bool present = false;

  void add(int64_t batch, int64_t head, int64_t query, double* scores, int64_t keys) const;
};
Result<AttentionMask> read_mask(const Evaluation& e, size_t i, const Shape& scores);

}  // namespace nacre
