#include "importers/huggingface/decoder.h"

#include <cmath>
#include <limits>

#include "importers/huggingface/rope.h"

namespace nacre {
namespace {

/// What differs from BERT's configuration.
struct Settings {
  int64_t kv_heads = 0, size = 0;  ///< of a head
  double scale = 1, softcap = 0;   ///< of the scores
  bool causal = true;
  int64_t window = 0;        ///< a sliding layer sees keys less than this far away; 0: no layer slides
  std::vector<bool> slides;  ///< by layer
  Rope rope, local;          ///< of full and of sliding layers
};

/// gte-Qwen2 ships code of its own, whose only change is that nothing is causal.
Result<bool> is_causal(const Json& json, const DecoderTraits& traits) {
  if (NACRE_TRY(json.boolean("use_bidirectional_attention", false)) || !NACRE_TRY(json.boolean("is_causal", true))) return false;
  if (!json.has("auto_map")) return traits.causal;
  return traits.causal && NACRE_TRY(NACRE_TRY(json.at("auto_map")).text("AutoModel", "")) != "modeling_qwen.Qwen2Model";
}

Result<std::vector<bool>> read_slides(const Json& json, const DecoderTraits& traits, int64_t layers) {
  std::vector<bool> out(static_cast<size_t>(layers));
  if (json.has("layer_types")) {
    const std::vector<std::string> types = NACRE_TRY(NACRE_TRY(json.at("layer_types")).texts());
    if (types.size() < out.size()) return fail(ErrorCode::invalid_model, "layer_types has ", types.size(), " entries, expected ", layers);
    for (size_t layer = 0; layer < out.size(); ++layer) {
      if (types[layer] != "full_attention" && types[layer] != "sliding_attention")
        return fail(ErrorCode::unsupported, "layer_types: \"", types[layer], "\", expected full_attention or sliding_attention");
      out[layer] = types[layer] == "sliding_attention";
    }
  } else if (traits.slides) {
    for (int64_t layer = 0; layer < layers; ++layer) out[static_cast<size_t>(layer)] = NACRE_TRY(traits.slides(json, layer));
  }
  return out;
}

Result<void> read_ropes(const Json& json, const DecoderTraits& traits, Settings& out) {
  out.rope = NACRE_TRY(read_rope(json, {.size = out.size, .theta = traits.theta, .kind = "full_attention"}));
  if (json.has("rope_local_base_freq"))
    out.local = plain_rope(out.size, NACRE_TRY(json.real("rope_local_base_freq")));
  else
    out.local = NACRE_TRY(read_rope(json, {.size = out.size, .theta = traits.theta, .kind = "sliding_attention"}));
  return {};
}

Result<Settings> read_settings(const Json& json, const EncoderConfig& c, const DecoderTraits& traits) {
  Settings out;
  out.kv_heads = NACRE_TRY(json.integer("num_key_value_heads", c.heads)),
  out.size = NACRE_TRY(json.integer("head_dim", c.hidden / c.heads));
  constexpr int64_t most = 1 << 16;
  if (out.kv_heads < 1 || c.heads % out.kv_heads != 0 || c.heads > most || out.size < 1 || out.size > most)
    return fail(ErrorCode::invalid_model, c.heads, " heads of size ", out.size, " with num_key_value_heads ", out.kv_heads);
  const double by = NACRE_TRY(json.real("query_pre_attn_scalar", static_cast<double>(out.size)));
  out.scale = 1 / std::sqrt(by), out.softcap = NACRE_TRY(json.real("attn_logit_softcapping", 0.0));
  out.causal = NACRE_TRY(is_causal(json, traits)), out.slides = NACRE_TRY(read_slides(json, traits, c.layers));
  out.window = NACRE_TRY(json.integer("sliding_window", 0));
  if (NACRE_TRY(json.boolean("use_bidirectional_attention", false))) out.window = out.window / 2 + 1;  // as Gemma3TextConfig has it
  if (out.window < 1) out.slides.assign(out.slides.size(), false);
  NACRE_TRY(read_ropes(json, traits, out));
  return out;
}

/// The lowest float where the key is not to be seen: [sequence, sequence].
Edge hidden_keys(Encoder& e, const Settings& settings, Edge places) {
  const Edge behind = e.distances(places, places);  // how far the key is before the query
  const Edge far = e.b.add("GreaterOrEqual", {settings.causal ? behind : e.b.add("Abs", {behind}), e.integer(settings.window)});
  const Edge hidden = settings.causal ? e.b.add("Or", {far, e.b.add("Less", {behind, e.integer(0)})}) : far;
  return lowest_where(e.b, hidden);
}

/// Of one kind of layer.
struct Reach {
  RotaryAngles angles;
  Edge mask;
  bool causal;  ///< beside the mask
};

struct Decoder {
  Encoder& e;
  const DecoderTraits& traits;
  const Settings& settings;

  Edge norm(Edge x, const std::string& name, int64_t features) const {
    if (!traits.unit_offset) return e.net.rms_norm(x, name, features, e.c.epsilon);
    const Edge weight = e.net.weight(name + ".weight", {features});
    if (!e.net.status()) return kAbsent;
    const Edge scale = e.b.add(weight, e.b.scalar(1, weight));
    return e.b.add("RMSNormalization", {x, scale}, {{"axis", int64_t{-1}}, {"epsilon", static_cast<float>(e.c.epsilon)}});
  }

  Edge project(Edge x, const std::string& name, const char* which, int64_t heads) const {
    const Edge flat = e.net.linear(x, cat(name, ".self_attn.", which, "_proj"), {e.c.hidden, heads * settings.size});
    return split_heads(e.b, flat, {e.shape, heads, settings.size});
  }

  Edge turned(Edge x, const std::string& name, const char* which, int64_t heads, const Reach& reach) const {
    Edge out = project(x, name, which, heads);
    if (traits.head_norms) out = norm(out, cat(name, ".self_attn.", which, "_norm"), settings.size);
    return rotate(e.b, out, reach.angles);
  }

  Edge attention(Edge x, const std::string& name, const Reach& reach) const {
    const Edge q = turned(x, name, "q", e.c.heads, reach), k = turned(x, name, "k", settings.kv_heads, reach);
    const Edge v = project(x, name, "v", settings.kv_heads);
    Attributes attributes{{"is_causal", int64_t{reach.causal}}, {"scale", static_cast<float>(settings.scale)}};
    if (settings.softcap > 0) attributes.set("softcap", static_cast<float>(settings.softcap));
    const Edge mixed = e.b.transpose(e.b.add("Attention", {q, k, v, reach.mask}, std::move(attributes)), {0, 2, 1, 3});
    const int64_t width = e.c.heads * settings.size;
    return e.net.linear(e.b.reshape(mixed, {-1, width}), name + ".self_attn.o_proj", {width, e.c.hidden});
  }

  Edge feed_forward(Edge x, const std::string& name) const {
    const Edge gate = e.net.activation(e.net.linear(x, name + ".mlp.gate_proj", {e.c.hidden, e.c.inner}), e.c.activation);
    const Edge up = e.net.linear(x, name + ".mlp.up_proj", {e.c.hidden, e.c.inner});
    return e.net.linear(e.b.mul(gate, up), name + ".mlp.down_proj", {e.c.inner, e.c.hidden});
  }

  void layer(const std::string& name, const Reach& reach) const {
    const auto normed = [&](Edge x, const char* which) { return norm(x, cat(name, ".", which), e.c.hidden); };
    e.b.set_prefix(name);
    Edge mixed = attention(normed(e.x, "input_layernorm"), name, reach);
    if (traits.sandwich) mixed = normed(mixed, "post_attention_layernorm");
    e.x = e.b.add(mixed, e.x);
    Edge grown = feed_forward(normed(e.x, traits.sandwich ? "pre_feedforward_layernorm" : "post_attention_layernorm"), name);
    if (traits.sandwich) grown = normed(grown, "post_feedforward_layernorm");
    e.x = e.b.add(grown, e.x);
  }

  Reach full(Edge places, Edge length) const { return {rotary_angles(e.b, settings.rope, places, length), e.mask, settings.causal}; }
  /// Below the lowest float there is only -infinity, and a row of nothing else has no softmax.
  Reach sliding(Edge places, Edge length) const {
    const Edge lowest = e.b.scalar(static_cast<double>(std::numeric_limits<float>::lowest()), e.mask);
    const Edge mask = e.b.add("Max", {e.b.add(e.mask, hidden_keys(e, settings, places)), lowest});
    return {rotary_angles(e.b, settings.local, places, length), mask, false};
  }

  void run() const {
    e.open();
    Edge words = e.net.embed(e.ids, "embed_tokens.weight", e.c.vocabulary, e.c.hidden);
    if (traits.scaled_words) words = e.b.mul(words, e.b.scalar(std::sqrt(static_cast<double>(e.c.hidden)), words));
    e.x = e.b.reshape(words, {-1, e.c.hidden});
    const Edge places = e.places(), length = e.b.add("Gather", {e.shape, e.integer(1)}, {{"axis", int64_t{0}}});
    const Reach wide = full(places, length), near = settings.window > 0 ? sliding(places, length) : wide;
    for (int64_t i = 0; i < e.c.layers && e.net.status(); ++i)
      layer(cat("layers.", i), settings.slides[static_cast<size_t>(i)] ? near : wide);
    e.b.set_prefix("norm");
    e.x = norm(e.x, "norm", e.c.hidden);
  }
};

/// The word table again unless the file has its own; Gemma 2 bends the logits.
void language_model(Encoder& e) {
  const Edge table = e.net.weight(e.net.has("lm_head.weight") ? "lm_head.weight" : "embed_tokens.weight", {e.c.vocabulary, e.c.hidden});
  const Edge shift = e.net.has("lm_head.bias") ? e.net.weight("lm_head.bias", {e.c.vocabulary}) : kAbsent;
  const Result<double> cap = e.json.real("final_logit_softcapping", 0.0);
  if (!cap) return e.net.fail_with(cap.error());
  if (!e.net.status()) return;
  Edge logits = e.b.add("Gemm", {e.x, table, shift}, {{"transB", int64_t{1}}});
  if (*cap > 0) logits = e.b.mul(e.b.tanh(e.b.div(logits, e.b.scalar(*cap, logits))), e.b.scalar(*cap, logits));
  e.output(e.by_sequence(logits, e.c.vocabulary), "logits");
}

constexpr Head kHeads[] = {{"Model", [](Encoder& e) { e.last_hidden_state(); }},
                           {"ForCausalLM", language_model},
                           {"ForSequenceClassification", [](Encoder& e) { e.sequence_logits(last_token(e), "score"); }},
                           {"ForTokenClassification", [](Encoder& e) { e.token_logits("score"); }}};

}  // namespace

Result<bool> slides_behind_full_layers(const Json& config, int64_t layer) {
  return NACRE_TRY(config.boolean("use_sliding_window", false)) && layer >= NACRE_TRY(config.integer("max_window_layers", 28));
}

Edge last_token(Encoder& e) {
  const Result<int64_t> pad = e.json.integer("pad_token_id", -1);
  if (!pad) return e.net.fail_with(pad.error()), kAbsent;
  if (*pad < 0) return e.last_real_token();
  return e.last_token(e.b.cast(e.b.add("Not", {e.b.add("Equal", {e.ids, e.integer(*pad)})}), DType::int64));
}

void decode(Encoder& e, const DecoderTraits& traits) {
  const Result<Settings> settings = read_settings(e.json, e.c, traits);
  if (!settings) return e.net.fail_with(settings.error());
  Decoder{e, traits, *settings}.run();
}

Result<EncoderConfig> read_decoder_config(const Json& json, const DecoderTraits& traits) {
  EncoderConfig c;
  c.hidden = NACRE_TRY(json.integer("hidden_size")), c.layers = NACRE_TRY(json.integer("num_hidden_layers"));
  c.heads = NACRE_TRY(json.integer("num_attention_heads")), c.inner = NACRE_TRY(json.integer("intermediate_size"));
  c.vocabulary = NACRE_TRY(json.integer("vocab_size")), c.epsilon = NACRE_TRY(json.real("rms_norm_eps", traits.epsilon));
  c.activation =
      NACRE_TRY(json.text(traits.sandwich ? "hidden_activation" : "hidden_act", traits.unit_offset ? "gelu_pytorch_tanh" : "silu"));
  if (traits.unit_offset && c.activation == "gelu") c.activation = "gelu_pytorch_tanh";  // what the first files of Gemma mean by it
  c.embedding = c.hidden;
  if (json.has("head_dim") && c.heads > 0) {  // heads need not fill the hidden state
    constexpr int64_t most_layers = 1000;
    if (c.hidden < 1 || c.layers < 0 || c.layers > most_layers)
      return fail(ErrorCode::invalid_model, c.layers, " layers of width ", c.hidden);
    return c;
  }
  return checked(c);
}

Result<Graph> build_decoder(const Checkpoint& checkpoint, std::string_view head, std::string_view class_prefix, const DecoderTraits& traits,
                            void (*body)(Encoder&)) {
  const EncoderConfig config = NACRE_TRY(read_decoder_config(checkpoint.config(), traits));
  return build_encoder({checkpoint, config, "model.", class_prefix}, head, kHeads, body);
}

}  // namespace nacre
