// Elementwise kernels for every plain dtype: loops over dense runs, one function for each operation and type.
//
//     TypedBinaryKernel add = kernels().typed_binary(TypedBinary::add, Element::int32);   // null: there is none
//     add(x, z, y, n);                                                                    // y[i] = x[i] + z[i]; y may be x or z
//     kernels().convert(Element::float32, Element::int64)(x, y, n);                       // as Cast does
//
// A repeated operand is the caller's business (a short run of it is as good). Integers wrap.
#pragma once

#include <cstdint>

namespace nacre::native {

enum class Element : uint8_t { float32, float64, int8, int16, int32, int64, uint8, uint16, uint32, uint64, boolean, float16, count_ };

/// div: of integers towards zero, the divisor never 0. min and max: NaN when either is. The comparisons give bytes of 0 and 1.
enum class TypedBinary : uint8_t { add, sub, mul, div, min, max, equal, less, less_equal, bit_and, bit_or, bit_xor, count_ };
using TypedBinaryKernel = void (*)(const void* x, const void* z, void* y, int64_t n);

enum class TypedUnary : uint8_t { neg, abs, sign, relu, sqrt, reciprocal, floor, ceil, round, exp, tanh, count_ };
using TypedUnaryKernel = void (*)(const void* x, void* y, int64_t n);

/// y[i] = condition[i] ? x[i] : z[i].
using ChooseKernel = void (*)(const uint8_t* condition, const void* x, const void* z, void* y, int64_t n);

}  // namespace nacre::native
