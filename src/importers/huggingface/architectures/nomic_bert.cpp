// NomicBERT: BERT with rotary positions, SwiGLU and projections in one, post-norm.
// https://arxiv.org/abs/2402.01613, https://huggingface.co/nomic-ai/nomic-bert-2048 (modeling_hf_nomic_bert.py)
#include <cmath>

#include "importers/huggingface/encoder.h"

namespace nacre {
namespace {

/// GPT-2's names.
Result<EncoderConfig> read_config(const Json& json) {
  EncoderConfig c;
  c.hidden = NACRE_TRY(json.integer("n_embd")), c.layers = NACRE_TRY(json.integer("n_layer")), c.heads = NACRE_TRY(json.integer("n_head"));
  c.vocabulary = NACRE_TRY(json.integer("vocab_size")), c.positions = NACRE_TRY(json.integer("n_positions", 8192));
  c.types = NACRE_TRY(json.integer("type_vocab_size", 2)), c.epsilon = NACRE_TRY(json.real("layer_norm_epsilon", 1e-12));
  c.activation = NACRE_TRY(json.text("activation_function", "swiglu"));
  if (c.positions < 1 || c.positions > (1 << 20))
    return fail(ErrorCode::invalid_model, "n_positions is ", c.positions, ", expected 1 to ", 1 << 20);
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
  if (NACRE_TRY(json.real("rotary_emb_fraction", 1.0)) != 1.0) return fail(ErrorCode::unsupported, "rotary_emb_fraction: expected 1");
  if (c.activation != "swiglu" && c.activation != "geglu" && c.activation != "glu")
    return fail(ErrorCode::unsupported, "activation_function \"", c.activation, "\"; known: swiglu, geglu, glu");
  if ((c.hidden / c.heads) % 2 != 0)
    return fail(ErrorCode::invalid_model, "a head's size ", c.hidden / c.heads, " is odd: it has no halves to rotate");
  return {};
}

std::string_view gate_of(const std::string& activation) {
  return activation == "swiglu" ? "silu" : activation == "geglu" ? "gelu" : "sigmoid";
}

void layer(Encoder& e, const std::string& name, const RotaryTables& rotary, Edge places) {
  const AttentionShape shape{e.shape, e.c.heads, e.c.hidden / e.c.heads};
  e.b.set_prefix(name);
  const Edge all = e.net.linear(e.x, name + ".attn.Wqkv", {e.c.hidden, 3 * e.c.hidden});
  const auto qkv = e.b.add_many("Split", {all}, 3, {{"axis", int64_t{-1}}, {"num_outputs", int64_t{3}}});
  const auto turned = [&](Edge x) { return rotate(e.b, split_heads(e.b, x, shape), rotary, places); };
  const double scale = 1 / std::sqrt(static_cast<double>(shape.size));
  const Edge mixed = attend(e.b, turned(qkv[0]), turned(qkv[1]), split_heads(e.b, qkv[2], shape), e.mask, scale, shape);
  const Edge attended = e.b.add(e.net.linear(mixed, name + ".attn.out_proj", {e.c.hidden, e.c.hidden}), e.x);
  e.x = e.net.layer_norm(attended, name + ".norm1", e.c.hidden, e.c.epsilon);
  const Edge value = e.net.linear(e.x, name + ".mlp.fc11", {e.c.hidden, -1});
  const Edge gate = e.net.activation(e.net.linear(e.x, name + ".mlp.fc12", {e.c.hidden, -1}), gate_of(e.c.activation));
  const Edge grown = e.b.add(e.net.linear(e.b.mul(value, gate), name + ".mlp.fc2", {-1, e.c.hidden}), e.x);
  e.x = e.net.layer_norm(grown, name + ".norm2", e.c.hidden, e.c.epsilon);
}

void encode(Encoder& e) {
  if (const Result<void> fits = check_settings(e.json, e.c); !fits) return e.net.fail_with(fits.error());
  const Result<double> base = e.json.real("rotary_emb_base", 10000.0);
  if (!base) return e.net.fail_with(base.error());
  e.open();
  Edge x = e.net.embed(e.ids, "embeddings.word_embeddings.weight", e.c.vocabulary, e.c.hidden);
  if (e.c.types > 0)
    x = e.b.add(x, e.net.embed(e.input("token_type_ids"), "embeddings.token_type_embeddings.weight", e.c.types, e.c.hidden));
  e.x = e.net.layer_norm(e.b.reshape(x, {-1, e.c.hidden}), "emb_ln", e.c.hidden, e.c.epsilon);
  const RotaryTables rotary = rotary_tables(e.b, e.c.positions, e.c.hidden / e.c.heads, *base);
  const Edge places = e.places();
  for (int64_t i = 0; i < e.c.layers && e.net.status(); ++i) layer(e, cat("encoder.layers.", i), rotary, places);
}

void masked_lm(Encoder& e) {
  const Edge x =
      e.transform("cls.predictions.transform.dense", gate_of(e.c.activation), "cls.predictions.transform.layer_norm", e.c.hidden);
  e.vocabulary_logits(x, e.c.hidden, "cls.predictions.decoder", "embeddings.word_embeddings.weight", "cls.predictions.decoder.bias");
}

Result<Graph> build(const Checkpoint& checkpoint, std::string_view head) {
  return build_encoder({checkpoint, NACRE_TRY(read_config(checkpoint.config())), "bert.", "NomicBert"}, head, bert_heads_with(masked_lm),
                       encode);
}

}  // namespace

extern const Architecture architecture_nomic_bert;
const Architecture architecture_nomic_bert{.model_type = "nomic_bert", .prefix = "NomicBert", .build = build};

}  // namespace nacre
