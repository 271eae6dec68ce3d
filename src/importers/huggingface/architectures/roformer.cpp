// RoFormer: BERT with rotary positions, neighbours as pairs. https://arxiv.org/abs/2104.09864,
// transformers/models/roformer/modeling_roformer.py
#include <cmath>

#include "importers/huggingface/encoder.h"
#include "importers/huggingface/rope.h"

namespace nacre {
namespace {

/// x [batch, heads, sequence, size] turned, neighbours as pairs.
Edge turned(Encoder& e, Edge x, const RotaryAngles& angles, int64_t size) {
  const Edge pairs = e.b.reshape(x, {0, 0, 0, size / 2, 2});
  const auto both = e.b.add_many("Split", {pairs}, 2, {{"axis", int64_t{-1}}, {"num_outputs", int64_t{2}}});
  const Edge first = e.b.sub(e.b.mul(both[0], angles.cosine), e.b.mul(both[1], angles.sine));
  const Edge second = e.b.add(e.b.mul(both[1], angles.cosine), e.b.mul(both[0], angles.sine));
  return e.b.reshape(e.b.add("Concat", {first, second}, {{"axis", int64_t{-1}}}), {0, 0, 0, size});
}

/// The file has the table, sines before cosines: [positions, size].
RotaryAngles stored_angles(Encoder& e) {
  const Edge rows = e.net.embed(e.places(), "encoder.embed_positions.weight", e.c.positions, e.c.hidden / e.c.heads);
  const auto halves = e.b.add_many("Split", {rows}, 2, {{"axis", int64_t{-1}}, {"num_outputs", int64_t{2}}});
  return {e.b.unsqueeze(halves[1], {2}), e.b.unsqueeze(halves[0], {2})};
}

void layer(Encoder& e, const std::string& name, const RotaryAngles& angles, bool turns_values) {
  const AttentionShape shape{e.shape, e.c.heads, e.c.hidden / e.c.heads};
  e.b.set_prefix(name);
  const auto project = [&](const char* which) {
    return split_heads(e.b, e.net.linear(e.x, cat(name, ".attention.self.", which), {e.c.hidden, e.c.hidden}), shape);
  };
  const Edge q = turned(e, project("query"), angles, shape.size), k = turned(e, project("key"), angles, shape.size);
  const Edge v = turns_values ? turned(e, project("value"), angles, shape.size) : project("value");
  const Edge mixed = attend(e.b, q, k, v, e.mask, 1 / std::sqrt(static_cast<double>(shape.size)), shape);
  const Edge attended = e.b.add(e.net.linear(mixed, name + ".attention.output.dense", {e.c.hidden, e.c.hidden}), e.x);
  e.x = e.net.layer_norm(attended, name + ".attention.output.LayerNorm", e.c.hidden, e.c.epsilon);
  e.x = e.net.layer_norm(e.b.add(e.feed_forward_of(e.x, name, kBertLayerNames), e.x), name + ".output.LayerNorm", e.c.hidden, e.c.epsilon);
}

void encode(Encoder& e) {
  const Result<bool> turns_values = e.json.boolean("rotary_value", false);
  if (!turns_values) return e.net.fail_with(turns_values.error());
  e.open();
  e.x = e.embed("embeddings", kAbsent, e.input("token_type_ids"));
  if (e.c.embedding != e.c.hidden) e.x = e.net.linear(e.x, "embeddings_project", {e.c.embedding, e.c.hidden});
  const RotaryAngles angles = stored_angles(e);
  for (int64_t i = 0; i < e.c.layers && e.net.status(); ++i) layer(e, cat("encoder.layer.", i), angles, *turns_values);
}

void masked_lm(Encoder& e) {
  const Edge x = e.transform("cls.predictions.transform.dense", e.c.activation, "cls.predictions.transform.LayerNorm", e.c.embedding);
  e.vocabulary_logits(x, e.c.embedding, "cls.predictions.decoder", "embeddings.word_embeddings.weight", "cls.predictions.bias");
}

constexpr Head kHeads[] = {
    {"Model", [](Encoder& e) { e.last_hidden_state(); }},
    {"ForMaskedLM", masked_lm},
    {"ForSequenceClassification", [](Encoder& e) { e.first_token_classifier("classifier.dense", e.c.activation, "classifier.out_proj"); }},
    {"ForTokenClassification", [](Encoder& e) { e.token_logits("classifier"); }},
    {"ForQuestionAnswering", [](Encoder& e) { e.span_logits("qa_outputs"); }}};

Result<Graph> build(const Checkpoint& checkpoint, std::string_view head) {
  const EncoderConfig config = NACRE_TRY(read_encoder_config(checkpoint.config()));
  if ((config.hidden / config.heads) % 2 != 0)
    return fail(ErrorCode::invalid_model, "a head's size ", config.hidden / config.heads, " is odd: it has no pairs to rotate");
  return build_encoder({checkpoint, config, "roformer.", "RoFormer"}, head, kHeads, encode);
}

}  // namespace

extern const Architecture architecture_roformer;
const Architecture architecture_roformer{.model_type = "roformer", .prefix = "RoFormer", .build = build};

}  // namespace nacre
