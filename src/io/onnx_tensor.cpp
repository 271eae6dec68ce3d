#include "io/onnx_tensor.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

#include "core/allocate.h"
#include "core/checked.h"
#include "io/tensor_bytes.h"

namespace nacre::onnx {
namespace {

Result<DType> checked_dtype(int32_t number) {
  if (number <= 0 || number >= kDTypeCount) return fail(ErrorCode::invalid_model, "data type ", number, " does not exist");
  return static_cast<DType>(number);
}

/// What every form of elements is checked against.
struct Want {
  DType dtype;
  const Shape& dims;
  int64_t count, bytes;
};

Result<void> expect_count(const Want& want, std::string_view field, size_t found, int64_t expected) {
  if (static_cast<int64_t>(found) == expected) return {};
  return fail(ErrorCode::invalid_model, field, " has ", found, " elements, ", want.dtype, want.dims, " needs ", expected);
}

template <class Stored>
Result<Tensor> copied(const Want& want, std::string_view field, const std::vector<Stored>& stored, int64_t expected) {
  NACRE_TRY(expect_count(want, field, stored.size(), expected));
  Tensor out = NACRE_TRY(allocate(want.dtype, want.dims));
  if (!stored.empty()) std::memcpy(out.mutable_raw(), stored.data(), stored.size() * sizeof(Stored));
  return out;
}

/// Keeps the low bits of each number; refuses those that do not fit. Bit patterns may come sign-extended.
template <class T>
Result<Tensor> narrowed(const Want& want, const auto& stored, std::string_view field, int64_t expected) {
  NACRE_TRY(expect_count(want, field, stored.size(), expected));
  constexpr int64_t top = int64_t{1} << (8 * sizeof(T));
  const bool number = is_integer(want.dtype) && !is_packed(want.dtype);
  const int64_t low = number && !is_signed(want.dtype) ? 0 : -top / 2;
  const int64_t high = number && is_signed(want.dtype) ? top / 2 : top;
  Tensor out = NACRE_TRY(allocate(want.dtype, want.dims));
  T* target = static_cast<T*>(out.mutable_raw());
  for (const auto value : stored) {
    if (std::cmp_less(value, low) || std::cmp_greater_equal(value, high))
      return fail(ErrorCode::invalid_model, field, " holds ", value, ", which is no ", want.dtype);
    *target++ = want.dtype == DType::boolean ? value != 0 : static_cast<T>(value);
  }
  return out;
}

Result<Tensor> from_strings(const Want& want, const std::vector<std::string_view>& stored) {
  NACRE_TRY(expect_count(want, "string_data", stored.size(), want.count));
  Tensor out = NACRE_TRY(allocate(DType::string, want.dims));
  std::ranges::copy(stored, out.mutable_data<std::string>().begin());
  return out;
}

Result<Tensor> from_fields(const Want& want, const TensorProto& proto) {
  switch (want.dtype) {
    case DType::float32: return copied(want, "float_data", proto.float_data, want.count);
    case DType::complex64: return copied(want, "float_data", proto.float_data, want.bytes / 4);
    case DType::float64: return copied(want, "double_data", proto.double_data, want.count);
    case DType::complex128: return copied(want, "double_data", proto.double_data, want.bytes / 8);
    case DType::int64: return copied(want, "int64_data", proto.int64_data, want.count);
    case DType::int32: return copied(want, "int32_data", proto.int32_data, want.count);
    case DType::uint64: return copied(want, "uint64_data", proto.uint64_data, want.count);
    case DType::uint32: return narrowed<uint32_t>(want, proto.uint64_data, "uint64_data", want.count);
    case DType::string: return from_strings(want, proto.string_data);
    case DType::float16:
    case DType::bfloat16:
    case DType::int16:
    case DType::uint16: return narrowed<uint16_t>(want, proto.int32_data, "int32_data", want.count);
    default: return narrowed<uint8_t>(want, proto.int32_data, "int32_data", want.bytes);  // packed types: a byte in each number
  }
}

Result<int64_t> parse_size(std::string_view key, std::string_view text) {
  int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data(), end, value);
  if (code != std::errc() || stop != end) return fail(ErrorCode::invalid_model, "external data ", key, " is no number: '", text, "'");
  if (value < 0) return fail(ErrorCode::invalid_model, "external data ", key, " is negative: ", value);
  return value;
}

struct ExternalReference {
  std::string_view location;
  int64_t offset = 0;
  std::optional<int64_t> length;
};

Result<ExternalReference> parse_external(const TensorProto& proto) {
  ExternalReference out;
  for (const auto& [key, value] : proto.external_data) {
    if (key == "location")
      out.location = value;
    else if (key == "offset")
      out.offset = NACRE_TRY(parse_size(key, value));
    else if (key == "length")
      out.length = NACRE_TRY(parse_size(key, value));
  }
  if (out.location.empty()) return fail(ErrorCode::invalid_model, "external data has no location");
  return out;
}

Result<Tensor> from_external(const Want& want, const TensorProto& proto, ExternalDir* external) {
  if (want.dtype == DType::string) return fail(ErrorCode::invalid_model, "strings cannot be external data");
  if (!external) return fail(ErrorCode::invalid_argument, "external data in a model that was not loaded from a file");
  const ExternalReference ref = NACRE_TRY(parse_external(proto));
  if (ref.length.value_or(want.bytes) != want.bytes)
    return fail(ErrorCode::invalid_model, "external data has length ", *ref.length, ", ", want.dtype, want.dims, " needs ", want.bytes);
  const MappedFile file = NACRE_TRY(external->open(ref.location));
  const Bytes bytes = file.bytes();
  if (!checked_range(ref.offset, want.bytes, static_cast<int64_t>(bytes.size())))
    return fail(ErrorCode::invalid_model, "external data '", ref.location, "' is too short: ", want.bytes, " bytes at offset ", ref.offset,
                " wanted, it has ", bytes.size());
  const Bytes stored = bytes.subspan(static_cast<size_t>(ref.offset), static_cast<size_t>(want.bytes));
  return tensor_from_bytes(want.dtype, want.dims, stored, file.owner());
}

Result<Tensor> decode(const TensorProto& proto, std::shared_ptr<const void> owner, ExternalDir* external) {
  if (proto.has_segment) return fail(ErrorCode::unsupported, "tensors in segments");
  const DType dtype = NACRE_TRY(checked_dtype(proto.data_type));
  const Want want{dtype, proto.dims, NACRE_TRY(checked_count(proto.dims)), NACRE_TRY(checked_bytes(dtype, proto.dims))};
  if (proto.data_location == TensorProto::EXTERNAL) return from_external(want, proto, external);
  if (!proto.has_raw_data) return from_fields(want, proto);
  if (dtype == DType::string) return fail(ErrorCode::invalid_model, "strings cannot be raw_data");
  return tensor_from_bytes(dtype, proto.dims, proto.raw_data, std::move(owner));
}

Error named(Error error, std::string_view name) {
  error.within(name.empty() ? std::string("tensor") : cat("tensor '", name, "'"));
  return error;
}

}  // namespace

Result<MappedFile> ExternalDir::open(std::string_view location) {
  if (const auto found = files_.find(location); found != files_.end()) return found->second;
  MappedFile file = NACRE_TRY(map_beneath(directory_, location));
  files_.emplace(location, file);
  return file;
}

Result<Tensor> to_tensor(const TensorProto& proto, std::shared_ptr<const void> owner, ExternalDir* external) {
  Result<Tensor> out = decode(proto, std::move(owner), external);
  if (!out) return std::unexpected(named(std::move(out).error(), proto.name));
  return out;
}

namespace {

/// The place of entry `row` in the dense tensor, from a linear index or from one index per dimension.
Result<int64_t> place_of(std::span<const int64_t> index, const Shape& dims, int64_t count, int64_t row) {
  if (index.size() == 1 && dims.size() != 1) {
    if (index[0] >= 0 && index[0] < count) return index[0];
    return fail(ErrorCode::invalid_model, "index ", index[0], " of entry ", row, " is outside [0, ", count, ")");
  }
  int64_t place = 0;
  for (size_t axis = 0; axis < dims.size(); ++axis) {
    if (index[axis] < 0 || index[axis] >= dims[axis])
      return fail(ErrorCode::invalid_model, "index ", index[axis], " of entry ", row, " is outside [0, ", dims[axis], ") on axis ", axis);
    place = place * dims[axis] + index[axis];
  }
  return place;
}

void copy_element(const Tensor& from, int64_t source, Tensor& to, int64_t target) {
  if (from.dtype() == DType::string) {
    to.mutable_data<std::string>()[static_cast<size_t>(target)] = from.data<std::string>()[static_cast<size_t>(source)];
    return;
  }
  const auto bits = static_cast<int64_t>(bits_of(from.dtype()));
  const auto* in = static_cast<const unsigned char*>(from.raw());
  auto* out = static_cast<unsigned char*>(to.mutable_raw());
  if (bits >= 8) {
    std::memcpy(out + target * (bits / 8), in + source * (bits / 8), static_cast<size_t>(bits / 8));
    return;
  }
  const int value = in[source * bits / 8] >> (source * bits % 8) & ((1 << bits) - 1);
  out[target * bits / 8] |= static_cast<unsigned char>(value << (target * bits % 8));  // the target starts as zeros
}

/// Number of indices per entry.
Result<size_t> index_width(const Tensor& indices, const Tensor& values, size_t rank) {
  const Shape& shape = indices.shape();
  const bool linear = shape.size() == 1, rows = shape.size() == 2 && shape[1] == static_cast<int64_t>(rank);
  if (indices.dtype() != DType::int64 || values.rank() != 1 || !(linear || rows) || shape[0] != values.size())
    return fail(ErrorCode::invalid_model, "sparse values ", describe(values), " with indices ", describe(indices), " for rank ", rank);
  return linear ? 1 : rank;
}

Result<Tensor> to_dense(const SparseTensorProto& proto, ExternalDir* external, int64_t max_bytes) {
  const Tensor values = NACRE_TRY(to_tensor(proto.values, nullptr, external));
  const Tensor indices = NACRE_TRY(to_tensor(proto.indices, nullptr, external));
  const size_t width = NACRE_TRY(index_width(indices, values, proto.dims.size()));
  const int64_t count = NACRE_TRY(checked_count(proto.dims)), bytes = NACRE_TRY(checked_bytes(values.dtype(), proto.dims));
  if (bytes > max_bytes)
    return fail(ErrorCode::resource_exhausted, "dense ", values.dtype(), proto.dims, " takes ", bytes, " bytes, the limit is ", max_bytes);
  Tensor out = NACRE_TRY(allocate(values.dtype(), proto.dims, nullptr, Fill::zero));
  const std::span<const int64_t> all = indices.data<int64_t>();
  int64_t last = -1;
  for (int64_t row = 0; row < values.size(); ++row) {
    const int64_t place = NACRE_TRY(place_of(all.subspan(static_cast<size_t>(row) * width, width), proto.dims, count, row));
    if (place <= last) return fail(ErrorCode::invalid_model, "entry ", row, " of the indices is not after the one before it");
    copy_element(values, row, out, last = place);
  }
  return out;
}

}  // namespace

Result<Tensor> to_tensor(const SparseTensorProto& proto, ExternalDir* external, int64_t max_bytes) {
  Result<Tensor> out = to_dense(proto, external, max_bytes);
  if (!out) return std::unexpected(named(std::move(out).error(), proto.values.name).within("sparse"));
  return out;
}

TensorProto from_tensor(const Tensor& tensor, std::string_view name) {
  TensorProto out;
  out.dims = tensor.shape();
  out.data_type = static_cast<int32_t>(tensor.dtype());
  out.name = name;
  if (tensor.dtype() == DType::string) {
    for (const std::string& text : tensor.data<std::string>()) out.string_data.push_back(text);
    return out;
  }
  out.has_raw_data = true;
  out.raw_data = {static_cast<const std::byte*>(tensor.raw()), tensor.byte_size()};
  return out;
}

}  // namespace nacre::onnx
