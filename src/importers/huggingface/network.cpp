#include "importers/huggingface/network.h"

#include <cmath>
#include <limits>

#include "importers/huggingface/rope.h"

namespace nacre {
namespace {

// transformers/activations.py. `parameter` is the attribute that makes the operator the named function.
struct ActivationName {
  std::string_view name, op;
  std::string_view attribute = {};
  float value = 0;
};
constexpr ActivationName kActivations[] = {{"gelu", "Gelu"},
                                           {"gelu_python", "Gelu"},
                                           {"gelu_new", "Gelu", "approximate"},
                                           {"gelu_fast", "Gelu", "approximate"},
                                           {"gelu_pytorch_tanh", "Gelu", "approximate"},
                                           {"quick_gelu", "Swish", "alpha", 1.702f},
                                           {"relu", "Relu"},
                                           {"silu", "Swish"},
                                           {"swish", "Swish"},
                                           {"tanh", "Tanh"},
                                           {"sigmoid", "Sigmoid"},
                                           {"gelu_accurate", "Gelu", "approximate"},
                                           {"gelu_python_tanh", "Gelu", "approximate"},
                                           {"mish", "Mish"},
                                           {"leaky_relu", "LeakyRelu"},
                                           {"linear", "Identity"}};

Attributes attributes_of(const ActivationName& activation) {
  if (activation.attribute.empty()) return {};
  if (activation.attribute == "approximate") return {{"approximate", std::string("tanh")}};
  return {{std::string(activation.attribute), activation.value}};
}

}  // namespace

Edge Network::weight(const std::string& name, const Shape& shape) {
  if (!status_) return kAbsent;
  const std::string stored = checkpoint_.has(prefix_ + name) ? prefix_ + name : name;
  if (const auto known = weights_.find(stored); known != weights_.end()) return known->second;
  Result<Tensor> tensor = checkpoint_.weight(stored, shape);
  if (!tensor) return fail_with(std::move(tensor.error())), kAbsent;
  return weights_[stored] = builder.constant(std::move(*tensor), stored);
}

Edge Network::linear(Edge x, const std::string& name, Size size) {
  const Edge w = weight(name + ".weight", {size.out, size.in});
  const Edge b = has(name + ".bias") ? weight(name + ".bias", {size.out}) : kAbsent;
  return status_ ? builder.add("Gemm", {x, w, b}, {{"transB", int64_t{1}}}) : kAbsent;
}

Edge Network::layer_norm(Edge x, const std::string& name, int64_t features, double epsilon) {
  const bool old = has(name + ".gamma");
  const Edge scale = weight(name + (old ? ".gamma" : ".weight"), {features});
  const Edge shift = weight(name + (old ? ".beta" : ".bias"), {features});
  if (!status_) return kAbsent;
  return builder.add("LayerNormalization", {x, scale, shift}, {{"axis", int64_t{-1}}, {"epsilon", static_cast<float>(epsilon)}});
}

Edge Network::scale_norm(Edge x, const std::string& name, int64_t features, double epsilon) {
  const Edge scale = weight(name + ".weight", {features});
  if (!status_) return kAbsent;
  return builder.add("LayerNormalization", {x, scale}, {{"axis", int64_t{-1}}, {"epsilon", static_cast<float>(epsilon)}});
}

Edge Network::rms_norm(Edge x, const std::string& name, int64_t features, double epsilon) {
  const Edge scale = weight(name + ".weight", {features});
  if (!status_) return kAbsent;
  return builder.add("RMSNormalization", {x, scale}, {{"axis", int64_t{-1}}, {"epsilon", static_cast<float>(epsilon)}});
}

Edge Network::bounded_activation(Edge x, std::string_view name) {
  if (!status_) return kAbsent;
  if (name == "relu2") {
    const Edge positive = builder.add("Relu", {x});
    return builder.mul(positive, positive);
  }
  const bool relu = name == "relu6";
  const Edge from = relu ? x : builder.add("Gelu", {x});
  return builder.add("Clip", {from, builder.scalar(relu ? 0 : -10, x), builder.scalar(relu ? 6 : 10, x)});
}

Edge Network::activation(Edge x, std::string_view name) {
  std::string known;
  for (const ActivationName& each : kActivations) {
    if (each.name == name) return status_ ? builder.add(each.op, {x}, attributes_of(each)) : kAbsent;
    known += cat(known.empty() ? "" : ", ", each.name);
  }
  if (name == "relu2" || name == "relu6" || name == "gelu_10") return bounded_activation(x, name);
  known += ", relu2, relu6, gelu_10";
  fail_with(Error(ErrorCode::unsupported, cat("unknown activation \"", name, "\"; known: ", known)));
  return kAbsent;
}

Edge Network::embed(Edge ids, const std::string& name, int64_t rows, int64_t features) {
  const Edge table = weight(name, {rows, features});
  return status_ ? builder.add("Gather", {table, ids}, {{"axis", int64_t{0}}}) : kAbsent;
}

Edge attention(Builder& builder, Edge q, Edge k, Edge v, Edge mask, const AttentionShape& shape) {
  const Edge split = builder.add("Concat", {shape.batch_and_sequence, builder.ints({shape.heads, shape.size})}, {{"axis", int64_t{0}}});
  const auto heads = [&](Edge x, std::vector<int64_t> perm) { return builder.transpose(builder.reshape(x, split), std::move(perm)); };
  Edge scores = builder.matmul(heads(q, {0, 2, 1, 3}), heads(k, {0, 2, 3, 1}));
  scores = builder.mul(scores, builder.scalar(1 / std::sqrt(static_cast<double>(shape.size)), scores));
  if (mask != kAbsent) scores = builder.add(scores, mask);
  const Edge weights = builder.add("Softmax", {scores}, {{"axis", int64_t{-1}}});
  const Edge mixed = builder.transpose(builder.matmul(weights, heads(v, {0, 2, 1, 3})), {0, 2, 1, 3});
  return builder.reshape(mixed, {-1, shape.heads * shape.size});
}

Edge split_heads(Builder& builder, Edge x, const AttentionShape& shape) {
  const Edge split = builder.add("Concat", {shape.batch_and_sequence, builder.ints({shape.heads, shape.size})}, {{"axis", int64_t{0}}});
  return builder.transpose(builder.reshape(x, split), {0, 2, 1, 3});
}

Edge attend(Builder& builder, Edge q, Edge k, Edge v, Edge bias, double scale, const AttentionShape& shape) {
  Edge scores = builder.matmul(q, builder.transpose(k, {0, 1, 3, 2}));
  scores = builder.mul(scores, builder.scalar(scale, scores));
  if (bias != kAbsent) scores = builder.add(scores, bias);
  const Edge weights = builder.add("Softmax", {scores}, {{"axis", int64_t{-1}}});
  return builder.reshape(builder.transpose(builder.matmul(weights, v), {0, 2, 1, 3}), {-1, shape.heads * shape.size});
}

RotaryTables rotary_tables(Builder& builder, int64_t positions, int64_t size, double theta) {
  const int64_t half = size / 2;
  Tensor cosine(DType::float32, {positions, half}), sine(DType::float32, {positions, half});
  float *c = cosine.mutable_data<float>().data(), *s = sine.mutable_data<float>().data();
  for (int64_t i = 0; i < half; ++i) {
    // In float, as torch has the frequencies and the angles: far positions would differ in the fourth digit.
    const float frequency = 1 / static_cast<float>(std::pow(theta, static_cast<double>(2 * i) / static_cast<double>(size)));
    for (int64_t place = 0; place < positions; ++place) {
      const float angle = static_cast<float>(place) * frequency;
      c[place * half + i] = std::cos(angle), s[place * half + i] = std::sin(angle);
    }
  }
  return {builder.constant(std::move(cosine)), builder.constant(std::move(sine))};
}

Edge rotate(Builder& builder, Edge x, const RotaryTables& tables, Edge places) {
  const auto row_of = [&](Edge table) { return builder.add("Gather", {table, places}, {{"axis", int64_t{0}}}); };
  return rotate(builder, x, RotaryAngles{row_of(tables.cosine), row_of(tables.sine)});
}

Edge additive_mask(Builder& builder, Edge mask) {
  const Edge spread = builder.cast(builder.unsqueeze(mask, {1, 2}), DType::float32);
  const Edge hidden = builder.sub(builder.scalar(1, spread), spread);
  return builder.mul(hidden, builder.scalar(std::numeric_limits<float>::lowest(), spread));
}

Edge lowest_where(Builder& builder, Edge condition) {
  const Edge numbers = builder.cast(condition, DType::float32);
  return builder.mul(numbers, builder.scalar(std::numeric_limits<float>::lowest(), numbers));
}

Edge unflatten(Builder& builder, Edge x, Edge batch_and_sequence, int64_t features) {
  return builder.reshape(x, builder.add("Concat", {batch_and_sequence, builder.ints({features})}, {{"axis", int64_t{0}}}));
}

}  // namespace nacre
