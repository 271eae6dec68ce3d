#include "pipelines/scores.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace nacre {

double sigmoid(double logit) noexcept { return static_cast<float>(1 / (1 + std::exp(-logit))); }

std::vector<double> softmax(std::span<const float> logits) {
  std::vector<double> out(logits.begin(), logits.end());
  if (out.empty()) return out;
  const double largest = *std::max_element(out.begin(), out.end());
  double sum = 0;
  for (double& value : out) sum += value = std::exp(value - largest);
  for (double& value : out) value = static_cast<float>(value / sum);
  return out;
}

std::vector<size_t> ranked(std::span<const double> scores, size_t count) {
  std::vector<size_t> out(scores.size());
  std::iota(out.begin(), out.end(), size_t{0});
  count = count == 0 ? out.size() : std::min(count, out.size());
  // A NaN is below everything: a comparison with it would be no order.
  const auto value = [&](size_t i) { return std::isnan(scores[i]) ? -INFINITY : scores[i]; };
  const auto better = [&](size_t a, size_t b) { return value(a) != value(b) ? value(a) > value(b) : a < b; };
  std::partial_sort(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(count), out.end(), better);
  out.resize(count);
  return out;
}

}  // namespace nacre
