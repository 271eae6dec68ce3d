// Kernels over rows of contiguous values: reductions, softmax, layer and RMS norm. A row is walked two or three times; it stays
// in the cache between.
#include "backends/native/kernels/isa/local.h"
#include "backends/native/kernels/vector_math.h"

namespace nacre::NACRE_ISA {

using native::NormArgs;
using native::SoftmaxArgs;

namespace {

constexpr float kLowest = -__builtin_inff();
constexpr int64_t kChunk = 128 * kLanes;  // sums run in fp32 over a chunk, in fp64 over chunks

NACRE_INLINE Vf itself(Vf x) { return x; }
NACRE_INLINE Vf squared(Vf x) { return x * x; }

template <Vf (*Function)(Vf)>
NACRE_INLINE double sum_of(const float* x, int64_t n) {
  double total = 0;
  for (int64_t begin = 0; begin < n; begin += kChunk) {
    int64_t end = min(begin + kChunk, n), i = begin;
    Vf sum[4] = {};
    for (; i + 4 * kLanes <= end; i += 4 * kLanes)
      for (int part = 0; part < 4; ++part) sum[part] += Function(load(x + i + part * kLanes));
    for (; i < end; i += kLanes) sum[0] += Function(load_lanes(x + i, min(end - i, int64_t{kLanes})));
    total += static_cast<double>(sum_of_lanes((sum[0] + sum[1]) + (sum[2] + sum[3])));
  }
  return total;
}

template <bool IsMax>
NACRE_INLINE Vf better(Vf best, Vf x) {
  Vi wins = IsMax ? x > best : x < best;
  return select(wins | (x != x), x, best);
}

/// NaN wins over everything and, once it is the best, nothing is larger than it.
template <bool IsMax>
NACRE_INLINE float extreme_of(const float* x, int64_t n) {
  const Vf worst = splat(IsMax ? -__builtin_inff() : __builtin_inff());
  Vf best[2] = {worst, worst};
  int64_t i = 0;
  for (; i + 2 * kLanes <= n; i += 2 * kLanes)
    for (int part = 0; part < 2; ++part) best[part] = better<IsMax>(best[part], load(x + i + part * kLanes));
  for (; i < n; i += kLanes) best[0] = better<IsMax>(best[0], load_lanes_or(x + i, min(n - i, int64_t{kLanes}), worst));
  Vf both = better<IsMax>(best[0], best[1]);
  float result = both[0];
  for (int lane = 1; lane < kLanes; ++lane) {
    float value = both[lane];
    if ((IsMax ? value > result : value < result) || value != value) result = value;
  }
  return result;
}

/// y = x * scale + mask, and the largest of them (NaN aside: it shows in the sum).
NACRE_INLINE float scores_of(const SoftmaxArgs& args, const float* x, const float* mask, float* y) {
  Vf best = splat(kLowest);
  for_vectors(args.n, [&](int64_t i, int64_t lanes) {
    Vf score = load_lanes(x + i, lanes) * splat(args.scale);
    if (mask) score += load_lanes(mask + i, lanes);
    store_lanes(y + i, score, lanes);
    best = max(lanes < kLanes ? load_lanes_or(y + i, lanes, splat(kLowest)) : score, best);
  });
  return max_of_lanes(best);
}

/// The sum of exp(y - largest); y becomes them.
NACRE_INLINE float exponentials_of(float* y, int64_t n, float largest) {
  double total = 0;
  for (int64_t begin = 0; begin < n; begin += kChunk) {
    Vf sum{};
    for_vectors(min(kChunk, n - begin), [&](int64_t i, int64_t lanes) {
      float* at = y + begin + i;
      Vf e = exp(load_lanes_or(at, lanes, splat(kLowest)) - splat(largest));  // the lanes behind: exp(-inf) = 0
      store_lanes(at, e, lanes);
      sum += e;
    });
    total += static_cast<double>(sum_of_lanes(sum));
  }
  return static_cast<float>(total);
}

/// ln of the sum of exp(y - largest). The largest themselves count as whole ones, apart from the rest: what a dominated row adds
/// to 1 is its result's every digit.
NACRE_INLINE float log_sum_of(const float* y, int64_t n, float largest) {
  double rest = 0, largest_ones = 0;
  for (int64_t begin = 0; begin < n; begin += kChunk) {
    Vf sum{}, count{};
    for_vectors(min(kChunk, n - begin), [&](int64_t i, int64_t lanes) {
      const Vf x = load_lanes_or(y + begin + i, lanes, splat(kLowest)) - splat(largest);
      const Vi is_largest = x == splat(0);
      sum += select(is_largest, splat(0), exp(x));
      count += select(is_largest, splat(1), splat(0));
    });
    rest += static_cast<double>(sum_of_lanes(sum));
    largest_ones += static_cast<double>(sum_of_lanes(count));
  }
  return static_cast<float>(__builtin_log(largest_ones + rest));  // infinite ones: exp(inf - inf) is in the rest
}

NACRE_INLINE void scale_row(float* y, int64_t n, float scale) {
  for_vectors(n, [=](int64_t i, int64_t lanes) { store_lanes(y + i, load_lanes(y + i, lanes) * splat(scale), lanes); });
}

NACRE_INLINE void subtract_both(float* y, int64_t n, float largest, float log_sum) {
  for_vectors(n, [=](int64_t i, int64_t lanes) { store_lanes(y + i, load_lanes(y + i, lanes) - splat(largest) - splat(log_sum), lanes); });
}

struct Row {
  const float* x;  // x + residual, when there is one
  float* y;
  int64_t n;
};

/// Adds the residual where there is one; the sum lives in args.sum, else in y until the row is normalised.
NACRE_INLINE Row joined_row(const NormArgs& args, int64_t row) {
  int64_t start = row * args.n;
  Row joined{args.x + start, args.y + start, args.n};
  if (!args.residual && !args.sum) return joined;
  float* sum = args.sum ? args.sum + start : joined.y;
  for_vectors(args.n, [&](int64_t i, int64_t lanes) {
    Vf x = load_lanes(joined.x + i, lanes);
    if (args.residual) x += load_lanes(args.residual + start + i, lanes);
    store_lanes(sum + i, x, lanes);
  });
  joined.x = sum;
  return joined;
}

NACRE_INLINE float squares_around(const Row& row, float mean) {
  Vf sum[2] = {};
  int64_t i = 0;
  for (; i + 2 * kLanes <= row.n; i += 2 * kLanes)
    for (int part = 0; part < 2; ++part) {
      Vf distance = load(row.x + i + part * kLanes) - splat(mean);
      sum[part] += distance * distance;
    }
  for (; i < row.n; i += kLanes) {
    Vf distance = load_lanes_or(row.x + i, min(row.n - i, int64_t{kLanes}), splat(mean)) - splat(mean);
    sum[0] += distance * distance;
  }
  return sum_of_lanes(sum[0] + sum[1]);
}

NACRE_INLINE void write_normalised(const NormArgs& args, const Row& row, float mean, float inverse) {
  for_vectors(row.n, [&](int64_t i, int64_t lanes) {
    Vf y = (load_lanes(row.x + i, lanes) - splat(mean)) * splat(inverse);
    if (args.gamma) y *= load_lanes(args.gamma + i, lanes);
    if (args.beta) y += load_lanes(args.beta + i, lanes);
    store_lanes(row.y + i, y, lanes);
  });
}

}  // namespace

float row_sum(const float* x, int64_t n) { return static_cast<float>(sum_of<itself>(x, n)); }
float row_mean(const float* x, int64_t n) { return static_cast<float>(sum_of<itself>(x, n) / static_cast<double>(n)); }
float row_sum_square(const float* x, int64_t n) { return static_cast<float>(sum_of<squared>(x, n)); }
float row_max(const float* x, int64_t n) { return extreme_of<true>(x, n); }
float row_min(const float* x, int64_t n) { return extreme_of<false>(x, n); }

void softmax(const SoftmaxArgs& args) {
  for (int64_t row = 0; row < args.rows; ++row) {
    float* y = args.y + row * args.n;
    float largest = scores_of(args, args.x + row * args.n, args.mask ? args.mask + row * args.mask_stride : nullptr, y);
    float sum = exponentials_of(y, args.n, largest);
    scale_row(y, args.n, 1 / sum);
  }
}

void log_softmax(const SoftmaxArgs& args) {
  for (int64_t row = 0; row < args.rows; ++row) {
    float* y = args.y + row * args.n;
    float largest = scores_of(args, args.x + row * args.n, args.mask ? args.mask + row * args.mask_stride : nullptr, y);
    subtract_both(y, args.n, largest, log_sum_of(y, args.n, largest));
  }
}

void layer_norm(const NormArgs& args) {
  for (int64_t row = 0; row < args.rows; ++row) {
    Row joined = joined_row(args, row);
    float mean = row_mean(joined.x, args.n);
    float variance = squares_around(joined, mean) / static_cast<float>(args.n);
    float inverse = 1 / __builtin_sqrtf(variance + args.epsilon);
    write_normalised(args, joined, mean, inverse);
    if (args.mean) args.mean[row] = mean;
    if (args.inverse_deviation) args.inverse_deviation[row] = inverse;
  }
}

void rms_norm(const NormArgs& args) {
  for (int64_t row = 0; row < args.rows; ++row) {
    Row joined = joined_row(args, row);
    float mean_square = static_cast<float>(sum_of<squared>(joined.x, args.n) / static_cast<double>(args.n));
    float inverse = 1 / __builtin_sqrtf(mean_square + args.epsilon);
    write_normalised(args, joined, 0, inverse);
    if (args.inverse_deviation) args.inverse_deviation[row] = inverse;
  }
}

}  // namespace nacre::NACRE_ISA
