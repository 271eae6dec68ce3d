// Moving elements without looking at them: one code path by element size for every dtype, strings and packed types too.
#pragma once

#include "core/result.h"
#include "nacre/tensor.h"

namespace nacre {

std::vector<int64_t> row_major_strides(const Shape& shape);

/// out[i0,i1,...] = in[base + sum(i_d * steps[d])], steps in elements of `in` (0 repeats, negative reverses). The caller
/// has checked that every index is inside `in`.
Result<void> copy_strided(const Tensor& in, int64_t base, std::span<const int64_t> steps, Tensor& out);

/// out[base + sum(i_d * steps[d])] = in[i0,i1,...]: the inverse.
Result<void> scatter_strided(const Tensor& in, int64_t base, std::span<const int64_t> steps, Tensor& out);

/// Copies `count` consecutive elements. Packed types may start in the middle of a byte.
void copy_elements(const Tensor& in, int64_t from, Tensor& out, int64_t to, int64_t count);

/// out[to + i] = in[from + places[i]]. The caller has checked that every place is inside.
void gather_elements(const Tensor& in, int64_t from, std::span<const int64_t> places, Tensor& out, int64_t to);

/// out[places[i]] = in[i], likewise.
void scatter_elements(const Tensor& in, std::span<const int64_t> places, Tensor& out);

}  // namespace nacre
