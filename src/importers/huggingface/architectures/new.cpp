// GTE v1.5, gte-multilingual and stella, whose configuration says just "new".
// https://arxiv.org/abs/2407.19669, https://huggingface.co/Alibaba-NLP/new-impl
#include <cmath>

#include "importers/huggingface/gte.h"
#include "importers/huggingface/rope.h"

namespace nacre {
namespace {

/// Settings that the published models do not use are refused rather than ignored.
Result<EncoderConfig> read_config(const Json& json) {
  EncoderConfig c;
  c.hidden = NACRE_TRY(json.integer("hidden_size")), c.layers = NACRE_TRY(json.integer("num_hidden_layers"));
  c.heads = NACRE_TRY(json.integer("num_attention_heads")), c.inner = NACRE_TRY(json.integer("intermediate_size"));
  c.positions = NACRE_TRY(json.integer("max_position_embeddings", 2048)), c.types = NACRE_TRY(json.integer("type_vocab_size", 1));
  c.vocabulary = NACRE_TRY(json.integer("vocab_size")), c.epsilon = NACRE_TRY(json.real("layer_norm_eps", 1e-12));
  c.activation = NACRE_TRY(json.text("hidden_act", "gelu"));
  const std::string_view norm = NACRE_TRY(json.text("layer_norm_type", "layer_norm"));
  const std::string_view position = NACRE_TRY(json.text("position_embedding_type", "rope"));
  if (norm != "layer_norm") return fail(ErrorCode::unsupported, "layer_norm_type \"", norm, "\", expected layer_norm");
  if (position != "rope" && position != "absolute")
    return fail(ErrorCode::unsupported, "position_embedding_type \"", position, "\", expected rope or absolute");
  for (const char* name : {"logn_attention_scale", "logn_attention_clip1"})
    if (NACRE_TRY(json.boolean(name, false))) return fail(ErrorCode::unsupported, name, " is true, expected false");
  return checked(c);
}

/// q, k and v of a layer, in one matrix or (pack_qkv false) in three.
std::vector<Edge> projections(Encoder& e, const std::string& name) {
  if (!e.net.has(name + ".qkv_proj.weight")) {
    std::vector<Edge> out;
    for (const char* which : {".q_proj", ".k_proj", ".v_proj"}) out.push_back(e.net.linear(e.x, name + which, {e.c.hidden, e.c.hidden}));
    return out;
  }
  return e.b.add_many("Split", {e.net.linear(e.x, name + ".qkv_proj", {e.c.hidden, 3 * e.c.hidden})}, 3,
                      {{"axis", int64_t{-1}}, {"num_outputs", int64_t{3}}});
}

void layer(Encoder& e, const std::string& name, const RotaryAngles* angles) {
  const AttentionShape shape{e.shape, e.c.heads, e.c.hidden / e.c.heads};
  e.b.set_prefix(name);
  const std::vector<Edge> qkv = projections(e, name + ".attention");
  const auto turned = [&](Edge x) {
    const Edge split = split_heads(e.b, x, shape);
    return angles ? rotate(e.b, split, *angles) : split;
  };
  const double scale = 1 / std::sqrt(static_cast<double>(shape.size));
  const Edge mixed = attend(e.b, turned(qkv[0]), turned(qkv[1]), split_heads(e.b, qkv[2], shape), e.mask, scale, shape);
  const Edge attended = e.net.linear(mixed, name + ".attention.o_proj", {e.c.hidden, e.c.hidden});
  e.x = e.net.layer_norm(e.b.add(attended, e.x), name + ".attn_ln", e.c.hidden, e.c.epsilon);
  const auto both = e.b.add_many("Split", {e.net.linear(e.x, name + ".mlp.up_gate_proj", {e.c.hidden, 2 * e.c.inner})}, 2,
                                 {{"axis", int64_t{-1}}, {"num_outputs", int64_t{2}}});
  const Edge gated = e.b.mul(both[0], e.net.activation(both[1], e.c.activation));
  const Edge grown = e.net.linear(gated, name + ".mlp.down_proj", {e.c.inner, e.c.hidden});
  e.x = e.net.layer_norm(e.b.add(grown, e.x), name + ".mlp_ln", e.c.hidden, e.c.epsilon);
}

void encode(Encoder& e) {
  const bool rotary = e.json.text("position_embedding_type", "rope").value_or("") == "rope";
  const Result<Rope> rope = rotary ? read_rope(e.json, {.size = e.c.hidden / e.c.heads}) : Rope();
  if (!rope) return e.net.fail_with(rope.error());
  e.open();
  e.x = e.embed("embeddings", rotary ? kAbsent : e.places(), e.types());
  const Edge length = e.b.add("Gather", {e.shape, e.integer(1)}, {{"axis", int64_t{0}}});
  const RotaryAngles angles = rotary ? rotary_angles(e.b, *rope, e.places(), length) : RotaryAngles{kAbsent, kAbsent};
  for (int64_t i = 0; i < e.c.layers && e.net.status(); ++i) layer(e, cat("encoder.layer.", i), rotary ? &angles : nullptr);
}

void masked_lm(Encoder& e) {
  const Edge x = e.transform("lm_head.dense", e.c.activation, "lm_head.norm", e.c.hidden);
  e.vocabulary_logits(x, e.c.hidden, "lm_head.decoder", "embeddings.word_embeddings.weight", "lm_head.decoder.bias");
}

Result<Graph> build(const Checkpoint& checkpoint, std::string_view head) { return build_gte(checkpoint, head, "New"); }

}  // namespace

Result<Graph> build_gte(const Checkpoint& checkpoint, std::string_view head, std::string_view class_prefix) {
  const EncoderConfig config = NACRE_TRY(read_config(checkpoint.config()));
  const std::string prefix = checkpoint.has("gte.embeddings.word_embeddings.weight") ? "gte." : "new.";
  return build_encoder({checkpoint, config, prefix, class_prefix}, head, bert_heads_with(masked_lm), encode);
}

extern const Architecture architecture_new;
const Architecture architecture_new{.model_type = "new", .prefix = "New", .build = build};

}  // namespace nacre
