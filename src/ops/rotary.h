// Rotary position embeddings, shared by RotaryEmbedding of ai.onnx and of com.microsoft.
#pragma once

#include "ops/op.h"

namespace nacre {

/// Where heads lie in a tensor of rotated vectors and how they are rotated.
struct Rotary {
  int64_t batch, length, heads, size;  // size of one head's vector
  int64_t rotated;                     // of which this many elements turn, from the front
  bool interleaved, heads_first;       // [batch, heads, length, size], else [batch, length, heads, size]
  float scale = 1;
  int64_t at(int64_t b, int64_t t, int64_t h) const {
    return (heads_first ? (b * heads + h) * length + t : (b * length + t) * heads + h) * size;
  }
};

/// Rotates x into y. `row(batch, position)` is the row of the caches (rotated / 2 wide) that position reads.
template <class Row>
void rotate(const Rotary& r, const Tensor& x, const double* cosines, const double* sines, Row row, Tensor& y) {
  if (y.size() == 0) return;  // no features divide into any number of heads
  const int64_t half = r.rotated / 2;
  std::vector<double> vector(static_cast<size_t>(r.size));
  for (int64_t b = 0; b < r.batch; ++b)
    for (int64_t t = 0; t < r.length; ++t) {
      const double *c = cosines + row(b, t) * half, *s = sines + row(b, t) * half;
      for (int64_t h = 0; h < r.heads; ++h) {
        load_as<double>(x.dtype(), x.raw(), r.at(b, t, h), r.size, vector.data());
        for (int64_t k = 0; k < half; ++k) {
          double &first = vector[r.interleaved ? 2 * k : k], &second = vector[r.interleaved ? 2 * k + 1 : half + k];
          const double real = c[k] * first - s[k] * second, imaginary = s[k] * first + c[k] * second;
          first = real * r.scale, second = imaginary * r.scale;
        }
        store_from<double>(y.dtype(), y.mutable_raw(), r.at(b, t, h), r.size, vector.data());
      }
    }
}

}  // namespace nacre
