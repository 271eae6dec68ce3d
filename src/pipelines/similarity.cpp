#include "nacre/similarity.h"

#include <algorithm>
#include <cmath>

#include "core/text.h"
#include "core/thread_team.h"
#include "pipelines/vectors.h"

namespace nacre {
namespace {

// One copy of each sum for each generation of processors, chosen when the program starts.
#if defined(__x86_64__) && defined(__clang__)
#define NACRE_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define NACRE_CLONES
#endif

constexpr size_t kLanes = 16;

/// Two sums of one pass. Sixteen of each run side by side, which the compiler keeps in vector registers; in double, as rows may have
/// thousands of components.
struct Sums {
  double products, squares;
};

/// Of a * b, and of a * a.
NACRE_CLONES Sums products_and_squares(const float* a, const float* b, size_t count) {
  double products[kLanes] = {}, squares[kLanes] = {};
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes)
    for (size_t lane = 0; lane < kLanes; ++lane) {
      const double x = static_cast<double>(a[i + lane]);
      products[lane] += x * static_cast<double>(b[i + lane]), squares[lane] += x * x;
    }
  Sums out{0, 0};
  for (; i < count; ++i) out.products += double(a[i]) * double(b[i]), out.squares += double(a[i]) * double(a[i]);
  for (size_t lane = 0; lane < kLanes; ++lane) out.products += products[lane], out.squares += squares[lane];
  return out;
}

/// Of |a - b|, and of its square.
NACRE_CLONES Sums differences(const float* a, const float* b, size_t count) {
  double magnitudes[kLanes] = {}, squares[kLanes] = {};
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes)
    for (size_t lane = 0; lane < kLanes; ++lane) {
      const double x = static_cast<double>(a[i + lane]) - static_cast<double>(b[i + lane]);
      magnitudes[lane] += x < 0 ? -x : x, squares[lane] += x * x;
    }
  Sums out{0, 0};
  for (; i < count; ++i) {
    const double x = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    out.products += x < 0 ? -x : x, out.squares += x * x;
  }
  for (size_t lane = 0; lane < kLanes; ++lane) out.products += magnitudes[lane], out.squares += squares[lane];
  return out;
}

double length_of(const float* a, size_t width) { return std::sqrt(products_and_squares(a, a, width).products); }

}  // namespace

double dot_product(const float* a, const float* b, size_t width) { return products_and_squares(a, b, width).products; }

double squared_distance(const float* a, const float* b, size_t width) { return differences(a, b, width).squares; }

/// `b_length` is that of b, which is the same for many a.
double similarity_of(const float* a, const float* b, double b_length, size_t width, Metric metric) {
  if (metric == Metric::euclidean) return -std::sqrt(squared_distance(a, b, width));
  if (metric == Metric::manhattan) return -differences(a, b, width).products;
  const Sums sums = products_and_squares(a, b, width);
  if (metric == Metric::dot) return sums.products;
  const double lengths = std::sqrt(sums.squares) * b_length;
  return lengths > 0 ? sums.products / lengths : 0;
}

double similarity_of(const float* a, const float* b, size_t width, Metric metric) {
  return similarity_of(a, b, metric == Metric::cosine ? length_of(b, width) : 0, width, metric);
}

Rows rows_of(const Tensor& rows) {
  if (rows.rank() != 2 || rows.dtype() != DType::float32)
    throw Error(ErrorCode::invalid_argument, cat("vectors are ", describe(rows), ", expected float32[?,?]"));
  return {rows.data<float>().data(), static_cast<size_t>(rows.shape()[0]), static_cast<size_t>(rows.shape()[1])};
}

double similarity(std::span<const float> a, std::span<const float> b, Metric metric) {
  if (a.size() != b.size())
    throw Error(ErrorCode::invalid_argument, cat("a vector of ", a.size(), " components against one of ", b.size()));
  return similarity_of(a.data(), b.data(), a.size(), metric);
}

std::vector<Neighbour> nearest(const Tensor& tensor, std::span<const float> query, size_t count, Metric metric) {
  const Rows rows = rows_of(tensor);
  if (query.size() != rows.width)
    throw Error(ErrorCode::invalid_argument, cat("the query has ", query.size(), " components, the vectors have ", rows.width));
  std::vector<Neighbour> out(rows.count);
  const double length = length_of(query.data(), rows.width);
  parallel_for(static_cast<int64_t>(rows.count), 1024, [&](int64_t begin, int64_t end, int) {
    for (auto row = static_cast<size_t>(begin); row < static_cast<size_t>(end); ++row)
      out[row] = {row, similarity_of(rows.row(row), query.data(), length, rows.width, metric)};
  });
  const auto better = [](const Neighbour& a, const Neighbour& b) {
    const double x = std::isnan(a.score) ? -INFINITY : a.score, y = std::isnan(b.score) ? -INFINITY : b.score;
    return x != y ? x > y : a.index < b.index;
  };
  const size_t kept = std::min(count, out.size());
  std::partial_sort(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(kept), out.end(), better);
  out.resize(kept);
  return out;
}

}  // namespace nacre
