// Activations over arrays and over blocks of a product that are still warm in the cache.
#include "backends/native/kernels/activations.h"

namespace nacre::NACRE_ISA {
namespace {

struct Block {
  const float* x;
  float* y;
  int64_t x_stride, y_stride, rows, columns;
  float alpha, beta;
  const float* residual;
  int64_t residual_stride;
  float residual_scale;
  float scale, shift;
};

template <Activation A>
NACRE_INLINE void activate_lanes(const Block& block, int64_t row, int64_t column, int64_t lanes) {
  Vf x = load_lanes(block.x + row * block.x_stride + column, lanes);
  Vf y = activated<A>(x, splat(block.alpha), splat(block.beta));
  y = y * splat(block.scale) + splat(block.shift);
  if (block.residual) y += splat(block.residual_scale) * load_lanes(block.residual + row * block.residual_stride + column, lanes);
  store_lanes(block.y + row * block.y_stride + column, y, lanes);
}

template <Activation A>
void run(const Block& block) {
  for (int64_t row = 0; row < block.rows; ++row) {
    int64_t column = 0;
    for (; column + kLanes <= block.columns; column += kLanes) activate_lanes<A>(block, row, column, kLanes);
    if (column < block.columns) activate_lanes<A>(block, row, column, block.columns - column);
  }
}

template <int... A>
struct Runners {
  static constexpr void (*table[])(const Block&) = {run<static_cast<Activation>(A)>...};
};
using AllRunners = Runners<0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13>;
static_assert(sizeof(AllRunners::table) / sizeof(AllRunners::table[0]) == static_cast<int>(Activation::count_));

}  // namespace

void activate(Activation activation, float alpha, float beta, const float* x, float* y, int64_t n) {
  AllRunners::table[static_cast<int>(activation)]({x, y, n, n, 1, n, alpha, beta, nullptr, 0, 0, 1, 0});
}

void activate_block(const Epilogue& e, const float* residual, float* c, int64_t ldc, int64_t rows, int64_t columns) {
  AllRunners::table[static_cast<int>(e.activation)](
      {c, c, ldc, ldc, rows, columns, e.alpha, e.beta, residual, e.residual_stride, e.residual_scale, e.scale, e.shift});
}

}  // namespace nacre::NACRE_ISA
