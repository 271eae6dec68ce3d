#include "pipelines/pooling.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace nacre {
namespace {

/// The sum of weight(token) * vector, divided by `divisor`. In double: a thousand tokens cost no digits.
template <class Weight>
void weighted_sum(const float* hidden, int64_t tokens, int64_t features, double divisor, Weight weight, float* out) {
  std::vector<double> sums(static_cast<size_t>(features));
  for (int64_t token = 0; token < tokens; ++token) {
    const float* row = hidden + token * features;
    for (int64_t f = 0; f < features; ++f) sums[static_cast<size_t>(f)] += weight(token) * row[f];
  }
  std::transform(sums.begin(), sums.end(), out, [&](double sum) { return static_cast<float>(sum / divisor); });
}

void largest(const float* hidden, int64_t tokens, int64_t features, float* out) {
  std::copy_n(hidden, features, out);
  for (int64_t token = 1; token < tokens; ++token)
    for (int64_t f = 0; f < features; ++f) out[f] = std::max(out[f], hidden[token * features + f]);
}

}  // namespace

void pool(Pooling pooling, const float* hidden, int64_t tokens, int64_t features, float* out) {
  const auto one = [](int64_t) { return 1.0; };
  const auto position = [](int64_t token) { return static_cast<double>(token + 1); };
  const double count = static_cast<double>(tokens);
  if (tokens == 0) return std::fill_n(out, features, 0.0f), void();
  switch (pooling) {
    case Pooling::mean: return weighted_sum(hidden, tokens, features, count, one, out);
    case Pooling::mean_sqrt_len: return weighted_sum(hidden, tokens, features, std::sqrt(count), one, out);
    case Pooling::weighted_mean: return weighted_sum(hidden, tokens, features, count * (count + 1) / 2, position, out);
    case Pooling::max: return largest(hidden, tokens, features, out);
    case Pooling::cls: std::copy_n(hidden, features, out); return;
    case Pooling::last_token: std::copy_n(hidden + (tokens - 1) * features, features, out); return;
  }
}

void normalise(float* vector, int64_t features) {
  double sum = 0;
  for (int64_t f = 0; f < features; ++f) sum += static_cast<double>(vector[f]) * vector[f];
  const double length = std::max(std::sqrt(sum), 1e-12);
  for (int64_t f = 0; f < features; ++f) vector[f] = static_cast<float>(vector[f] / length);
}

}  // namespace nacre
