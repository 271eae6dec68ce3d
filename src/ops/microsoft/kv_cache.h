// What GroupQueryAttention and PagedAttention share: caches of keys and values, as they are or quantized, and what is done to
// the heads of a token before they go there.
#pragma once

#include "ops/op.h"

namespace nacre {

/// How rows of `head` numbers are stored: floats, or integers and small floats with a scale for all or for each channel of a
/// head. Symmetric: no zero point; of 4 bits, two in a byte, the low ones first, 8 more than they mean where `offset` is 8.
struct CacheFormat {
  DType dtype = DType::undefined;
  DType packed = DType::undefined;  // what two of lie in a byte of uint8: int4, or float4e2m1
  int64_t offset = 0, head = 0;
  std::vector<float> scales;  // none, one, or heads * head

  bool quantized() const { return !scales.empty(); }
  int64_t width() const { return packed == DType::undefined ? head : (head + 1) / 2; }
  /// The row from element `row * width()` on, which is one of head `which`.
  void load(const Tensor& cache, int64_t row, int64_t which, float* out) const;
  void store(Tensor& cache, int64_t row, int64_t which, const float* in) const;
  /// `in` as a cache would give it back.
  void round(int64_t which, float* in) const;

 private:
  float scale(int64_t which, int64_t channel) const;
  std::vector<float> codes(int64_t which, const float* in) const;
};

/// `quant_type` is the attribute's: NONE, PER_TENSOR or PER_CHANNEL; input `scales` belongs to it.
Result<CacheFormat> read_cache_format(const Evaluation& e, std::string_view quant_type, DType dtype, DType packed, size_t scales,
                                      int64_t heads, int64_t head);

/// x[..., head] / sqrt(mean(x^2) + epsilon) * input `weight`; nothing where that is absent.
Result<void> normalise_heads(const Evaluation& e, size_t weight, double epsilon, int64_t head, std::vector<float>& x);

/// Heads `first` to `first + heads` of every token of x [batch, length, row], as [batch, heads, length, head] floats.
std::vector<float> gather_heads(const Tensor& x, int64_t batch, int64_t length, int64_t first, int64_t heads, int64_t head);

/// Softmax with one more logit in the denominator, if there is a sink.
void softmax_with_sink(double* x, int64_t count, std::optional<double> sink);

}  // namespace nacre
