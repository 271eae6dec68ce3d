#include "core/convert.h"

#include <algorithm>
#include <complex>
#include <cstring>
#include <type_traits>

#include "core/convert_text.h"
#include "core/half.h"
#include "core/small_float.h"

namespace nacre {
namespace {

constexpr int64_t kBlock = 1024;

// Float to integer with the fraction cut. Out of range is undefined in ONNX; here it is the smallest integer of the type,
// which is what x86 and therefore numpy and ONNX Runtime give.
template <class I, class F>
I cut(F value) {
  constexpr F lowest = static_cast<F>(std::numeric_limits<I>::min());  // exact: a power of two
  return value >= lowest && value < -lowest ? static_cast<I>(value) : std::numeric_limits<I>::min();
}

template <class F>
uint64_t cut_unsigned(F value) {
  constexpr F half = static_cast<F>(uint64_t{1} << 63);
  if (value >= half && value < half * 2) return static_cast<uint64_t>(value);
  return static_cast<uint64_t>(cut<int64_t>(value));
}

template <class To, class From>
To number_as(From value) {
  if constexpr (std::is_same_v<From, Float16> || std::is_same_v<From, BFloat16>) {
    return number_as<To>(static_cast<float>(value));
  } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    if constexpr (std::is_same_v<To, uint64_t>)
      return cut_unsigned(value);
    else if constexpr (sizeof(To) == 8 || std::is_same_v<To, uint32_t>)
      return static_cast<To>(cut<int64_t>(value));
    else
      return static_cast<To>(cut<int32_t>(value));
  } else {
    return static_cast<To>(value);
  }
}

template <class T>
T read_storage(const T* at) {
  return *at;
}
inline float read_storage(const Float16* at) { return float_from_half(at->bits); }
inline float read_storage(const BFloat16* at) { return float_from_bfloat(at->bits); }

template <class From, class T>
void load_plain(const void* source, int64_t first, int64_t count, T* out) {
  const From* in = static_cast<const From*>(source) + first;
  if constexpr (std::is_same_v<From, T>) {
    std::copy_n(in, count, out);
  } else {
    for (int64_t i = 0; i < count; ++i) out[i] = number_as<T>(read_storage(in + i));
  }
}

template <class T>
void load_bool(const void* source, int64_t first, int64_t count, T* out) {
  const uint8_t* in = static_cast<const uint8_t*>(source) + first;
  for (int64_t i = 0; i < count; ++i) out[i] = static_cast<T>(in[i] != 0);
}

template <class F, class T>
void load_real_part(const void* source, int64_t first, int64_t count, T* out) {
  const F* in = static_cast<const F*>(source) + 2 * first;
  for (int64_t i = 0; i < count; ++i) out[i] = number_as<T>(in[2 * i]);
}

template <class T>
void load_table(const float* table, const void* source, int64_t first, int64_t count, T* out) {
  const uint8_t* in = static_cast<const uint8_t*>(source) + first;
  for (int64_t i = 0; i < count; ++i) out[i] = number_as<T>(table[in[i]]);
}

// Calls each(i, code) for packed elements, low bits first.
template <int bits, class Each>
void for_each_packed(const void* source, int64_t first, int64_t count, Each each) {
  constexpr int64_t per_byte = 8 / bits;
  const uint8_t* in = static_cast<const uint8_t*>(source);
  for (int64_t i = 0; i < count; ++i) {
    const int64_t at = first + i;
    each(i, static_cast<uint8_t>(in[at / per_byte] >> (at % per_byte * bits) & ((1 << bits) - 1)));
  }
}

template <int bits, bool is_signed, class T>
void load_packed(const void* source, int64_t first, int64_t count, T* out) {
  for_each_packed<bits>(source, first, count, [out](int64_t i, uint8_t code) {
    if constexpr (is_signed)
      out[i] = static_cast<T>(static_cast<int64_t>(static_cast<int8_t>(code << (8 - bits)) >> (8 - bits)));
    else
      out[i] = static_cast<T>(code);
  });
}

// The low byte of the integer nearest to zero, for bool and the packed integers.
template <class T>
uint8_t low_byte(T value) {
  if constexpr (std::is_floating_point_v<T>)
    return static_cast<uint8_t>(cut<int32_t>(value));
  else
    return static_cast<uint8_t>(value);
}

// By bits, because with flush-to-zero on a denormal would compare equal to zero.
template <class T>
bool is_nonzero(T value) {
  if constexpr (std::is_same_v<T, float>)
    return std::bit_cast<uint32_t>(value) << 1 != 0;
  else if constexpr (std::is_same_v<T, double>)
    return std::bit_cast<uint64_t>(value) << 1 != 0;
  else
    return value != 0;
}

template <class T>
Float16 half_of(T value) {
  Float16 out;
  if constexpr (std::is_same_v<T, float>)
    out.bits = half_from_float(value);
  else
    out.bits = static_cast<uint16_t>(encode(kFloat16, parts_of(value), false));
  return out;
}

template <class T>
BFloat16 bfloat_of(T value) {
  BFloat16 out;
  if constexpr (std::is_same_v<T, float>)
    out.bits = bfloat_from_float(value);
  else
    out.bits = static_cast<uint16_t>(encode(kBFloat16, parts_of(value), false));
  return out;
}

template <class To, class T>
void store_plain(void* target, int64_t first, int64_t count, const T* in) {
  To* out = static_cast<To*>(target) + first;
  if constexpr (std::is_same_v<To, T>) {
    std::copy_n(in, count, out);
  } else {
    for (int64_t i = 0; i < count; ++i) {
      if constexpr (std::is_same_v<To, Float16>)
        out[i] = half_of(in[i]);
      else if constexpr (std::is_same_v<To, BFloat16>)
        out[i] = bfloat_of(in[i]);
      else if constexpr (std::is_same_v<To, bool>)
        out[i] = is_nonzero(in[i]);
      else
        out[i] = number_as<To>(in[i]);
    }
  }
}

template <class F, class T>
void store_real_part(void* target, int64_t first, int64_t count, const T* in) {
  F* out = static_cast<F*>(target) + 2 * first;
  for (int64_t i = 0; i < count; ++i) out[2 * i] = static_cast<F>(in[i]), out[2 * i + 1] = 0;
}

template <class T>
void store_small(const FloatFormat& format, void* target, int64_t first, int64_t count, const T* in, bool saturate) {
  uint8_t* out = static_cast<uint8_t*>(target) + first;
  for (int64_t i = 0; i < count; ++i) out[i] = static_cast<uint8_t>(encode(format, parts_of(in[i]), saturate));
}

template <class T>
void store_e8m0(void* target, int64_t first, int64_t count, const T* in, const ConvertOptions& options) {
  uint8_t* out = static_cast<uint8_t*>(target) + first;
  for (int64_t i = 0; i < count; ++i) out[i] = static_cast<uint8_t>(encode_e8m0(parts_of(in[i]), options));
}

template <int bits, class T, class Code>
void store_packed(void* target, int64_t first, int64_t count, const T* in, Code code) {
  constexpr int64_t per_byte = 8 / bits;
  constexpr int mask = (1 << bits) - 1;
  uint8_t* out = static_cast<uint8_t*>(target);
  for (int64_t i = 0; i < count; ++i) {
    const int64_t at = first + i;
    const int shift = static_cast<int>(at % per_byte) * bits;
    uint8_t& byte = out[at / per_byte];
    byte = static_cast<uint8_t>((byte & ~(mask << shift)) | (code(in[i]) & mask) << shift);
  }
}

}  // namespace

template <class T>
void load_as(DType dtype, const void* source, int64_t first, int64_t count, T* out) {
  switch (dtype) {
    case DType::float32: return load_plain<float>(source, first, count, out);
    case DType::float64: return load_plain<double>(source, first, count, out);
    case DType::float16: return load_plain<Float16>(source, first, count, out);
    case DType::bfloat16: return load_plain<BFloat16>(source, first, count, out);
    case DType::int8: return load_plain<int8_t>(source, first, count, out);
    case DType::int16: return load_plain<int16_t>(source, first, count, out);
    case DType::int32: return load_plain<int32_t>(source, first, count, out);
    case DType::int64: return load_plain<int64_t>(source, first, count, out);
    case DType::uint8: return load_plain<uint8_t>(source, first, count, out);
    case DType::uint16: return load_plain<uint16_t>(source, first, count, out);
    case DType::uint32: return load_plain<uint32_t>(source, first, count, out);
    case DType::uint64: return load_plain<uint64_t>(source, first, count, out);
    case DType::boolean: return load_bool(source, first, count, out);
    case DType::complex64: return load_real_part<float>(source, first, count, out);
    case DType::complex128: return load_real_part<double>(source, first, count, out);
    case DType::float8e4m3fn:
    case DType::float8e4m3fnuz:
    case DType::float8e5m2:
    case DType::float8e5m2fnuz:
    case DType::float8e8m0: return load_table(decode_table(dtype), source, first, count, out);
    case DType::float4e2m1:
      return for_each_packed<4>(source, first, count,
                                [out, table = decode_table(dtype)](int64_t i, uint8_t code) { out[i] = number_as<T>(table[code]); });
    case DType::uint4: return load_packed<4, false>(source, first, count, out);
    case DType::int4: return load_packed<4, true>(source, first, count, out);
    case DType::uint2: return load_packed<2, false>(source, first, count, out);
    case DType::int2: return load_packed<2, true>(source, first, count, out);
    case DType::undefined:
    case DType::string: std::fill_n(out, count, T{0});
  }
}

template <class T>
void store_from(DType dtype, void* target, int64_t first, int64_t count, const T* in, const ConvertOptions& options) {
  const auto low = [](T value) { return low_byte(value); };
  switch (dtype) {
    case DType::float32: return store_plain<float>(target, first, count, in);
    case DType::float64: return store_plain<double>(target, first, count, in);
    case DType::float16: return store_plain<Float16>(target, first, count, in);
    case DType::bfloat16: return store_plain<BFloat16>(target, first, count, in);
    case DType::int8: return store_plain<int8_t>(target, first, count, in);
    case DType::int16: return store_plain<int16_t>(target, first, count, in);
    case DType::int32: return store_plain<int32_t>(target, first, count, in);
    case DType::int64: return store_plain<int64_t>(target, first, count, in);
    case DType::uint8: return store_plain<uint8_t>(target, first, count, in);
    case DType::uint16: return store_plain<uint16_t>(target, first, count, in);
    case DType::uint32: return store_plain<uint32_t>(target, first, count, in);
    case DType::uint64: return store_plain<uint64_t>(target, first, count, in);
    case DType::boolean: return store_plain<bool>(target, first, count, in);
    case DType::complex64: return store_real_part<float>(target, first, count, in);
    case DType::complex128: return store_real_part<double>(target, first, count, in);
    case DType::float8e4m3fn: return store_small(kE4M3FN, target, first, count, in, options.saturate);
    case DType::float8e4m3fnuz: return store_small(kE4M3FNUZ, target, first, count, in, options.saturate);
    case DType::float8e5m2: return store_small(kE5M2, target, first, count, in, options.saturate);
    case DType::float8e5m2fnuz: return store_small(kE5M2FNUZ, target, first, count, in, options.saturate);
    case DType::float8e8m0: return store_e8m0(target, first, count, in, options);
    case DType::float4e2m1: return store_packed<4>(target, first, count, in, [](T value) { return encode(kE2M1, parts_of(value), true); });
    case DType::uint4:
    case DType::int4: return store_packed<4>(target, first, count, in, low);
    case DType::uint2:
    case DType::int2: return store_packed<2>(target, first, count, in, low);
    case DType::undefined:
    case DType::string: return;
  }
}

#define NACRE_CONVERSIONS(T)                                          \
  template void load_as<T>(DType, const void*, int64_t, int64_t, T*); \
  template void store_from<T>(DType, void*, int64_t, int64_t, const T*, const ConvertOptions&);
NACRE_CONVERSIONS(float)
NACRE_CONVERSIONS(double)
NACRE_CONVERSIONS(int64_t)
NACRE_CONVERSIONS(uint64_t)
#undef NACRE_CONVERSIONS

namespace {

// Through the type that holds every value of `from` exactly, a block at a time.
template <class T>
void convert_numbers(const Tensor& from, Tensor& to, const ConvertOptions& options) {
  T block[kBlock];
  void* target = to.mutable_raw();
  for (int64_t first = 0; first < from.size(); first += kBlock) {
    const int64_t count = std::min(kBlock, from.size() - first);
    load_as(from.dtype(), from.raw(), first, count, block);
    store_from(to.dtype(), target, first, count, block, options);
  }
}

template <class F, class T>
void convert_complex(const Tensor& from, Tensor& to) {
  const F* in = static_cast<const F*>(from.raw());
  T* out = static_cast<T*>(to.mutable_raw());
  for (int64_t i = 0; i < 2 * from.size(); ++i) out[i] = static_cast<T>(in[i]);
}

void copy_elements(const Tensor& from, Tensor& to) {
  if (from.size() == 0) return;
  if (from.dtype() == DType::string)
    std::ranges::copy(from.data<std::string>(), to.mutable_data<std::string>().begin());
  else
    std::memcpy(to.mutable_raw(), from.raw(), from.byte_size());
}

}  // namespace

Result<void> convert(const Tensor& from, Tensor& to, const ConvertOptions& options) {
  const DType source = from.dtype(), target = to.dtype();
  if (from.size() != to.size()) return fail(ErrorCode::invalid_argument, "cannot convert ", describe(from), " into ", describe(to));
  if (source == target) return copy_elements(from, to), Result<void>{};
  if (source == DType::string) return numbers_from_text(from, to, options);
  if (source == DType::float8e8m0 && target == DType::boolean) {  // powers of two and NaN; the least is a float that may be flushed to 0
    std::ranges::fill(to.mutable_data<bool>(), true);
    return {};
  }
  if (target == DType::string) return text_from_numbers(from, to);
  if (source == DType::complex64 && target == DType::complex128)
    convert_complex<float, double>(from, to);
  else if (source == DType::complex128 && target == DType::complex64)
    convert_complex<double, float>(from, to);
  else if (source == DType::float64 || source == DType::complex128)
    convert_numbers<double>(from, to, options);
  else if (is_float(source) || source == DType::complex64)
    convert_numbers<float>(from, to, options);
  else if (is_integer(source) && is_signed(source))
    convert_numbers<int64_t>(from, to, options);
  else
    convert_numbers<uint64_t>(from, to, options);
  return {};
}

}  // namespace nacre
