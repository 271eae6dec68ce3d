// JinaBERT, of jina-embeddings-v2: BERT with ALiBi, which sees to both sides alike, and a gated feed-forward. Its files say "bert" and
// name code of their own, by whose class it is found.
// https://arxiv.org/abs/2310.19923, https://huggingface.co/jinaai/jina-bert-implementation, jina-bert-v2-qk-post-norm
#include <cmath>

#include "importers/huggingface/encoder.h"

namespace nacre {
namespace {

Result<EncoderConfig> read_config(const Json& json) {
  EncoderConfig c;
  c.hidden = NACRE_TRY(json.integer("hidden_size")), c.layers = NACRE_TRY(json.integer("num_hidden_layers"));
  c.heads = NACRE_TRY(json.integer("num_attention_heads")), c.inner = NACRE_TRY(json.integer("intermediate_size"));
  c.types = NACRE_TRY(json.integer("type_vocab_size", 2)), c.vocabulary = NACRE_TRY(json.integer("vocab_size"));
  c.positions = NACRE_TRY(json.integer("max_position_embeddings", 512)), c.epsilon = NACRE_TRY(json.real("layer_norm_eps", 1e-12));
  c.activation = NACRE_TRY(json.text("hidden_act", "gelu"));
  const std::string_view position = NACRE_TRY(json.text("position_embedding_type", "absolute"));
  if (position != "alibi" && position != "absolute")
    return fail(ErrorCode::unsupported, "position_embedding_type: expected alibi or absolute, found \"", position, "\"");
  constexpr int64_t most_heads = 1 << 12;
  if (c.heads > most_heads) return fail(ErrorCode::invalid_model, "num_attention_heads is ", c.heads);
  return checked(c);
}

/// "geglu", "reglu", or "original": no gate.
struct Gate {
  bool on;
  std::string activation;
};

Result<Gate> read_gate(const Json& json, const EncoderConfig& c) {
  const std::string_view kind = NACRE_TRY(json.text("feed_forward_type", "original"));
  if (kind == "geglu") return Gate{true, "gelu"};
  if (kind == "reglu") return Gate{true, "relu"};
  if (kind == "original") return Gate{false, c.activation};
  return fail(ErrorCode::unsupported, "feed_forward_type: expected original, geglu or reglu, found \"", kind, "\"");
}

/// Powers of 2^(-8/heads) where the number of heads is a power of two; else those of the next smaller one, and every other one of the
/// next larger. https://arxiv.org/abs/2108.12409
std::vector<double> slopes(int64_t heads) {
  int64_t power = 1;
  while (2 * power <= heads) power *= 2;
  std::vector<double> out;
  for (int64_t i = 1; i <= power; ++i) out.push_back(std::exp2(-8.0 * static_cast<double>(i) / static_cast<double>(power)));
  for (int64_t i = 1; static_cast<int64_t>(out.size()) < heads; i += 2)
    out.push_back(std::exp2(-4.0 * static_cast<double>(i) / static_cast<double>(power)));
  return out;
}

/// -slope * distance: [1, heads, sequence, sequence].
Edge alibi(Encoder& e) {
  Tensor by_head(DType::float32, {1, e.c.heads, 1, 1});
  const std::vector<double> all = slopes(e.c.heads);
  for (size_t head = 0; head < all.size(); ++head) by_head.mutable_data<float>()[head] = -static_cast<float>(all[head]);
  const Edge places = e.places();
  const Edge away = e.b.cast(e.b.add("Abs", {e.distances(places, places)}), DType::float32);
  return e.b.mul(e.b.constant(std::move(by_head)), away);
}

/// Of the newer code the norms of q and k exist, and other names: a gate behind the values instead of before.
struct Names {
  bool newer;
  std::string layer;
  std::string in() const { return layer + (newer ? ".mlp.up_gated_layer" : ".mlp.gated_layers"); }
  std::string out() const { return layer + (newer ? ".mlp.down_layer" : ".mlp.wo"); }
  std::string attention_norm() const { return layer + (newer ? ".layer_norm_1" : ".attention.output.LayerNorm"); }
  std::string last_norm() const { return layer + (newer ? ".layer_norm_2" : ".mlp.layernorm"); }
};

Edge gated(Encoder& e, const Names& names, const Gate& gate) {
  const auto halves = e.b.add_many("Split", {e.net.linear(e.x, names.in(), {e.c.hidden, 2 * e.c.inner})}, 2,
                                   {{"axis", int64_t{-1}}, {"num_outputs", int64_t{2}}});
  const Edge bent = e.net.activation(halves[names.newer ? 1 : 0], gate.activation);
  return e.net.linear(e.b.mul(bent, halves[names.newer ? 0 : 1]), names.out(), {e.c.inner, e.c.hidden});
}

Edge ungated(Encoder& e, const Names& names, const Gate& gate) {
  const bool plain = e.net.has(names.layer + ".intermediate.dense.weight");  // BERT's own feed-forward
  const std::string in = names.layer + (plain ? ".intermediate.dense" : ".mlp.up_layer");
  const Edge inner = e.net.activation(e.net.linear(e.x, in, {e.c.hidden, e.c.inner}), gate.activation);
  return e.net.linear(inner, names.layer + (plain ? ".output.dense" : ".mlp.down_layer"), {e.c.inner, e.c.hidden});
}

Edge attended(Encoder& e, const Names& names) {
  const std::string own = names.layer + ".attention.self.";
  const auto project = [&](const char* which) { return e.net.linear(e.x, own + which, {e.c.hidden, e.c.hidden}); };
  const auto normed = [&](const char* which, const char* norm) {
    const Edge out = project(which);
    return e.net.has(own + norm + ".weight") ? e.net.layer_norm(out, own + norm, e.c.hidden, e.c.epsilon) : out;
  };
  const Edge q = normed("query", "layer_norm_q"), k = normed("key", "layer_norm_k"), v = project("value");
  const Edge mixed = attention(e.b, q, k, v, e.mask, {e.shape, e.c.heads, e.c.hidden / e.c.heads});
  return e.net.linear(mixed, names.layer + ".attention.output.dense", {e.c.hidden, e.c.hidden});
}

void layer(Encoder& e, const Names& names, const Gate& gate) {
  e.b.set_prefix(names.layer);
  Edge mixed = e.b.add(attended(e, names), e.x);
  if (names.newer && e.net.has(names.layer + ".attention.output.LayerNorm.weight")) {  // normalised twice
    mixed = e.net.layer_norm(mixed, names.layer + ".attention.output.LayerNorm", e.c.hidden, e.c.epsilon);
    mixed = e.b.add(mixed, e.x);
  }
  e.x = e.net.layer_norm(mixed, names.attention_norm(), e.c.hidden, e.c.epsilon);
  const bool plain = !gate.on && e.net.has(names.layer + ".output.LayerNorm.weight");
  const Edge grown = e.b.add(gate.on ? gated(e, names, gate) : ungated(e, names, gate), e.x);
  e.x = e.net.layer_norm(grown, plain ? names.layer + ".output.LayerNorm" : names.last_norm(), e.c.hidden, e.c.epsilon);
}

void encode(Encoder& e) {
  const Result<Gate> gate = read_gate(e.json, e.c);
  if (!gate) return e.net.fail_with(gate.error());
  const bool biased = e.json.text("position_embedding_type", "absolute").value_or("") == "alibi";
  e.open();
  e.x = e.embed("embeddings", biased ? kAbsent : e.places(), e.input("token_type_ids"));
  if (biased) e.mask = e.b.add(e.mask, alibi(e));
  for (int64_t i = 0; i < e.c.layers && e.net.status(); ++i) {
    const std::string name = cat("encoder.layer.", i);
    layer(e, {e.net.has(name + ".layer_norm_1.weight"), name}, *gate);
  }
}

Result<Graph> build(const Checkpoint& checkpoint, std::string_view head) {
  return build_encoder({checkpoint, NACRE_TRY(read_config(checkpoint.config())), "bert.", "JinaBert"}, head, bert_heads(), encode);
}

}  // namespace

extern const Architecture architecture_jina_bert;
const Architecture architecture_jina_bert{.model_type = "jina_bert", .prefix = "JinaBert", .build = build};

}  // namespace nacre
