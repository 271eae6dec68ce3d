// The loops of the typed kernels, and the selection of one by type.
#pragma once

#include "backends/native/kernels/isa/local.h"

namespace nacre::NACRE_ISA {

using native::Element;

// y may be x or z itself, which __restrict denies: without it a compiler that fears any overlap computes such calls one by one.
// Element i of y depends on element i of the others alone, so no order in which they are read and written matters.
template <class T, class R, R (*Function)(T, T)>
static void zip_loop(const T* __restrict a, const T* __restrict b, R* __restrict out, int64_t n) {
  for (int64_t i = 0; i < n; ++i) out[i] = Function(a[i], b[i]);
}
template <class T, class R, R (*Function)(T, T)>
static void zip_typed(const void* x, const void* z, void* y, int64_t n) {
  zip_loop<T, R, Function>(static_cast<const T*>(x), static_cast<const T*>(z), static_cast<R*>(y), n);
}

template <class T, class R, R (*Function)(T)>
static void map_loop(const T* __restrict in, R* __restrict out, int64_t n) {
  for (int64_t i = 0; i < n; ++i) out[i] = Function(in[i]);
}
template <class T, class R, R (*Function)(T)>
static void map_typed(const void* x, void* y, int64_t n) {
  map_loop<T, R, Function>(static_cast<const T*>(x), static_cast<R*>(y), n);
}

namespace {
template <class T>
constexpr bool kIsFloat = T(0.5) != T(0);
template <class T>
constexpr bool kIsSigned = T(-1) < T(0);
}  // namespace

/// The unsigned type that integer arithmetic wraps in, no narrower than int.
template <int Bytes>
struct Wrapping {
  typedef uint32_t Type;
};
template <>
struct Wrapping<8> {
  typedef uint64_t Type;
};

}  // namespace nacre::NACRE_ISA
