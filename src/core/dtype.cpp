#include "nacre/dtype.h"

#include <bit>

#include "core/half.h"

namespace nacre {
namespace {

enum class Family : uint8_t { none, real, integer, boolean, complex };

struct Row {
  std::string_view name;
  uint8_t bits;
  Family family;
  bool is_signed;
};

// Indexed by TensorProto.DataType's number.
constexpr Row kRows[kDTypeCount] = {
    {"undefined", 0, Family::none, false},      {"float32", 32, Family::real, true},    {"uint8", 8, Family::integer, false},
    {"int8", 8, Family::integer, true},         {"uint16", 16, Family::integer, false}, {"int16", 16, Family::integer, true},
    {"int32", 32, Family::integer, true},       {"int64", 64, Family::integer, true},   {"string", 0, Family::none, false},
    {"bool", 8, Family::boolean, false},        {"float16", 16, Family::real, true},    {"float64", 64, Family::real, true},
    {"uint32", 32, Family::integer, false},     {"uint64", 64, Family::integer, false}, {"complex64", 64, Family::complex, true},
    {"complex128", 128, Family::complex, true}, {"bfloat16", 16, Family::real, true},   {"float8e4m3fn", 8, Family::real, true},
    {"float8e4m3fnuz", 8, Family::real, true},  {"float8e5m2", 8, Family::real, true},  {"float8e5m2fnuz", 8, Family::real, true},
    {"uint4", 4, Family::integer, false},       {"int4", 4, Family::integer, true},     {"float4e2m1", 4, Family::real, true},
    {"float8e8m0", 8, Family::real, false},     {"uint2", 2, Family::integer, false},   {"int2", 2, Family::integer, true},
};

struct Alias {
  std::string_view name;
  DType dtype;
};

// ONNX's type strings, numpy's kind-and-size codes and ml_dtypes' names.
constexpr Alias kAliases[] = {
    {"float", DType::float32},
    {"double", DType::float64},
    {"half", DType::float16},
    {"boolean", DType::boolean},
    {"str", DType::string},
    {"f2", DType::float16},
    {"f4", DType::float32},
    {"f8", DType::float64},
    {"i1", DType::int8},
    {"i2", DType::int16},
    {"i4", DType::int32},
    {"i8", DType::int64},
    {"u1", DType::uint8},
    {"u2", DType::uint16},
    {"u4", DType::uint32},
    {"u8", DType::uint64},
    {"b1", DType::boolean},
    {"?", DType::boolean},
    {"c8", DType::complex64},
    {"c16", DType::complex128},
    {"O", DType::string},
    {"float8_e4m3fn", DType::float8e4m3fn},
    {"float8_e4m3fnuz", DType::float8e4m3fnuz},
    {"float8_e5m2", DType::float8e5m2},
    {"float8_e5m2fnuz", DType::float8e5m2fnuz},
    {"float8_e8m0fnu", DType::float8e8m0},
    {"float4_e2m1fn", DType::float4e2m1},
};

const Row& row(DType dtype) noexcept {
  const auto index = static_cast<size_t>(dtype);
  return kRows[index < kDTypeCount ? index : 0];
}

}  // namespace

std::string_view to_string(DType dtype) noexcept { return row(dtype).name; }
size_t bits_of(DType dtype) noexcept { return row(dtype).bits; }
bool is_float(DType dtype) noexcept { return row(dtype).family == Family::real; }
bool is_integer(DType dtype) noexcept { return row(dtype).family == Family::integer; }
bool is_signed(DType dtype) noexcept { return row(dtype).is_signed; }
bool is_complex(DType dtype) noexcept { return row(dtype).family == Family::complex; }

std::optional<DType> parse_dtype(std::string_view name) noexcept {
  for (int i = 1; i < kDTypeCount; ++i)
    if (kRows[i].name == name) return static_cast<DType>(i);
  // Little-endian or not-applicable byte order only: a big-endian ">f4" needs swapping, which its reader must do.
  if (name.size() > 1 && (name[0] == '<' || name[0] == '|' || name[0] == '=')) name.remove_prefix(1);
  for (const Alias& alias : kAliases)
    if (alias.name == name) return alias.dtype;
  return std::nullopt;
}

Float16::Float16(float value) noexcept : bits(half_from_float(value)) {}
Float16::operator float() const noexcept { return float_from_half(bits); }
BFloat16::BFloat16(float value) noexcept : bits(bfloat_from_float(value)) {}
BFloat16::operator float() const noexcept { return float_from_bfloat(bits); }

}  // namespace nacre
