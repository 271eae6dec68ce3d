// T5 and Flan-T5, the encoder alone: sentence-t5, gtr-t5. https://arxiv.org/abs/1910.10683, transformers/models/t5/modeling_t5.py
#include "importers/huggingface/t5.h"

#include "importers/huggingface/relative.h"

namespace nacre {
namespace {

Result<EncoderConfig> read_config(const Json& json, const T5Traits& traits) {
  EncoderConfig c;
  c.hidden = NACRE_TRY(json.integer("d_model")), c.layers = NACRE_TRY(json.integer("num_layers"));
  c.heads = NACRE_TRY(json.integer("num_heads")), c.inner = NACRE_TRY(json.integer("d_ff"));
  c.vocabulary = NACRE_TRY(json.integer("vocab_size")), c.epsilon = NACRE_TRY(json.real("layer_norm_epsilon", 1e-6));
  c.activation = NACRE_TRY(json.text("feed_forward_proj", traits.feed_forward)), c.embedding = c.hidden;
  const int64_t size = NACRE_TRY(json.integer("d_kv"));
  constexpr int64_t most_layers = 1000, most = 1 << 16;
  if (c.hidden < 1 || c.layers < 0 || c.layers > most_layers || c.heads < 1 || c.heads > most || size < 1 || size > most)
    return fail(ErrorCode::invalid_model, c.layers, " layers of width ", c.hidden, " with ", c.heads, " heads of size ", size);
  return c;
}

/// "relu", "gated-gelu" (which is gelu_new), "gated-silu".
Edge feed_forward(Encoder& e, Edge x, const std::string& name) {
  const bool gated = e.c.activation.starts_with("gated-");
  std::string_view act = e.c.activation;
  if (gated) act.remove_prefix(6);
  if (gated && act == "gelu") act = "gelu_new";
  Edge inner = e.net.activation(e.net.linear(x, name + (gated ? ".wi_0" : ".wi"), {e.c.hidden, e.c.inner}), act);
  if (gated) inner = e.b.mul(inner, e.net.linear(x, name + ".wi_1", {e.c.hidden, e.c.inner}));
  return e.net.linear(inner, name + ".wo", {e.c.inner, e.c.hidden});
}

struct Settings {
  int64_t size;  ///< of a head
  RelativeBuckets buckets;
};

Result<Settings> read_settings(const Json& json) {
  return Settings{
      NACRE_TRY(json.integer("d_kv")),
      {NACRE_TRY(json.integer("relative_attention_num_buckets", 32)), NACRE_TRY(json.integer("relative_attention_max_distance", 128))}};
}

void layer(Encoder& e, const std::string& name, const Settings& settings, Edge bias) {
  const AttentionShape shape{e.shape, e.c.heads, settings.size};
  const int64_t width = e.c.heads * settings.size;
  const std::string own = name + ".layer.0.SelfAttention.";
  e.b.set_prefix(name);
  const Edge before = e.net.rms_norm(e.x, name + ".layer.0.layer_norm", e.c.hidden, e.c.epsilon);
  const auto project = [&](const char* which) { return split_heads(e.b, e.net.linear(before, own + which, {e.c.hidden, width}), shape); };
  const Edge q = project("q"), k = project("k"), v = project("v");
  e.x = e.b.add(e.net.linear(attend(e.b, q, k, v, bias, 1, shape), own + "o", {width, e.c.hidden}), e.x);
  const Edge middle = e.net.rms_norm(e.x, name + ".layer.1.layer_norm", e.c.hidden, e.c.epsilon);
  e.x = e.b.add(feed_forward(e, middle, name + ".layer.1.DenseReluDense"), e.x);
}

constexpr Head kHeads[] = {{"EncoderModel", [](Encoder& e) { e.last_hidden_state(); }},
                           {"Model", [](Encoder& e) { e.last_hidden_state(); }},
                           {"ForTokenClassification", [](Encoder& e) { e.token_logits("classifier"); }}};

constexpr T5Traits kTraits{};

Result<Graph> build(const Checkpoint& checkpoint, std::string_view head) {
  return build_t5(checkpoint, head, "T5", kTraits, [](Encoder& e) { encode_t5(e, kTraits); });
}

}  // namespace

void encode_t5(Encoder& e, const T5Traits& traits) {
  const Result<Settings> settings = read_settings(e.json);
  if (!settings) return e.net.fail_with(settings.error());
  e.open();
  const bool shared = e.net.has("shared.weight");
  const Edge words = e.net.embed(e.ids, shared ? "shared.weight" : "encoder.embed_tokens.weight", e.c.vocabulary, e.c.hidden);
  e.x = e.b.reshape(words, {-1, e.c.hidden});
  Edge bias = kAbsent;
  for (int64_t i = 0; i < e.c.layers && e.net.status(); ++i) {
    const std::string name = cat("encoder.block.", i);
    if (i == 0 || traits.own_biases)
      bias = e.b.add(relative_bias(e, name + ".layer.0.SelfAttention.relative_attention_bias", settings->buckets), e.mask);
    layer(e, name, *settings, bias);
  }
  e.b.set_prefix("final_norm");
  e.x = e.net.rms_norm(e.x, "encoder.final_layer_norm", e.c.hidden, e.c.epsilon);
}

Result<Graph> build_t5(const Checkpoint& checkpoint, std::string_view head, std::string_view class_prefix, const T5Traits& traits,
                       void (*body)(Encoder&)) {
  const EncoderConfig config = NACRE_TRY(read_config(checkpoint.config(), traits));
  return build_encoder({checkpoint, config, "transformer.", class_prefix}, head, kHeads, body);
}

extern const Architecture architecture_t5;
const Architecture architecture_t5{.model_type = "t5", .prefix = "T5", .build = build};

}  // namespace nacre
