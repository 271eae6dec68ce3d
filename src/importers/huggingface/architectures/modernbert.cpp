// ModernBERT: rotary positions, pre-norm layers, GeGLU, and attention that is local but for every third layer.
// https://arxiv.org/abs/2412.13663, transformers/models/modernbert/modeling_modernbert.py
#include "importers/huggingface/encoder.h"

namespace nacre {
namespace {

Result<EncoderConfig> read_config(const Json& json) {
  EncoderConfig c;
  c.hidden = NACRE_TRY(json.integer("hidden_size")), c.layers = NACRE_TRY(json.integer("num_hidden_layers"));
  c.heads = NACRE_TRY(json.integer("num_attention_heads")), c.inner = NACRE_TRY(json.integer("intermediate_size"));
  c.vocabulary = NACRE_TRY(json.integer("vocab_size")), c.positions = NACRE_TRY(json.integer("max_position_embeddings", 8192));
  c.activation = NACRE_TRY(json.text("hidden_activation", "gelu")), c.epsilon = NACRE_TRY(json.real("norm_eps", 1e-5));
  if (c.positions < 1 || c.positions > (1 << 20))
    return fail(ErrorCode::invalid_model, "max_position_embeddings is ", c.positions, ", expected 1 to ", 1 << 20);
  NACRE_TRY(checked(c));
  if ((c.hidden / c.heads) % 2 != 0)
    return fail(ErrorCode::invalid_model, "a head's size ", c.hidden / c.heads, " is odd: it has no halves to rotate");
  return checked(c);
}

/// What differs from BERT's configuration.
struct Settings {
  bool norm_bias;
  std::vector<bool> is_global;
  int64_t window;  ///< a local layer sees so many positions to either side
  double global_theta, local_theta;
  std::string head_activation, pooling;
};

/// As transformers 5 writes them.
Result<void> read_thetas(const Json& parameters, Settings& out) {
  if (parameters.has("full_attention"))
    out.global_theta = NACRE_TRY(NACRE_TRY(parameters.at("full_attention")).real("rope_theta", out.global_theta));
  if (parameters.has("sliding_attention"))
    out.local_theta = NACRE_TRY(NACRE_TRY(parameters.at("sliding_attention")).real("rope_theta", out.local_theta));
  return {};
}

/// Every third, or as "layer_types" says.
Result<std::vector<bool>> read_global_layers(const Json& json) {
  std::vector<bool> out(static_cast<size_t>(NACRE_TRY(json.integer("num_hidden_layers"))));
  const int64_t every = NACRE_TRY(json.integer("global_attn_every_n_layers", 3));
  if (every < 1) return fail(ErrorCode::invalid_model, "global_attn_every_n_layers is ", every);
  for (size_t layer = 0; layer < out.size(); ++layer) out[layer] = layer % static_cast<size_t>(every) == 0;
  if (!json.has("layer_types")) return out;
  const std::vector<std::string> types = NACRE_TRY(NACRE_TRY(json.at("layer_types")).texts());
  if (types.size() != out.size())
    return fail(ErrorCode::invalid_model, "layer_types has ", types.size(), " entries, expected ", out.size());
  for (size_t layer = 0; layer < out.size(); ++layer) out[layer] = types[layer] == "full_attention";
  return out;
}

Result<Settings> read_settings(const Json& json) {
  Settings out;
  out.norm_bias = NACRE_TRY(json.boolean("norm_bias", false));
  out.window = NACRE_TRY(json.integer("local_attention", 128)) / 2;
  out.global_theta = NACRE_TRY(json.real("global_rope_theta", 160000.0));
  out.local_theta = NACRE_TRY(json.real("local_rope_theta", out.global_theta));
  out.head_activation = NACRE_TRY(json.text("classifier_activation", "gelu")),
  out.pooling = NACRE_TRY(json.text("classifier_pooling", "cls"));
  if (json.has("rope_parameters")) NACRE_TRY(read_thetas(NACRE_TRY(json.at("rope_parameters")), out));
  out.is_global = NACRE_TRY(read_global_layers(json));
  if (out.pooling != "cls" && out.pooling != "mean")
    return fail(ErrorCode::unsupported, "classifier_pooling \"", out.pooling, "\", expected cls or mean");
  return out;
}

Edge norm(Encoder& e, Edge x, const std::string& name, bool bias) {
  return bias ? e.net.layer_norm(x, name, e.c.hidden, e.c.epsilon) : e.net.scale_norm(x, name, e.c.hidden, e.c.epsilon);
}

std::vector<Edge> parts(Encoder& e, Edge x, int64_t count) {
  return e.b.add_many("Split", {x}, static_cast<size_t>(count), {{"axis", int64_t{-1}}, {"num_outputs", count}});
}

/// The lowest float where two places are further apart than the window: [sequence, sequence].
Edge window_mask(Encoder& e, Edge places, int64_t window) {
  return lowest_where(e.b, e.b.add("Greater", {e.b.add("Abs", {e.distances(places, places)}), e.integer(window)}));
}

struct Reach {
  RotaryTables rotary;
  Edge mask;
};

void layer(Encoder& e, const Settings& settings, int64_t index, const Reach& reach, Edge places) {
  const std::string name = cat("layers.", index);
  const AttentionShape shape{e.shape, e.c.heads, e.c.hidden / e.c.heads};
  e.b.set_prefix(name);
  const Edge before = index == 0 ? e.x : norm(e, e.x, name + ".attn_norm", settings.norm_bias);
  const std::vector<Edge> qkv = parts(e, e.net.linear(before, name + ".attn.Wqkv", {e.c.hidden, 3 * e.c.hidden}), 3);
  const auto turned = [&](Edge x) { return rotate(e.b, split_heads(e.b, x, shape), reach.rotary, places); };
  const double scale = 1 / std::sqrt(static_cast<double>(shape.size));
  const Edge mixed = attend(e.b, turned(qkv[0]), turned(qkv[1]), split_heads(e.b, qkv[2], shape), reach.mask, scale, shape);
  e.x = e.b.add(e.x, e.net.linear(mixed, name + ".attn.Wo", {e.c.hidden, e.c.hidden}));
  const Edge wide = e.net.linear(norm(e, e.x, name + ".mlp_norm", settings.norm_bias), name + ".mlp.Wi", {e.c.hidden, 2 * e.c.inner});
  const std::vector<Edge> gated = parts(e, wide, 2);
  const Edge inner = e.b.mul(e.net.activation(gated[0], e.c.activation), gated[1]);
  e.x = e.b.add(e.x, e.net.linear(inner, name + ".mlp.Wo", {e.c.inner, e.c.hidden}));
}

void encode(Encoder& e) {
  const Result<Settings> settings = read_settings(e.json);
  if (!settings) return e.net.fail_with(settings.error());
  e.open();
  const Edge words = e.net.embed(e.ids, "embeddings.tok_embeddings.weight", e.c.vocabulary, e.c.hidden);
  e.x = norm(e, e.b.reshape(words, {-1, e.c.hidden}), "embeddings.norm", settings->norm_bias);
  const Edge places = e.places();
  const int64_t size = e.c.hidden / e.c.heads;
  const Reach global{rotary_tables(e.b, e.c.positions, size, settings->global_theta), e.mask};
  const Reach local{rotary_tables(e.b, e.c.positions, size, settings->local_theta),
                    e.b.add("Max", {e.b.add(e.mask, window_mask(e, places, settings->window)),
                                    e.b.scalar(static_cast<double>(std::numeric_limits<float>::lowest()), e.mask)})};
  for (int64_t i = 0; i < e.c.layers && e.net.status(); ++i)
    layer(e, *settings, i, settings->is_global[static_cast<size_t>(i)] ? global : local, places);
  e.b.set_prefix("final_norm");
  e.x = norm(e, e.x, "final_norm", settings->norm_bias);
}

/// dense, activation, norm: what stands before every classifier.
Edge prediction(Encoder& e, Edge x) {
  const Result<Settings> settings = read_settings(e.json);
  if (!settings) return kAbsent;  // encode() has said so
  const Edge inner = e.net.activation(e.net.linear(x, "head.dense", {e.c.hidden, e.c.hidden}), settings->head_activation);
  return norm(e, inner, "head.norm", settings->norm_bias);
}

/// The first token's vector, or the mean over those that are no padding.
Edge pooled(Encoder& e) {
  const Result<Settings> settings = read_settings(e.json);
  if (!settings || settings->pooling == "cls") return e.first_token();
  return e.mean_token(e.by_sequence(e.x, e.c.hidden));
}

void masked_lm(Encoder& e) {
  e.vocabulary_logits(prediction(e, e.x), e.c.hidden, "decoder", "embeddings.tok_embeddings.weight", "decoder.bias");
}

void token_labels(Encoder& e) { e.x = prediction(e, e.x), e.token_logits("classifier"); }
void question_answering(Encoder& e) {
  e.x = prediction(e, e.x), e.span_logits(e.net.has("qa_outputs.weight") ? "qa_outputs" : "classifier");
}

constexpr Head kHeads[] = {{"Model", [](Encoder& e) { e.last_hidden_state(); }},
                           {"ForMaskedLM", masked_lm},
                           {"ForSequenceClassification", [](Encoder& e) { e.sequence_logits(prediction(e, pooled(e)), "classifier"); }},
                           {"ForTokenClassification", token_labels},
                           {"ForQuestionAnswering", question_answering}};

Result<Graph> build(const Checkpoint& checkpoint, std::string_view head) {
  return build_encoder({checkpoint, NACRE_TRY(read_config(checkpoint.config())), "model.", "ModernBert"}, head, kHeads, encode);
}

}  // namespace

extern const Architecture architecture_modernbert;
const Architecture architecture_modernbert{.model_type = "modernbert", .prefix = "ModernBert", .build = build};

}  // namespace nacre
