// An n-dimensional array that owns its elements or views somebody else's; always contiguous, row-major.
//
//     auto ids = nacre::Tensor::of<int64_t>({1, 3}, {101, 7592, 102});
//     nacre::Tensor zeros(nacre::DType::float32, {2, 4});
//     for (float& x : zeros.mutable_data<float>()) x = 1;
//     std::span<const int64_t> view = ids.data<int64_t>();
//     std::cout << nacre::to_string(ids.shape()) << "\n";    // [1,3]
//
#pragma once

#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "nacre/dtype.h"
#include "nacre/error.h"

namespace nacre {

/// Dimensions, outermost first; a scalar's is empty.
using Shape = std::vector<int64_t>;

/// "[2,3]"; "[]" for a scalar.
std::string to_string(std::span<const int64_t> shape);
/// Product of the dimensions (1 for a scalar). Throws nacre::Error (invalid_argument) on overflow or a negative one.
int64_t element_count(std::span<const int64_t> shape);

/// A value type: copies share the elements (cheap). Writing through `mutable_data` to a tensor whose elements are
/// shared or viewed copies them first, so nobody else sees the change. Buffers are 64-byte aligned.
class Tensor {
 public:
  /// An empty float32 tensor of shape [0].
  Tensor() = default;
  /// Owns zeroed elements (empty strings). Throws Error (resource_exhausted, invalid_argument).
  Tensor(DType dtype, Shape shape);

  /// Owns a copy of `values`, row-major; throws Error (invalid_argument) unless their count is the shape's.
  template <class T>
  static Tensor of(Shape shape, std::span<const T> values);
  template <class T>
  static Tensor of(Shape shape, std::initializer_list<T> values) {
    return of<T>(std::move(shape), std::span<const T>(values.begin(), values.size()));
  }
  template <class T>
  static Tensor scalar(T value) {
    return of<T>({}, std::span<const T>(&value, 1));
  }

  /// Views `bytes` bytes at `data`, kept alive by `owner` (null: the caller promises to keep them). Not for strings.
  /// Elements that are not aligned to their size are copied when they are first read, so that `data` may always be read.
  /// Throws Error (invalid_argument) when the shape needs another number of bytes.
  static Tensor view(DType dtype, Shape shape, const void* data, size_t bytes, std::shared_ptr<const void> owner);
  /// As `view`, and `mutable_data` (of every copy) writes to that memory itself, which must be aligned. For buffers
  /// planned by a backend or bound by a caller.
  static Tensor borrow(DType dtype, Shape shape, void* data, size_t bytes, std::shared_ptr<void> owner);

  DType dtype() const noexcept { return dtype_; }
  const Shape& shape() const noexcept { return shape_; }
  int64_t rank() const noexcept { return static_cast<int64_t>(shape_.size()); }
  int64_t size() const noexcept { return count_; }  ///< number of elements
  size_t byte_size() const noexcept;                ///< packed types rounded up to a byte; strings: sizeof(std::string) each

  /// The elements. Throws Error (invalid_argument) unless `dtype_of<T>` is the tensor's dtype.
  template <class T>
  std::span<const T> data() const {
    require(dtype_of<T>);
    return {static_cast<const T*>(raw()), static_cast<size_t>(count_)};
  }
  template <class T>
  std::span<T> mutable_data() {
    require(dtype_of<T>);
    return {static_cast<T*>(mutable_raw()), static_cast<size_t>(count_)};
  }
  const void* raw() const noexcept { return access_ == Access::unaligned ? aligned() : data_; }
  /// The bytes where the viewed memory has them, perhaps not aligned: for who copies them anyway. Otherwise like `raw`.
  const void* stored() const noexcept;
  void* mutable_raw();

  /// The same elements under another shape of the same size. Throws Error (invalid_argument).
  Tensor reshaped(Shape shape) const;

  /// True when no other tensor shares the elements and they may be written in place.
  bool is_exclusive() const noexcept;

 private:
  friend struct TensorMaker;
  enum class Access : uint8_t { owned, viewed, borrowed, unaligned };
  const void* aligned() const noexcept;
  void require(DType expected) const;

  DType dtype_ = DType::float32;
  Access access_ = Access::owned;
  Shape shape_{0};
  int64_t count_ = 0;
  void* data_ = nullptr;
  std::shared_ptr<void> owner_;
};

/// What a run takes and gives: a tensor, a sequence, an optional or a map.
class Value {
 public:
  enum class Kind : uint8_t { tensor, sequence, optional, map };

  Value() = default;
  Value(Tensor tensor) : tensor_(std::move(tensor)) {}  // NOLINT: a tensor is a value
  static Value sequence(std::vector<Value> items);
  static Value optional();            ///< an optional without content
  static Value optional(Value item);  ///< an optional that holds `item`
  /// `keys` int64 or string of shape [n]; `values` of shape [n].
  static Value map(Tensor keys, Tensor values);

  Kind kind() const noexcept { return kind_; }
  bool is_tensor() const noexcept { return kind_ == Kind::tensor; }
  /// The tensor. Throws Error (invalid_argument) for another kind.
  const Tensor& tensor() const;
  Tensor& tensor();
  /// Items of a sequence; of an optional, none or one.
  const std::vector<Value>& items() const;
  const Tensor& keys() const;
  const Tensor& values() const;

 private:
  Kind kind_ = Kind::tensor;
  Tensor tensor_;  // the tensor, or a map's values
  std::shared_ptr<const std::vector<Value>> items_;
  std::shared_ptr<const Tensor> keys_;
};
std::string_view to_string(Value::Kind kind) noexcept;

template <class T>
Tensor Tensor::of(Shape shape, std::span<const T> values) {
  Tensor out(dtype_of<T>, std::move(shape));
  std::span<T> target = out.mutable_data<T>();
  if (target.size() != values.size())
    throw Error(ErrorCode::invalid_argument, std::to_string(values.size()) + " values for shape " + to_string(out.shape()));
  for (size_t i = 0; i < values.size(); ++i) target[i] = values[i];
  return out;
}

}  // namespace nacre
