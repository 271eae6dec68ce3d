// What encoders of BERT's kind share: inputs, embeddings, the post-norm layer, and the heads of transformers.
//
//     Result<Graph> build(const Checkpoint& checkpoint, std::string_view head) {
//       constexpr Head heads[] = {{"Model", base}, {"ForTokenClassification", token_labels}};
//       return build_encoder({checkpoint, config, "bert.", "Bert"}, head, heads, [](Encoder& e) { e.x = ...; });
//     }
//
// Weights that a configuration leaves out are absent in the file; what a configuration asks for and is not written here is an error.
#pragma once

#include <span>
#include <vector>

#include "importers/huggingface/architecture.h"
#include "importers/huggingface/network.h"

namespace nacre {

/// Learned places, or vectors for the distance between two, which their query or (the second kind) both are compared with.
enum class PlaceKind : uint8_t { absolute, relative_key, relative_key_query };

struct EncoderConfig {
  int64_t hidden = 0, layers = 0, heads = 0, inner = 0, vocabulary = 0, positions = 512, types = 2;
  int64_t embedding = 0;  ///< width of the tables; `hidden` for most
  std::string activation = "gelu";
  double epsilon = 1e-12;
  PlaceKind places = PlaceKind::absolute;
};

/// With the names of BERT's config.json. Fails on what an encoder here is not: decoders, and relative position types unless `relative`.
Result<EncoderConfig> read_encoder_config(const Json& json, bool relative = false);
/// Fails (invalid_model) when the numbers do not go together.
Result<EncoderConfig> checked(EncoderConfig config);

/// Names of a layer's weights, behind the layer's own. The norms stand behind attention and feed-forward, or before them.
struct LayerNames {
  const char *query, *key, *value, *mixed, *mixed_norm, *inner, *outer, *outer_norm;
};

/// BERT's own, which most of its kin kept.
inline constexpr LayerNames kBertLayerNames{
    "attention.self.query",       "attention.self.key", "attention.self.value", "attention.output.dense",
    "attention.output.LayerNorm", "intermediate.dense", "output.dense",         "output.LayerNorm"};

struct Encoder {
  Encoder(Graph& graph, const Checkpoint& checkpoint, const EncoderConfig& config, std::string prefix)
      : net(graph, checkpoint, std::move(prefix)), b(net.builder), c(config), json(checkpoint.config()) {}

  Network net;
  Builder& b;
  const EncoderConfig& c;
  const Json& json;
  Edge ids = kAbsent, shape = kAbsent;  ///< input_ids; its shape [batch, sequence]
  Edge attention_mask = kAbsent;        ///< int64 [batch, sequence]
  Edge mask = kAbsent;                  ///< added to attention scores
  Edge x = kAbsent;                     ///< hidden states [batch * sequence, hidden]

  /// Declares input_ids and attention_mask, and sets `shape` and `mask`.
  void open();
  Edge input(std::string name);
  /// token_type_ids: an input, or where the table has a single row zeros; kAbsent without a table.
  Edge types();
  void output(Edge edge, std::string name);
  Edge integer(int64_t value) { return b.constant(Tensor::scalar<int64_t>(value)); }
  /// 0, 1, 2 ... up to the sequence's length: int64 [sequence].
  Edge places();
  /// RoBERTa's positions: pad_token_id + 1 onwards where ids are no padding, pad_token_id where they are.
  Edge places_behind_padding(int64_t pad);
  /// rows - columns of the places, int64 [sequence, sequence].
  Edge distances(Edge places_of_rows, Edge places_of_columns);
  /// The lowest float for keys behind the query: [sequence, sequence].
  Edge causal_mask();
  /// Word, position and type tables ("NAME.word_embeddings.weight" ...) summed and normalised. kAbsent types: none.
  Edge embed(const std::string& name, Edge positions, Edge types);
  /// Their sum alone, [batch, sequence, embedding].
  Edge embed_tables(const std::string& name, Edge positions, Edge types);

  /// The place's part of the scores: [batch, heads, sequence, sequence]. `name` is the attention's, `q` and `k` are split into heads.
  Edge distance_scores(const std::string& name, Edge q, Edge k);
  Edge attention_of(Edge from, const std::string& name, const LayerNames& names);
  Edge feed_forward_of(Edge from, const std::string& name, const LayerNames& names);
  /// One layer: x becomes norm(x + attention), norm(x + feed-forward).
  void post_norm_layer(const std::string& name, const LayerNames& names);
  /// All of them: `prefix` and their number.
  void post_norm_layers(std::string_view prefix, const LayerNames& names);
  /// x becomes x + attention(norm(x)), x + feed-forward(norm(x)); `last` is the norm behind all layers.
  void pre_norm_layers(std::string_view prefix, const LayerNames& names, const std::string& last);

  Edge by_sequence(Edge value, int64_t features) { return unflatten(b, value, shape, features); }
  /// The first token's vector: [batch, hidden].
  Edge first_token();
  /// The vector at the last place where `real`, int64 [batch, sequence], is 1 and not 0: [batch, hidden].
  Edge last_token(Edge real);
  /// The same by attention_mask.
  Edge last_real_token() { return last_token(attention_mask); }
  /// Mean of x [batch, sequence, features] over the tokens that are no padding: [batch, features].
  Edge mean_token(Edge by_sequence);
  /// tanh of the layer `name` over it: BERT's pooler.
  Edge pooled(const std::string& name = "pooler.dense");
  /// The heads' outputs.
  void last_hidden_state() { output(by_sequence(x, c.hidden), "last_hidden_state"); }
  /// The same, and pooler_output where the file has that layer.
  void base_outputs(const std::string& pooler = "pooler.dense");
  void sequence_logits(Edge pooled, const std::string& name) { output(net.linear(pooled, name, {c.hidden, -1}), "logits"); }
  void token_logits(const std::string& name) { output(by_sequence(net.linear(x, name, {c.hidden, -1}), -1), "logits"); }
  void span_logits(const std::string& name);
  /// Logits over the vocabulary: `own` with its weight where the file has it, else the word table `tied`.
  void vocabulary_logits(Edge value, int64_t features, const std::string& own, const std::string& tied, const std::string& bias);
  /// dense, activation, norm.
  Edge transform(const std::string& dense, std::string_view activation, const std::string& norm, int64_t features);
  /// dense on the first token, an activation, a second dense: RoBERTa's, MPNet's and ELECTRA's classifier.
  void first_token_classifier(const std::string& dense, std::string_view activation, const std::string& last);
};

struct Head {
  std::string_view name;
  void (*build)(Encoder&);
};

/// BERT's heads, which some of its kin kept with all names.
std::span<const Head> bert_heads();
void bert_masked_lm(Encoder& e);
/// The same with another way to the vocabulary's logits.
std::vector<Head> bert_heads_with(void (*masked_lm)(Encoder&));

struct EncoderSource {
  const Checkpoint& checkpoint;
  EncoderConfig config;
  std::string prefix;             ///< of weights that may be stored with or without it: "bert."
  std::string_view class_prefix;  ///< "Bert"
};

/// Runs `body`, which sets x, then the head of that name. Fails (unsupported) listing the heads there are.
Result<Graph> build_encoder(const EncoderSource& source, std::string_view head, std::span<const Head> heads, void (*body)(Encoder&));

}  // namespace nacre
