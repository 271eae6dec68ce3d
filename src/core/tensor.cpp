#include "nacre/tensor.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <mutex>

#include "core/allocate.h"
#include "core/buffer.h"
#include "core/checked.h"
#include "core/os/file.h"

namespace nacre {
namespace {

template <class T>
T or_throw(Result<T> result) {
  if (!result) throw std::move(result).error();
  return *std::move(result);
}

size_t alignment_of(DType dtype) {
  const size_t bytes = std::max<size_t>(bits_of(dtype) / 8, 1);
  return is_complex(dtype) ? bytes / 2 : bytes;
}

bool is_aligned(const void* data, DType dtype) { return reinterpret_cast<uintptr_t>(data) % alignment_of(dtype) == 0; }

// The number of elements, once the bytes are known to be what the shape needs.
int64_t count_for_view(DType dtype, const Shape& shape, size_t bytes) {
  if (dtype == DType::string) throw Error(ErrorCode::invalid_argument, "strings cannot be viewed");
  const int64_t needed = or_throw(checked_bytes(dtype, shape));
  if (static_cast<size_t>(needed) != bytes)
    throw Error(ErrorCode::invalid_argument, cat(dtype, shape, " takes ", needed, " bytes, not ", bytes));
  return element_count(shape);
}

}  // namespace

std::string to_string(std::span<const int64_t> shape) {
  std::string out = "[";
  for (size_t i = 0; i < shape.size(); ++i) out += (i ? "," : "") + std::to_string(shape[i]);
  return out + "]";
}

int64_t element_count(std::span<const int64_t> shape) {
  Result<int64_t> count = checked_count(shape);
  if (!count) throw Error(ErrorCode::invalid_argument, count.error().message());
  return *count;
}

Tensor TensorMaker::own(DType dtype, Shape shape, int64_t count, std::shared_ptr<void> buffer) {
  Tensor out;
  out.dtype_ = dtype;
  out.shape_ = std::move(shape);
  out.count_ = count;
  out.data_ = buffer.get();
  out.owner_ = std::move(buffer);
  return out;
}

namespace {

/// Memory that waits for its elements. It was taken from the system already: filling cannot fail.
struct Unaligned {
  const void* source;
  std::shared_ptr<const void> source_owner;
  void* target;
  size_t bytes;
  std::shared_ptr<void> target_owner;
  std::once_flag once;

  void fill() {
    std::call_once(once, [&] {
      std::memcpy(target, source, bytes);
      release_mapped(source, bytes);
    });
  }
};

}  // namespace

Tensor TensorMaker::fill_when_read(Tensor target, const void* source, std::shared_ptr<const void> owner) {
  auto waiting = std::make_shared<Unaligned>();
  waiting->source = source, waiting->source_owner = std::move(owner);
  waiting->target = target.data_, waiting->bytes = target.byte_size();
  waiting->target_owner = std::move(target.owner_);
  target.owner_ = std::move(waiting);
  target.access_ = Tensor::Access::unaligned;
  return target;
}

const void* Tensor::aligned() const noexcept {
  static_cast<Unaligned*>(owner_.get())->fill();
  return data_;
}

const void* Tensor::stored() const noexcept {
  return access_ == Access::unaligned ? static_cast<const Unaligned*>(owner_.get())->source : data_;
}

Result<Tensor> view_unaligned(DType dtype, Shape shape, const void* data, size_t bytes, std::shared_ptr<const void> owner) {
  constexpr size_t kWorthWaiting = size_t{64} << 10;
  Tensor copy = NACRE_TRY(allocate(dtype, std::move(shape)));
  if (bytes >= kWorthWaiting) return TensorMaker::fill_when_read(std::move(copy), data, std::move(owner));
  if (bytes) std::memcpy(copy.mutable_raw(), data, bytes);
  return copy;
}

Tensor::Tensor(DType dtype, Shape shape) : Tensor(or_throw(allocate(dtype, std::move(shape), nullptr, Fill::zero))) {}

Tensor Tensor::view(DType dtype, Shape shape, const void* data, size_t bytes, std::shared_ptr<const void> owner) {
  if (!is_aligned(data, dtype)) {
    count_for_view(dtype, shape, bytes);
    return or_throw(view_unaligned(dtype, std::move(shape), data, bytes, std::move(owner)));
  }
  Tensor out = borrow(dtype, std::move(shape), const_cast<void*>(data), bytes, std::const_pointer_cast<void>(std::move(owner)));
  out.access_ = Access::viewed;
  return out;
}

Tensor Tensor::borrow(DType dtype, Shape shape, void* data, size_t bytes, std::shared_ptr<void> owner) {
  const int64_t count = count_for_view(dtype, shape, bytes);
  if (!is_aligned(data, dtype)) throw Error(ErrorCode::invalid_argument, cat("borrowed memory is not aligned for ", dtype));
  // A count of its own, so that is_exclusive() counts tensors and not whoever else holds the owner.
  Tensor out = TensorMaker::own(dtype, std::move(shape), count, std::shared_ptr<void>(data, [owner = std::move(owner)](void*) {}));
  out.access_ = Access::borrowed;
  return out;
}

size_t Tensor::byte_size() const noexcept {
  const auto count = static_cast<size_t>(count_);
  if (dtype_ == DType::string) return count * sizeof(std::string);
  const size_t bits = bits_of(dtype_);
  return bits >= 8 ? count * (bits / 8) : (count * bits + 7) / 8;
}

void* Tensor::mutable_raw() {
  const void* elements = raw();
  if (count_ == 0 || access_ == Access::borrowed || is_exclusive()) return data_;
  Tensor copy = or_throw(allocate(dtype_, shape_));
  if (dtype_ == DType::string)
    std::copy_n(static_cast<const std::string*>(elements), count_, static_cast<std::string*>(copy.data_));
  else
    std::memcpy(copy.data_, elements, byte_size());
  *this = std::move(copy);
  return data_;
}

Tensor Tensor::reshaped(Shape shape) const {
  if (const int64_t count = element_count(shape); count != count_)
    throw Error(ErrorCode::invalid_argument,
                cat("cannot view ", describe(*this), " as ", shape, ": ", count_, " elements against ", count));
  Tensor out = *this;
  out.shape_ = std::move(shape);
  return out;
}

bool Tensor::is_exclusive() const noexcept {
  if (access_ == Access::viewed || owner_.use_count() > 1) return false;
  // use_count() is a relaxed read: wait for what the last other holder read before it let go.
  std::atomic_thread_fence(std::memory_order_acquire);
  return true;
}

void Tensor::require(DType expected) const {
  if (dtype_ != expected) throw Error(ErrorCode::invalid_argument, cat("elements of ", describe(*this), " asked for as ", expected));
}

}  // namespace nacre
