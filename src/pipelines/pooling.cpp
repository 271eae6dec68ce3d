#include "pipelines/pooling.h"

#include <algorithm>
#include <cmath>

namespace nacre {
namespace {

/// The sum of weight(token) * vector, divided by `divisor`. In double: a thousand tokens cost no digits.
template <class Weight>
void weighted_sum(const float* hidden, int64_t begin, int64_t tokens, int64_t features, double divisor, Weight weight, float* out) {
  std::vector<double> sums(static_cast<size_t>(features));
  for (int64_t token = begin; token < tokens; ++token) {
    const float* row = hidden + token * features;
    const double factor = weight(token);
    for (int64_t f = 0; f < features; ++f) sums[static_cast<size_t>(f)] += factor * row[f];
  }
  std::transform(sums.begin(), sums.end(), out, [&](double sum) { return static_cast<float>(sum / divisor); });
}

void largest(const float* hidden, int64_t begin, int64_t tokens, int64_t features, float* out) {
  std::copy_n(hidden + begin * features, features, out);
  for (int64_t token = begin + 1; token < tokens; ++token)
    for (int64_t f = 0; f < features; ++f) out[f] = std::max(out[f], hidden[token * features + f]);
}

double activated(const std::string& name, double x) {
  if (name == "tanh") return std::tanh(x);
  if (name == "relu") return std::max(x, 0.0);
  if (name == "sigmoid") return 1 / (1 + std::exp(-x));
  if (name == "gelu") return x * 0.5 * (1 + std::erf(x / std::sqrt(2.0)));
  return x;
}

Result<void> apply_dense(const SentenceModule& module, Vectors& vectors) {
  const int64_t out_features = module.weight->shape()[0], in = module.weight->shape()[1];
  if (in != vectors.features)
    return fail(ErrorCode::invalid_model, module.directory, ": the layer takes ", in, " components, the vectors have ", vectors.features);
  const std::span<const float> weight = module.weight->data<float>();
  Vectors out{.values = {}, .rows = vectors.rows, .features = out_features};
  out.values.reserve(static_cast<size_t>(out.rows * out_features));
  for (int64_t row = 0; row < vectors.rows; ++row)
    for (int64_t o = 0; o < out_features; ++o) {
      double sum = module.bias ? static_cast<double>(module.bias->data<float>()[static_cast<size_t>(o)]) : 0.0;
      for (int64_t i = 0; i < in; ++i)
        sum += static_cast<double>(weight[static_cast<size_t>(o * in + i)]) * vectors.values[static_cast<size_t>(row * in + i)];
      out.values.push_back(static_cast<float>(activated(module.activation, sum)));
    }
  vectors = std::move(out);
  return {};
}

void apply_pooling(const SentenceModule& module, Vectors& vectors, int64_t skipped) {
  const auto modes = static_cast<int64_t>(module.pooling.size());
  Vectors out{.values = std::vector<float>(static_cast<size_t>(modes * vectors.features)), .rows = 1, .features = modes * vectors.features};
  for (int64_t mode = 0; mode < modes; ++mode)
    pool(module.pooling[static_cast<size_t>(mode)], vectors.values.data(), vectors.rows, vectors.features,
         out.values.data() + mode * vectors.features, module.include_prompt ? 0 : skipped);
  vectors = std::move(out);
}

}  // namespace

void pool(Pooling pooling, const float* hidden, int64_t tokens, int64_t features, float* out, int64_t skipped) {
  const int64_t begin = std::clamp<int64_t>(skipped, 0, std::max<int64_t>(tokens - 1, 0));
  const auto one = [](int64_t) { return 1.0; };
  const auto position = [](int64_t token) { return static_cast<double>(token + 1); };
  const double count = static_cast<double>(tokens - begin), b = static_cast<double>(begin), n = static_cast<double>(tokens);
  if (tokens == 0) return std::fill_n(out, features, 0.0f), void();
  switch (pooling) {
    case Pooling::mean: return weighted_sum(hidden, begin, tokens, features, count, one, out);
    case Pooling::mean_sqrt_len: return weighted_sum(hidden, begin, tokens, features, std::sqrt(count), one, out);
    case Pooling::weighted_mean: return weighted_sum(hidden, begin, tokens, features, (n * (n + 1) - b * (b + 1)) / 2, position, out);
    case Pooling::max: return largest(hidden, begin, tokens, features, out);
    case Pooling::last_token: std::copy_n(hidden + (tokens - 1) * features, features, out); return;
    case Pooling::cls:
    case Pooling::none: std::copy_n(hidden, features, out); return;
  }
}

void normalise(float* vector, int64_t features) {
  double sum = 0;
  for (int64_t f = 0; f < features; ++f) sum += static_cast<double>(vector[f]) * vector[f];
  const double length = std::max(std::sqrt(sum), 1e-12);
  for (int64_t f = 0; f < features; ++f) vector[f] = static_cast<float>(vector[f] / length);
}

namespace {

/// As torch.nn.LayerNorm with its usual epsilon.
Result<void> apply_layer_norm(const SentenceModule& module, Vectors& vectors) {
  const auto scale = module.weight->data<float>(), shift = module.bias->data<float>();
  if (std::ssize(scale) != vectors.features)
    return fail(ErrorCode::invalid_model, module.directory, ": a norm of ", scale.size(), " components, but vectors have ",
                vectors.features);
  const auto width = static_cast<size_t>(vectors.features);
  for (float* row = vectors.values.data(); row < vectors.values.data() + vectors.values.size(); row += width) {
    double mean = 0, variance = 0;
    for (size_t f = 0; f < width; ++f) mean += row[f] / static_cast<double>(width);
    for (size_t f = 0; f < width; ++f) variance += (row[f] - mean) * (row[f] - mean) / static_cast<double>(width);
    const double inverse = 1 / std::sqrt(variance + 1e-5);
    for (size_t f = 0; f < width; ++f) row[f] = static_cast<float>((row[f] - mean) * inverse * scale[f] + shift[f]);
  }
  return {};
}

}  // namespace

Result<void> apply_module(const SentenceModule& module, Vectors& vectors, int64_t skipped) {
  switch (module.kind) {
    case SentenceModule::Kind::pooling: return apply_pooling(module, vectors, skipped), Result<void>();
    case SentenceModule::Kind::dense: return apply_dense(module, vectors);
    case SentenceModule::Kind::layer_norm: return apply_layer_norm(module, vectors);
    case SentenceModule::Kind::normalise:
      for (int64_t row = 0; row < vectors.rows; ++row) normalise(vectors.values.data() + row * vectors.features, vectors.features);
      return {};
    case SentenceModule::Kind::splade_pooling: break;
  }
  return fail(ErrorCode::unsupported, module.directory, ": SPLADE's pooling gives sparse vectors, not dense ones");
}

}  // namespace nacre
