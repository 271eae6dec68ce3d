// NomicBERT: BERT with rotary positions, SwiGLU and projections in one, post-norm.
// https://arxiv.org/abs/2402.01613, https://huggingface.co/nomic-ai/nomic-bert-2048 (modeling_hf_nomic_bert.py)
#include <cmath>

#include "importers/huggingface/nomic.h"
#include "importers/huggingface/rope.h"

namespace nacre {
namespace {

/// GPT-2's names, or BERT's in files that transformers 5 wrote.
Result<EncoderConfig> read_config(const Json& json) {
  if (json.has("hidden_size")) return read_encoder_config(json);
  EncoderConfig c;
  c.hidden = NACRE_TRY(json.integer("n_embd")), c.layers = NACRE_TRY(json.integer("n_layer")), c.heads = NACRE_TRY(json.integer("n_head"));
  c.vocabulary = NACRE_TRY(json.integer("vocab_size")), c.positions = NACRE_TRY(json.integer("n_positions", 8192));
  c.types = NACRE_TRY(json.integer("type_vocab_size", 2)), c.epsilon = NACRE_TRY(json.real("layer_norm_epsilon", 1e-12));
  c.activation = NACRE_TRY(json.text("activation_function", "swiglu"));
  return checked(c);
}

/// Settings that the published models do not use are refused rather than ignored.
Result<void> check_settings(const Json& json, const EncoderConfig& c) {
  struct Flag {
    const char* name;
    bool expected, fallback;
  };
  constexpr Flag flags[] = {
      {"prenorm", false, false}, {"use_rms_norm", false, false}, {"rotary_emb_interleaved", false, false}, {"causal", false, false}};
  for (const Flag& flag : flags)
    if (NACRE_TRY(json.boolean(flag.name, flag.fallback)) != flag.expected)
      return fail(ErrorCode::unsupported, flag.name, " is ", !flag.expected, ", expected ", flag.expected);
  for (const char* name : {"rotary_scaling_factor", "rotary_emb_scale_base"})
    if (json.has(name)) return fail(ErrorCode::unsupported, name, " is set, expected null");
  if (NACRE_TRY(json.integer("num_experts", 0)) > 0)
    return fail(ErrorCode::unsupported, "num_experts: layers of experts (nomic-embed v2) are not written");
  if (NACRE_TRY(json.real("rotary_emb_fraction", 1.0)) != 1.0) return fail(ErrorCode::unsupported, "rotary_emb_fraction: expected 1");
  if (json.has("n_embd") && c.activation != "swiglu" && c.activation != "geglu" && c.activation != "glu")
    return fail(ErrorCode::unsupported, "activation_function \"", c.activation, "\"; known: swiglu, geglu, glu");
  return {};
}

std::string_view gate_of(const std::string& activation) {
  if (activation == "swiglu" || activation == "geglu" || activation == "glu")
    return activation == "swiglu" ? "silu" : activation == "geglu" ? "gelu" : "sigmoid";
  return activation;
}

/// Gated, or in Jina's v3 plain.
Edge feed_forward(Encoder& e, const std::string& name) {
  if (e.net.has(name + ".fc1.weight")) {
    const Edge inner = e.net.activation(e.net.linear(e.x, name + ".fc1", {e.c.hidden, -1}), e.c.activation);
    return e.net.linear(inner, name + ".fc2", {-1, e.c.hidden});
  }
  const Edge value = e.net.linear(e.x, name + ".fc11", {e.c.hidden, -1});
  const Edge gate = e.net.activation(e.net.linear(e.x, name + ".fc12", {e.c.hidden, -1}), gate_of(e.c.activation));
  return e.net.linear(e.b.mul(value, gate), name + ".fc2", {-1, e.c.hidden});
}

void layer(Encoder& e, const std::string& name, const RotaryAngles& angles) {
  const AttentionShape shape{e.shape, e.c.heads, e.c.hidden / e.c.heads};
  const std::string own = name + (e.net.has(name + ".mixer.Wqkv.weight") ? ".mixer" : ".attn");
  e.b.set_prefix(name);
  const Edge all = e.net.linear(e.x, own + ".Wqkv", {e.c.hidden, 3 * e.c.hidden});
  const auto qkv = e.b.add_many("Split", {all}, 3, {{"axis", int64_t{-1}}, {"num_outputs", int64_t{3}}});
  const auto turned = [&](Edge x) { return rotate(e.b, split_heads(e.b, x, shape), angles); };
  const double scale = 1 / std::sqrt(static_cast<double>(shape.size));
  const Edge mixed = attend(e.b, turned(qkv[0]), turned(qkv[1]), split_heads(e.b, qkv[2], shape), e.mask, scale, shape);
  const Edge attended = e.b.add(e.net.linear(mixed, own + ".out_proj", {e.c.hidden, e.c.hidden}), e.x);
  e.x = e.net.layer_norm(attended, name + ".norm1", e.c.hidden, e.c.epsilon);
  e.x = e.net.layer_norm(e.b.add(feed_forward(e, name + ".mlp"), e.x), name + ".norm2", e.c.hidden, e.c.epsilon);
}

Result<Rope> rope_of(const Encoder& e) {
  NACRE_TRY(check_settings(e.json, e.c));
  const double theta = NACRE_TRY(e.json.real("rotary_emb_base", 10000.0));
  return read_rope(e.json, {.size = e.c.hidden / e.c.heads, .theta = theta});
}

void masked_lm(Encoder& e) {
  const Edge x =
      e.transform("cls.predictions.transform.dense", gate_of(e.c.activation), "cls.predictions.transform.layer_norm", e.c.hidden);
  e.vocabulary_logits(x, e.c.hidden, "cls.predictions.decoder", "embeddings.word_embeddings.weight", "cls.predictions.bias");
}

Result<Graph> build(const Checkpoint& checkpoint, std::string_view head) {
  const EncoderConfig config = NACRE_TRY(read_config(checkpoint.config()));
  const std::string prefix = checkpoint.has("nomic_bert.emb_ln.weight") ? "nomic_bert." : "bert.";
  return build_encoder({checkpoint, config, prefix, "NomicBert"}, head, bert_heads_with(masked_lm), encode_nomic);
}

}  // namespace

void encode_nomic(Encoder& e) {
  const Result<Rope> rope = rope_of(e);
  if (!rope) return e.net.fail_with(rope.error());
  e.open();
  const Edge sum = e.embed_tables("embeddings", kAbsent, e.types());
  e.x = e.net.layer_norm(e.b.reshape(sum, {-1, e.c.hidden}), "emb_ln", e.c.hidden, e.c.epsilon);
  const Edge length = e.b.add("Gather", {e.shape, e.integer(1)}, {{"axis", int64_t{0}}});
  const RotaryAngles angles = rotary_angles(e.b, *rope, e.places(), length);
  for (int64_t i = 0; i < e.c.layers && e.net.status(); ++i) layer(e, cat("encoder.layers.", i), angles);
}

extern const Architecture architecture_nomic_bert;
const Architecture architecture_nomic_bert{.model_type = "nomic_bert", .prefix = "NomicBert", .build = build};

}  // namespace nacre
