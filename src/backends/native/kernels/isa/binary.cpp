// Two-input functions over arrays, either side a vector or one repeated value. In place allowed.
#include "backends/native/kernels/isa/local.h"

namespace nacre::NACRE_ISA {
namespace {

NACRE_INLINE Vf load_or_repeat(const float* p, int64_t stride, int64_t i, int64_t lanes) {
  return stride ? load_lanes(p + i, lanes) : splat(*p);
}

template <Vf (*Function)(Vf, Vf), int64_t XStride, int64_t ZStride>
NACRE_INLINE void combine(const float* x, const float* z, float* y, int64_t n) {
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) store(y + i, Function(load_or_repeat(x, XStride, i, kLanes), load_or_repeat(z, ZStride, i, kLanes)));
  if (i < n) store_first(y + i, Function(load_or_repeat(x, XStride, i, n - i), load_or_repeat(z, ZStride, i, n - i)), n - i);
}

template <Vf (*Function)(Vf, Vf)>
NACRE_INLINE void combine(const float* x, int64_t x_stride, const float* z, int64_t z_stride, float* y, int64_t n) {
  if (n <= 0) return;
  if (x_stride && z_stride) return combine<Function, 1, 1>(x, z, y, n);
  if (x_stride) return combine<Function, 1, 0>(x, z, y, n);
  if (z_stride) return combine<Function, 0, 1>(x, z, y, n);
  combine<Function, 0, 0>(x, z, y, n);
}

NACRE_INLINE Vf add(Vf a, Vf b) { return a + b; }
NACRE_INLINE Vf subtract(Vf a, Vf b) { return a - b; }
NACRE_INLINE Vf multiply(Vf a, Vf b) { return a * b; }
NACRE_INLINE Vf divide(Vf a, Vf b) { return a / b; }
NACRE_INLINE Vf smaller(Vf a, Vf b) { return select(a != a, a, min(a, b)); }
NACRE_INLINE Vf larger(Vf a, Vf b) { return select(a != a, a, max(a, b)); }
NACRE_INLINE Vf square_of(Vf a, Vf) { return a * a; }
NACRE_INLINE Vf cube_of(Vf a, Vf) { return a * a * a; }
/// pow(x, 1/2) differs from sqrt at -0 and at -inf.
NACRE_INLINE Vf square_root_of(Vf a, Vf) {
  const Vf infinity = splat(__builtin_inff());
  return select(a == -infinity, infinity, sqrt(a) + Vf{});
}

}  // namespace

void binary_add(const float* x, int64_t x_stride, const float* z, int64_t z_stride, float* y, int64_t n) {
  combine<add>(x, x_stride, z, z_stride, y, n);
}
void binary_sub(const float* x, int64_t x_stride, const float* z, int64_t z_stride, float* y, int64_t n) {
  combine<subtract>(x, x_stride, z, z_stride, y, n);
}
void binary_mul(const float* x, int64_t x_stride, const float* z, int64_t z_stride, float* y, int64_t n) {
  combine<multiply>(x, x_stride, z, z_stride, y, n);
}
void binary_div(const float* x, int64_t x_stride, const float* z, int64_t z_stride, float* y, int64_t n) {
  combine<divide>(x, x_stride, z, z_stride, y, n);
}
void binary_min(const float* x, int64_t x_stride, const float* z, int64_t z_stride, float* y, int64_t n) {
  combine<smaller>(x, x_stride, z, z_stride, y, n);
}
void binary_max(const float* x, int64_t x_stride, const float* z, int64_t z_stride, float* y, int64_t n) {
  combine<larger>(x, x_stride, z, z_stride, y, n);
}

void binary_pow(const float* x, int64_t x_stride, const float* z, int64_t z_stride, float* y, int64_t n) {
  if (z_stride == 0 && x_stride == 1 && n > 0) {
    if (*z == 2) return combine<square_of, 1, 0>(x, z, y, n);
    if (*z == 3) return combine<cube_of, 1, 0>(x, z, y, n);
    if (*z == 0.5f) return combine<square_root_of, 1, 0>(x, z, y, n);
  }
  for (int64_t i = 0; i < n; ++i) y[i] = __builtin_powf(x[i * x_stride], z[i * z_stride]);
}

}  // namespace nacre::NACRE_ISA
