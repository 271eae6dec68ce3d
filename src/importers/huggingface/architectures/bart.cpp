// BART: zero-shot classification with bart-large-mnli. https://arxiv.org/abs/1910.13461, transformers/models/bart/modeling_bart.py
#include "importers/huggingface/bart.h"

#include <cmath>

namespace nacre {
namespace {

/// Sizes of the encoder; the decoder's are read where its layers are.
Result<EncoderConfig> read_config(const Json& json) {
  EncoderConfig c;
  c.hidden = NACRE_TRY(json.integer("d_model")), c.layers = NACRE_TRY(json.integer("encoder_layers"));
  c.heads = NACRE_TRY(json.integer("encoder_attention_heads")), c.inner = NACRE_TRY(json.integer("encoder_ffn_dim"));
  c.vocabulary = NACRE_TRY(json.integer("vocab_size")), c.positions = NACRE_TRY(json.integer("max_position_embeddings", 1024));
  c.activation = NACRE_TRY(json.text("activation_function", "gelu")), c.epsilon = 1e-5;
  EncoderConfig decoder = c;
  decoder.layers = NACRE_TRY(json.integer("decoder_layers")), decoder.heads = NACRE_TRY(json.integer("decoder_attention_heads"));
  NACRE_TRY(checked(decoder));
  return checked(c);
}

struct Half {
  std::string name;  ///< "encoder", "decoder"
  int64_t layers, heads, inner;
};

struct Settings {
  Half encoder, decoder;
  double word_scale = 1;
  int64_t start = 2, pad = 1;
};

Result<Settings> read_settings(const Json& json, const EncoderConfig& c) {
  Settings out{.encoder = {"encoder", c.layers, c.heads, c.inner}, .decoder = {}};
  out.decoder = {"decoder", NACRE_TRY(json.integer("decoder_layers")), NACRE_TRY(json.integer("decoder_attention_heads")),
                 NACRE_TRY(json.integer("decoder_ffn_dim"))};
  if (NACRE_TRY(json.boolean("scale_embedding", false))) out.word_scale = std::sqrt(static_cast<double>(c.hidden));
  out.start = NACRE_TRY(json.integer("decoder_start_token_id", 2)), out.pad = NACRE_TRY(json.integer("pad_token_id", 1));
  return out;
}

struct Bart {
  Encoder& e;
  const BartTraits& traits;
  const Settings& settings;

  Edge norm(Edge x, const std::string& name) const { return e.net.layer_norm(x, name, e.c.hidden, e.c.epsilon); }

  Edge attend_to(Edge from, Edge to, const std::string& name, int64_t heads, Edge mask) const {
    const auto project = [&](Edge x, const char* which) { return e.net.linear(x, name + which, {e.c.hidden, e.c.hidden}); };
    const Edge q = project(from, ".q_proj"), k = project(to, ".k_proj"), v = project(to, ".v_proj");
    return project(attention(e.b, q, k, v, mask, {e.shape, heads, e.c.hidden / heads}), ".out_proj");
  }

  Edge feed_forward(Edge x, const std::string& name, int64_t inner) const {
    return e.net.linear(e.net.activation(e.net.linear(x, name + ".fc1", {e.c.hidden, inner}), e.c.activation), name + ".fc2",
                        {inner, e.c.hidden});
  }

  /// x + step(x), normalised behind or before. `step` takes the edge it works on.
  template <class Step>
  void residual(const std::string& norm_name, Step step) const {
    e.x = traits.pre_norm ? e.b.add(step(norm(e.x, norm_name)), e.x) : norm(e.b.add(step(e.x), e.x), norm_name);
  }

  /// Two places of each table are not used: transformers/models/bart, BartLearnedPositionalEmbedding.
  void embed(Edge ids, const Half& half) const {
    constexpr int64_t unused = 2;
    const std::string own = half.name + ".embed_tokens.weight";
    e.b.set_prefix(half.name);
    Edge words = e.net.embed(ids, e.net.has("shared.weight") ? "shared.weight" : own, e.c.vocabulary, e.c.hidden);
    if (settings.word_scale != 1) words = e.b.mul(words, e.b.scalar(settings.word_scale, words));
    const Edge places = e.b.add(e.places(), e.integer(unused));
    const Edge sum = e.b.add(words, e.net.embed(places, half.name + ".embed_positions.weight", e.c.positions + unused, e.c.hidden));
    e.x = norm(e.b.reshape(sum, {-1, e.c.hidden}), half.name + ".layernorm_embedding");
  }

  /// `seen` is what the encoder gave; kAbsent in the encoder itself.
  void layer(const std::string& name, const Half& half, Edge mask, Edge seen) const {
    e.b.set_prefix(name);
    residual(name + ".self_attn_layer_norm", [&](Edge x) { return attend_to(x, x, name + ".self_attn", half.heads, mask); });
    if (seen != kAbsent)
      residual(name + ".encoder_attn_layer_norm", [&](Edge x) { return attend_to(x, seen, name + ".encoder_attn", half.heads, e.mask); });
    residual(name + ".final_layer_norm", [&](Edge x) { return feed_forward(x, name, half.inner); });
  }

  void run(Edge ids, const Half& half, Edge mask, Edge seen) const {
    embed(ids, half);
    for (int64_t i = 0; i < half.layers && e.net.status(); ++i) layer(cat(half.name, ".layers.", i), half, mask, seen);
    if (traits.pre_norm) e.x = norm(e.x, half.name + ".layer_norm");
  }

  /// What the decoder starts with: int64 [batch, 1].
  Edge first_ids() const {
    const Edge one = e.b.add("Slice", {e.ids, e.b.ints({0}), e.b.ints({1}), e.b.ints({1})});
    if (!traits.wraps) return e.b.add(e.b.mul(one, e.integer(0)), e.integer(settings.start));
    const Edge real = e.b.cast(e.b.add("Not", {e.b.add("Equal", {e.ids, e.integer(settings.pad)})}), DType::int64);
    const Edge last = e.b.sub(e.b.reduce("ReduceSum", real, {1}), e.integer(1));
    return e.b.unsqueeze(e.b.add("GatherND", {e.ids, last}, {{"batch_dims", int64_t{1}}}), {1});
  }

  Edge shifted_ids() const {
    const Edge rest = e.b.add("Slice", {e.ids, e.b.ints({0}), e.b.ints({-1}), e.b.ints({1})});
    return e.b.add("Concat", {first_ids(), rest}, {{"axis", int64_t{1}}});
  }
};

/// The decoder's vector at the text's last end token, through a classifier of two layers.
void sequence_labels(Encoder& e) {
  const Result<int64_t> end = e.json.integer("eos_token_id", 2);
  if (!end) return e.net.fail_with(end.error());
  const Edge ends = e.b.cast(e.b.add("Equal", {e.ids, e.integer(*end)}), DType::int64);
  const Edge inner = e.net.activation(e.net.linear(e.last_token(ends), "classification_head.dense", {e.c.hidden, e.c.hidden}), "tanh");
  e.sequence_logits(inner, "classification_head.out_proj");
}

constexpr Head kHeads[] = {{"Model", [](Encoder& e) { e.last_hidden_state(); }},
                           {"ForSequenceClassification", sequence_labels},
                           {"ForQuestionAnswering", [](Encoder& e) { e.span_logits("qa_outputs"); }}};

constexpr BartTraits kTraits{};

Result<Graph> build(const Checkpoint& checkpoint, std::string_view head) {
  return build_bart(checkpoint, head, "Bart", [](Encoder& e) { run_bart(e, kTraits); });
}

}  // namespace

void run_bart(Encoder& e, const BartTraits& traits) {
  const Result<Settings> settings = read_settings(e.json, e.c);
  if (!settings) return e.net.fail_with(settings.error());
  e.open();
  const Bart bart{e, traits, *settings};
  bart.run(e.ids, settings->encoder, e.mask, kAbsent);
  const Edge seen = e.x;
  bart.run(bart.shifted_ids(), settings->decoder, e.causal_mask(), seen);
}

Result<Graph> build_bart(const Checkpoint& checkpoint, std::string_view head, std::string_view class_prefix, void (*body)(Encoder&)) {
  return build_encoder({checkpoint, NACRE_TRY(read_config(checkpoint.config())), "model.", class_prefix}, head, kHeads, body);
}

extern const Architecture architecture_bart;
const Architecture architecture_bart{.model_type = "bart", .prefix = "Bart", .build = build};

}  // namespace nacre
