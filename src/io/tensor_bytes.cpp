#include "io/tensor_bytes.h"

#include <algorithm>
#include <cstring>

#include "core/allocate.h"
#include "core/checked.h"

namespace nacre {
namespace {

bool is_aligned(const void* data, DType dtype) {
  const size_t element = std::max<size_t>(bits_of(dtype) / 8, 1);
  return reinterpret_cast<uintptr_t>(data) % (is_complex(dtype) ? element / 2 : element) == 0;
}

bool is_zero_or_one(std::byte b) { return b <= std::byte{1}; }

// A view into a mapped file holds at least the pages that the system maps around the one that is read: less than that is better copied.
constexpr size_t kSmallestView = 64 << 10;

Result<Tensor> copy_of(DType dtype, const Shape& shape, std::span<const std::byte> bytes) {
  Tensor copy = NACRE_TRY(allocate(dtype, shape));
  if (!bytes.empty()) std::memcpy(copy.mutable_raw(), bytes.data(), bytes.size());
  return copy;
}

}  // namespace

Result<Tensor> tensor_from_bytes(DType dtype, const Shape& shape, std::span<const std::byte> bytes, std::shared_ptr<const void> owner) {
  const int64_t needed = NACRE_TRY(checked_bytes(dtype, shape));
  if (dtype == DType::string || std::cmp_not_equal(bytes.size(), needed))
    return fail(ErrorCode::invalid_model, dtype, shape, " needs ", needed, " bytes, ", bytes.size(), " are stored");
  const bool clean = dtype != DType::boolean || std::ranges::all_of(bytes, is_zero_or_one);
  if (clean && bytes.size() < kSmallestView) return copy_of(dtype, shape, bytes);
  if (clean && is_aligned(bytes.data(), dtype)) return Tensor::view(dtype, shape, bytes.data(), bytes.size(), std::move(owner));
  if (clean) return view_unaligned(dtype, shape, bytes.data(), bytes.size(), std::move(owner));
  Tensor copy = NACRE_TRY(allocate(dtype, shape));
  std::ranges::transform(bytes, copy.mutable_data<bool>().begin(), [](std::byte b) { return b != std::byte{0}; });
  return copy;
}

}  // namespace nacre
