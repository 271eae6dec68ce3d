// ESM-2 and ESM-1b, language models of proteins: rotary or learned positions, norms before attention and feed-forward, and words that are
// scaled for the mask tokens among them. https://doi.org/10.1126/science.ade2574, transformers/models/esm/modeling_esm.py
#include <cmath>

#include "importers/huggingface/roberta.h"
#include "importers/huggingface/rope.h"

namespace nacre {
namespace {

constexpr LayerNames kNames{"attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense",
                            "attention.LayerNorm",  "intermediate.dense", "output.dense",         "LayerNorm"};

struct Settings {
  bool rotary = false, token_dropout = false, norm_before = false;
  int64_t mask = 0, pad = 1;
};

Result<Settings> read_settings(const Json& json) {
  Settings out;
  const std::string_view position = NACRE_TRY(json.text("position_embedding_type", "absolute"));
  if (position != "absolute" && position != "rotary")
    return fail(ErrorCode::unsupported, "position_embedding_type: expected absolute or rotary, found \"", position, "\"");
  out.rotary = position == "rotary", out.token_dropout = NACRE_TRY(json.boolean("token_dropout", false));
  out.norm_before = NACRE_TRY(json.boolean("emb_layer_norm_before", false)), out.pad = NACRE_TRY(json.integer("pad_token_id", 1));
  if (out.token_dropout) out.mask = NACRE_TRY(json.integer("mask_token_id"));
  return out;
}

Result<EncoderConfig> read_config(const Json& json) {
  EncoderConfig c;
  c.hidden = NACRE_TRY(json.integer("hidden_size")), c.layers = NACRE_TRY(json.integer("num_hidden_layers"));
  c.heads = NACRE_TRY(json.integer("num_attention_heads")), c.inner = NACRE_TRY(json.integer("intermediate_size"));
  c.vocabulary = NACRE_TRY(json.integer("vocab_size")), c.positions = NACRE_TRY(json.integer("max_position_embeddings", 1026));
  c.epsilon = NACRE_TRY(json.real("layer_norm_eps", 1e-12));
  if (NACRE_TRY(json.boolean("is_folding_model", false))) return fail(ErrorCode::unsupported, "is_folding_model is true, expected false");
  return checked(c);
}

/// Training hid 15 % of the words, four fifths of them behind the mask token, whose vector is zero: the rest stands for what is missing.
Edge scaled_words(Encoder& e, Edge words, int64_t mask) {
  constexpr double trained = 0.15 * 0.8;
  const Edge masked = e.b.add("Equal", {e.ids, e.integer(mask)});
  const auto count = [&](Edge x) { return e.b.reduce("ReduceSum", e.b.cast(x, DType::float32), {1}); };
  const Edge share = e.b.div(count(masked), count(e.attention_mask));
  const Edge factor = e.b.div(e.b.scalar(1 - trained, share), e.b.sub(e.b.scalar(1, share), share));
  const Edge kept = e.b.cast(e.b.add("Not", {masked}), DType::float32);
  return e.b.mul(words, e.b.unsqueeze(e.b.mul(kept, factor), {2}));
}

void embeddings(Encoder& e, const Settings& settings) {
  Edge x = e.net.embed(e.ids, "embeddings.word_embeddings.weight", e.c.vocabulary, e.c.hidden);
  if (settings.token_dropout) x = scaled_words(e, x, settings.mask);
  if (!settings.rotary)
    x = e.b.add(x, e.net.embed(e.places_behind_padding(settings.pad), "embeddings.position_embeddings.weight", e.c.positions, e.c.hidden));
  x = e.b.reshape(x, {-1, e.c.hidden});
  if (settings.norm_before) x = e.net.layer_norm(x, "embeddings.layer_norm", e.c.hidden, e.c.epsilon);
  e.x = e.b.mul(x, e.b.cast(e.b.reshape(e.attention_mask, {-1, 1}), DType::float32));
}

void rotary_layer(Encoder& e, const std::string& name, const RotaryAngles& angles) {
  const AttentionShape shape{e.shape, e.c.heads, e.c.hidden / e.c.heads};
  e.b.set_prefix(name);
  const auto normed = [&](const char* which) { return e.net.layer_norm(e.x, cat(name, ".", which), e.c.hidden, e.c.epsilon); };
  const Edge before = normed(kNames.mixed_norm);
  const auto project = [&](const char* which) {
    return split_heads(e.b, e.net.linear(before, cat(name, ".", which), {e.c.hidden, e.c.hidden}), shape);
  };
  const Edge q = rotate(e.b, project(kNames.query), angles), k = rotate(e.b, project(kNames.key), angles);
  const Edge mixed = attend(e.b, q, k, project(kNames.value), e.mask, 1 / std::sqrt(static_cast<double>(shape.size)), shape);
  e.x = e.b.add(e.net.linear(mixed, cat(name, ".", kNames.mixed), {e.c.hidden, e.c.hidden}), e.x);
  e.x = e.b.add(e.feed_forward_of(normed(kNames.outer_norm), name, kNames), e.x);
}

void encode(Encoder& e) {
  const Result<Settings> settings = read_settings(e.json);
  if (!settings) return e.net.fail_with(settings.error());
  e.open();
  embeddings(e, *settings);
  if (!settings->rotary) return e.pre_norm_layers("encoder.layer.", kNames, "encoder.emb_layer_norm_after");
  const Edge length = e.b.add("Gather", {e.shape, e.integer(1)}, {{"axis", int64_t{0}}});
  const RotaryAngles angles = rotary_angles(e.b, plain_rope(e.c.hidden / e.c.heads, 10000), e.places(), length);
  for (int64_t i = 0; i < e.c.layers && e.net.status(); ++i) rotary_layer(e, cat("encoder.layer.", i), angles);
  e.b.set_prefix("encoder.emb_layer_norm_after");
  e.x = e.net.layer_norm(e.x, "encoder.emb_layer_norm_after", e.c.hidden, e.c.epsilon);
}

Result<Graph> build(const Checkpoint& checkpoint, std::string_view head) {
  const EncoderConfig config = NACRE_TRY(read_config(checkpoint.config()));
  if ((config.hidden / config.heads) % 2 != 0)
    return fail(ErrorCode::invalid_model, "a head's size ", config.hidden / config.heads, " is odd: it has no halves to rotate");
  return build_encoder({checkpoint, config, "esm.", "Esm"}, head, roberta_heads(), encode);
}

}  // namespace

extern const Architecture architecture_esm;
const Architecture architecture_esm{.model_type = "esm", .prefix = "Esm", .build = build};

}  // namespace nacre
