// Two-input functions on every plain dtype, and the choice between two values.
#include "backends/native/kernels/isa/typed.h"

namespace nacre::NACRE_ISA {
namespace {

using native::TypedBinary;
using native::TypedBinaryKernel;

template <class T>
NACRE_INLINE T add(T a, T b) {
  if constexpr (kIsFloat<T>) return a + b;
  typedef typename Wrapping<sizeof(T)>::Type U;
  return T(U(a) + U(b));
}
template <class T>
NACRE_INLINE T subtract(T a, T b) {
  if constexpr (kIsFloat<T>) return a - b;
  typedef typename Wrapping<sizeof(T)>::Type U;
  return T(U(a) - U(b));
}
template <class T>
NACRE_INLINE T multiply(T a, T b) {
  if constexpr (kIsFloat<T>) return a * b;
  typedef typename Wrapping<sizeof(T)>::Type U;
  return T(U(a) * U(b));
}

/// Quotients of integers of up to 16 (32) bits are right when floats (doubles) are divided and cut: a quotient that is not whole
/// is further from the next whole number than the rounding reaches. There are vector instructions for those alone.
template <class T>
NACRE_INLINE T divide(T a, T b) {
  if constexpr (kIsFloat<T>) {
    return a / b;
  } else {
    const bool negates = kIsSigned<T> && b == T(-1);  // the smallest integer has no positive twin
    const T by = negates ? T(1) : b;
    T quotient;
    if constexpr (sizeof(T) <= 2)
      quotient = T(int32_t(float(a) / float(by)));
    else if constexpr (sizeof(T) == 4 && kIsSigned<T>)
      quotient = T(int32_t(double(a) / double(by)));
    else if constexpr (sizeof(T) == 4)
      quotient = T(int64_t(double(a) / double(by)));
    else
      quotient = a / by;
    return negates ? subtract(T(0), a) : quotient;
  }
}

template <class T>
NACRE_INLINE T smaller(T a, T b) {
  return ((a < b) | (a != a)) ? a : b;
}
template <class T>
NACRE_INLINE T larger(T a, T b) {
  return ((a > b) | (a != a)) ? a : b;
}
template <class T>
NACRE_INLINE uint8_t equal(T a, T b) {
  return a == b;
}
template <class T>
NACRE_INLINE uint8_t less(T a, T b) {
  return a < b;
}
template <class T>
NACRE_INLINE uint8_t less_equal(T a, T b) {
  return a <= b;
}
template <class T>
NACRE_INLINE T bit_and(T a, T b) {
  return T(a & b);
}
template <class T>
NACRE_INLINE T bit_or(T a, T b) {
  return T(a | b);
}
template <class T>
NACRE_INLINE T bit_xor(T a, T b) {
  return T(a ^ b);
}

/// What two's complement makes the same for signed and unsigned.
template <class T>
TypedBinaryKernel same_for_any_sign(TypedBinary op) {
  switch (op) {
    case TypedBinary::add: return zip_typed<T, T, add<T>>;
    case TypedBinary::sub: return zip_typed<T, T, subtract<T>>;
    case TypedBinary::mul: return zip_typed<T, T, multiply<T>>;
    case TypedBinary::equal: return zip_typed<T, uint8_t, equal<T>>;
    default: return nullptr;
  }
}

template <class T>
TypedBinaryKernel bitwise(TypedBinary op) {
  switch (op) {
    case TypedBinary::bit_and: return zip_typed<T, T, bit_and<T>>;
    case TypedBinary::bit_or: return zip_typed<T, T, bit_or<T>>;
    case TypedBinary::bit_xor: return zip_typed<T, T, bit_xor<T>>;
    default: return nullptr;
  }
}

template <class T>
TypedBinaryKernel by_order(TypedBinary op) {
  switch (op) {
    case TypedBinary::div: return zip_typed<T, T, divide<T>>;
    case TypedBinary::min: return zip_typed<T, T, smaller<T>>;
    case TypedBinary::max: return zip_typed<T, T, larger<T>>;
    case TypedBinary::less: return zip_typed<T, uint8_t, less<T>>;
    case TypedBinary::less_equal: return zip_typed<T, uint8_t, less_equal<T>>;
    default: return nullptr;
  }
}

template <class T>
TypedBinaryKernel of_floats(TypedBinary op) {
  const TypedBinaryKernel kernel = same_for_any_sign<T>(op);
  return kernel ? kernel : by_order<T>(op);
}

template <class T, class U>
TypedBinaryKernel of_integers(TypedBinary op) {
  if (const TypedBinaryKernel kernel = same_for_any_sign<U>(op)) return kernel;
  if (const TypedBinaryKernel kernel = bitwise<U>(op)) return kernel;
  return by_order<T>(op);
}

template <class T>
void choose_loop(const uint8_t* __restrict condition, const T* __restrict a, const T* __restrict b, T* __restrict out, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    const T yes = a[i], no = b[i];
    out[i] = condition[i] ? yes : no;
  }
}
template <class T>
void choose(const uint8_t* condition, const void* x, const void* z, void* y, int64_t n) {
  choose_loop(condition, static_cast<const T*>(x), static_cast<const T*>(z), static_cast<T*>(y), n);
}

template <class T>
bool any_zero(const void* x, int64_t n) {
  const T* in = static_cast<const T*>(x);
  T found = 0;
  for (int64_t i = 0; i < n; ++i) found |= T(in[i] == 0);
  return found != 0;
}

}  // namespace

TypedBinaryKernel typed_binary(TypedBinary op, Element element) {
  switch (element) {
    case Element::float32: return of_floats<float>(op);
    case Element::float64: return of_floats<double>(op);
    case Element::int8: return of_integers<int8_t, uint8_t>(op);
    case Element::int16: return of_integers<int16_t, uint16_t>(op);
    case Element::int32: return of_integers<int32_t, uint32_t>(op);
    case Element::int64: return of_integers<int64_t, uint64_t>(op);
    case Element::uint8: return of_integers<uint8_t, uint8_t>(op);
    case Element::uint16: return of_integers<uint16_t, uint16_t>(op);
    case Element::uint32: return of_integers<uint32_t, uint32_t>(op);
    case Element::uint64: return of_integers<uint64_t, uint64_t>(op);
    default: return nullptr;
  }
}

native::ChooseKernel typed_choose(int64_t bytes) {
  switch (bytes) {
    case 1: return choose<uint8_t>;
    case 2: return choose<uint16_t>;
    case 4: return choose<uint32_t>;
    case 8: return choose<uint64_t>;
    default: return nullptr;
  }
}

bool has_zero(int64_t bytes, const void* x, int64_t n) {
  switch (bytes) {
    case 1: return any_zero<uint8_t>(x, n);
    case 2: return any_zero<uint16_t>(x, n);
    case 4: return any_zero<uint32_t>(x, n);
    default: return any_zero<uint64_t>(x, n);
  }
}

}  // namespace nacre::NACRE_ISA
