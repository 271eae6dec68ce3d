// Rows of a float32 matrix and the distances between them, for similarity, search and clusters.
#pragma once

#include "nacre/similarity.h"

namespace nacre {

struct Rows {
  const float* data;
  size_t count, width;
  const float* row(size_t index) const noexcept { return data + index * width; }
};
/// Throws Error (invalid_argument) for what is no float32 matrix.
Rows rows_of(const Tensor& rows);

double dot_product(const float* a, const float* b, size_t width);
double squared_distance(const float* a, const float* b, size_t width);
double similarity_of(const float* a, const float* b, size_t width, Metric metric);

}  // namespace nacre
