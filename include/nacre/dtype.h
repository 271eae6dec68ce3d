// Element types: all of ONNX's, with ONNX's numbers.
//
//     nacre::DType t = nacre::DType::bfloat16;
//     std::cout << nacre::to_string(t) << " has " << nacre::bits_of(t) << " bits\n";
//     float x = static_cast<float>(nacre::BFloat16(0.1f));   // rounds to nearest, ties to even
//     bool packed = nacre::is_packed(nacre::DType::int4);    // two elements in a byte, low half first
//
#pragma once

#include <complex>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nacre {

/// The numbers are `TensorProto.DataType`'s.
enum class DType : uint8_t {
  undefined = 0,
  float32 = 1,
  uint8 = 2,
  int8 = 3,
  uint16 = 4,
  int16 = 5,
  int32 = 6,
  int64 = 7,
  string = 8,
  boolean = 9,
  float16 = 10,
  float64 = 11,
  uint32 = 12,
  uint64 = 13,
  complex64 = 14,
  complex128 = 15,
  bfloat16 = 16,
  float8e4m3fn = 17,
  float8e4m3fnuz = 18,
  float8e5m2 = 19,
  float8e5m2fnuz = 20,
  uint4 = 21,
  int4 = 22,
  float4e2m1 = 23,
  float8e8m0 = 24,
  uint2 = 25,
  int2 = 26,
};
inline constexpr int kDTypeCount = 27;

/// ONNX's lower-case name: "float32", "bfloat16", "float8e4m3fn", "bool", "int4", ...
std::string_view to_string(DType dtype) noexcept;
/// The type of that name; also numpy's spellings ("<f4", "bool", "float64"). Empty when unknown.
std::optional<DType> parse_dtype(std::string_view name) noexcept;

/// Bits of one element in storage: 2, 4, 8 ... 128; 0 for `string` and `undefined`.
size_t bits_of(DType dtype) noexcept;
/// True for the 2- and 4-bit types, whose elements share bytes, low bits first.
constexpr bool is_packed(DType d) noexcept {
  return d == DType::uint4 || d == DType::int4 || d == DType::float4e2m1 || d == DType::uint2 || d == DType::int2;
}
/// True for every real floating-point type, 4 to 64 bits.
bool is_float(DType dtype) noexcept;
/// True for signed and unsigned integers of any width; false for bool.
bool is_integer(DType dtype) noexcept;
bool is_signed(DType dtype) noexcept;
bool is_complex(DType dtype) noexcept;

/// IEEE half precision. Conversion from float rounds to nearest, ties to even; overflow gives infinity.
struct Float16 {
  uint16_t bits = 0;
  Float16() = default;
  explicit Float16(float value) noexcept;
  explicit operator float() const noexcept;
};

/// The upper half of a float. Conversion rounds to nearest, ties to even; NaN stays NaN.
struct BFloat16 {
  uint16_t bits = 0;
  BFloat16() = default;
  explicit BFloat16(float value) noexcept;
  explicit operator float() const noexcept;
};

/// Maps a C++ type to its DType: `dtype_of<float>` is `DType::float32`. Sub-byte and 8-bit floats have no C++ type.
template <class T>
inline constexpr DType dtype_of = DType::undefined;
template <>
inline constexpr DType dtype_of<float> = DType::float32;
template <>
inline constexpr DType dtype_of<double> = DType::float64;
template <>
inline constexpr DType dtype_of<Float16> = DType::float16;
template <>
inline constexpr DType dtype_of<BFloat16> = DType::bfloat16;
template <>
inline constexpr DType dtype_of<int8_t> = DType::int8;
template <>
inline constexpr DType dtype_of<int16_t> = DType::int16;
template <>
inline constexpr DType dtype_of<int32_t> = DType::int32;
template <>
inline constexpr DType dtype_of<int64_t> = DType::int64;
template <>
inline constexpr DType dtype_of<uint8_t> = DType::uint8;
template <>
inline constexpr DType dtype_of<uint16_t> = DType::uint16;
template <>
inline constexpr DType dtype_of<uint32_t> = DType::uint32;
template <>
inline constexpr DType dtype_of<uint64_t> = DType::uint64;
template <>
inline constexpr DType dtype_of<bool> = DType::boolean;
template <>
inline constexpr DType dtype_of<std::complex<float>> = DType::complex64;
template <>
inline constexpr DType dtype_of<std::complex<double>> = DType::complex128;
template <>
inline constexpr DType dtype_of<std::string> = DType::string;

}  // namespace nacre
