#include "core/checked.h"

namespace nacre {

Result<int64_t> checked_count(std::span<const int64_t> shape) {
  // Zeros are left out of the product, so that [0, 2^40, 2^40] is refused too: its strides would overflow.
  int64_t count = 1;
  bool empty = false;
  for (const int64_t dim : shape) {
    if (dim < 0) return fail(ErrorCode::invalid_argument, "shape ", shape, " has a negative dimension");
    empty |= dim == 0;
    if (dim != 0 && __builtin_mul_overflow(count, dim, &count))
      return fail(ErrorCode::resource_exhausted, "shape ", shape, " has more than 2^63 elements");
  }
  return empty ? 0 : count;
}

Result<int64_t> checked_bytes(DType dtype, std::span<const int64_t> shape) {
  const int64_t count = NACRE_TRY(checked_count(shape));
  if (dtype == DType::string) return checked_mul(count, static_cast<int64_t>(sizeof(std::string)));
  const auto bits = static_cast<int64_t>(bits_of(dtype));
  if (bits == 0) return fail(ErrorCode::invalid_argument, "elements of type ", dtype, " have no size");
  if (bits >= 8) return checked_mul(count, bits / 8);
  const int64_t per_byte = 8 / bits;
  return count / per_byte + (count % per_byte != 0);
}

Result<Range> checked_range(int64_t offset, int64_t length, int64_t size) {
  if (offset < 0 || length < 0 || offset > size || length > size - offset)
    return fail(ErrorCode::invalid_argument, "range of ", length, " bytes at ", offset, " does not lie within ", size, " bytes");
  return Range{offset, length};
}

Result<int64_t> checked_index(int64_t index, int64_t size, std::string_view what) {
  if (index < -size || index >= size) return fail(ErrorCode::invalid_argument, what, ' ', index, " is outside [", -size, ", ", size, ")");
  return index < 0 ? index + size : index;
}

}  // namespace nacre
