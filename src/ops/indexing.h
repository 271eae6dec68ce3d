// Shared by the gather and scatter operators: indices that are known to be inside, and updates with a reduction.
#pragma once

#include "ops/op.h"

namespace nacre {

/// Integer input `i` as indices into `size` elements, negative ones counted from the end; fails naming the first outside.
Result<std::vector<int64_t>> checked_indices(const Evaluation& e, size_t i, int64_t size);

/// For every position of `shape`, row-major: calls visit(number, offset) where `offset` is the sum of position times
/// stride over all axes but `axis` (-1: no exception).
template <class Visit>
void walk_positions(const Shape& shape, std::span<const int64_t> strides, int64_t axis, Visit visit) {
  int64_t count = 1;
  for (int64_t dim : shape) count *= dim;
  std::vector<int64_t> at(shape.size(), 0);
  int64_t offset = 0;
  for (int64_t number = 0; number < count; ++number) {
    visit(number, offset);
    for (size_t d = shape.size(); d-- > 0;) {
      const int64_t stride = static_cast<int64_t>(d) == axis ? 0 : strides[d];
      offset += stride;
      if (++at[d] < shape[d]) break;
      offset -= stride * shape[d];
      at[d] = 0;
    }
  }
}

/// The offset in `data` of each of the tuples in input 1, whose last dimension holds positions of the axes from `first`
/// on; `batches` leading dims of both are walked together. For GatherND and ScatterND.
struct Tuples {
  std::vector<int64_t> offsets;
  int64_t run = 1;  ///< consecutive elements each tuple names
};
Result<Tuples> checked_tuples(Evaluation& e, int64_t batches);

/// out[positions[i] .. + run) op= updates[i * run ..), with `reduction` "none", "add", "mul", "max" or "min".
Result<void> apply_updates(std::string_view reduction, Tensor& out, const Tensor& updates, std::span<const int64_t> positions, int64_t run);

}  // namespace nacre
