// Layers of transformers, written as canonical operators over a checkpoint's weights.
//
//     Network net(graph, checkpoint, "bert.");                      // weights may be stored with or without the prefix
//     Edge y = net.linear(x, "encoder.layer.0.output.dense", {1536, 384});
//     NACRE_TRY(net.status());
//
// Hidden states are [batch * sequence, features] between layers: a linear layer is then one Gemm over the weight as it
// is stored, [out, in], and nothing is copied or transposed.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "graph/builder.h"
#include "importers/huggingface/checkpoint.h"

namespace nacre {

class Network {
 public:
  Network(Graph& graph, const Checkpoint& checkpoint, std::string prefix)
      : builder(graph), checkpoint_(checkpoint), prefix_(std::move(prefix)) {}

  Builder builder;  ///< for what has no function here

  /// The first failure of a layer or of the builder; after it calls return kAbsent.
  Result<void> status() const { return status_ ? builder.status() : status_; }
  bool has(const std::string& name) const noexcept { return checkpoint_.has(name) || checkpoint_.has(prefix_ + name); }
  /// The weight, stored under its name or behind the prefix; -1 in `shape` may be any.
  Edge weight(const std::string& name, const Shape& shape);

  struct Size {
    int64_t in, out;
  };
  /// x W^T + b with NAME.weight [out, in] and NAME.bias, which may be absent. `out` -1: as the weight has it.
  Edge linear(Edge x, const std::string& name, Size size);
  /// NAME.weight and NAME.bias (or gamma and beta, as old files have it).
  Edge layer_norm(Edge x, const std::string& name, int64_t features, double epsilon);
  /// NAME.weight alone.
  Edge scale_norm(Edge x, const std::string& name, int64_t features, double epsilon);
  /// x / sqrt(mean(x^2) + epsilon) * NAME.weight.
  Edge rms_norm(Edge x, const std::string& name, int64_t features, double epsilon);
  /// As config.json names it: "gelu", "gelu_new", "relu", "silu" ...
  Edge activation(Edge x, std::string_view name);
  /// Rows of a table; a negative or too large index is an error of the run.
  Edge embed(Edge ids, const std::string& name, int64_t rows, int64_t features);
  void fail_with(Error error) {
    if (status_) status_ = std::unexpected(std::move(error));
  }

 private:
  Edge bounded_activation(Edge x, std::string_view name);

  const Checkpoint& checkpoint_;
  std::string prefix_;
  std::map<std::string, Edge> weights_;  // by stored name: one that is used twice is one constant
  Result<void> status_;
};

/// Softmax attention of all positions to all. q, k, v: [batch * sequence, heads * size].
struct AttentionShape {
  Edge batch_and_sequence;  ///< int64 [2]
  int64_t heads, size;
};
/// `mask`: float32, broadcast to [batch, heads, sequence, sequence] and added to the scores; kAbsent for none.
Edge attention(Builder& builder, Edge q, Edge k, Edge v, Edge mask, const AttentionShape& shape);

/// [batch * sequence, heads * size] to [batch, heads, sequence, size].
Edge split_heads(Builder& builder, Edge x, const AttentionShape& shape);
/// softmax(q k^T * scale + bias) v of split heads, joined again; kAbsent bias for none.
Edge attend(Builder& builder, Edge q, Edge k, Edge v, Edge bias, double scale, const AttentionShape& shape);

/// cos and sin of position * theta^(-2i/size): float32 [positions, size / 2] each.
struct RotaryTables {
  Edge cosine, sine;
};
RotaryTables rotary_tables(Builder& builder, int64_t positions, int64_t size, double theta);
/// Rotary embedding of split heads, the halves as pairs. `places` int64 [sequence]; one outside the tables is an error of the run.
Edge rotate(Builder& builder, Edge x, const RotaryTables& tables, Edge places);

/// What is added to attention scores for an int64 mask [batch, sequence] of ones and zeros: 0 and the lowest float.
Edge additive_mask(Builder& builder, Edge mask);

/// The lowest float where `condition` holds, 0 elsewhere: to be added to scores.
Edge lowest_where(Builder& builder, Edge condition);

/// [batch * sequence, features] to [batch, sequence, features].
Edge unflatten(Builder& builder, Edge x, Edge batch_and_sequence, int64_t features);

}  // namespace nacre
