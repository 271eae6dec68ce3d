#include "importers/huggingface/network.h"

#include <cmath>
#include <limits>

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

Edge Network::activation(Edge x, std::string_view name) {
  std::string known;
  for (const ActivationName& each : kActivations) {
    if (each.name == name) return status_ ? builder.add(each.op, {x}, attributes_of(each)) : kAbsent;
    known += cat(known.empty() ? "" : ", ", each.name);
  }
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

Edge additive_mask(Builder& builder, Edge mask) {
  const Edge spread = builder.cast(builder.unsqueeze(mask, {1, 2}), DType::float32);
  const Edge hidden = builder.sub(builder.scalar(1, spread), spread);
  return builder.mul(hidden, builder.scalar(std::numeric_limits<float>::lowest(), spread));
}

Edge unflatten(Builder& builder, Edge x, Edge batch_and_sequence, int64_t features) {
  return builder.reshape(x, builder.add("Concat", {batch_and_sequence, builder.ints({features})}, {{"axis", int64_t{0}}}));
}

}  // namespace nacre
