// ALBERT: narrow tables mapped to the layers' width, and layers of one group share their weights.
// https://arxiv.org/abs/1909.11942, transformers/models/albert/modeling_albert.py
#include "importers/huggingface/encoder.h"

namespace nacre {
namespace {

constexpr LayerNames kNames{"attention.query",     "attention.key", "attention.value", "attention.dense",
                            "attention.LayerNorm", "ffn",           "ffn_output",      "full_layer_layer_norm"};

void encode(Encoder& e) {
  e.open();
  const Edge types = e.input("token_type_ids");
  const int64_t groups = e.json.integer("num_hidden_groups", 1).value_or(0), inside = e.json.integer("inner_group_num", 1).value_or(0);
  if (groups < 1 || groups > e.c.layers || inside < 1 || inside > e.c.layers)
    return e.net.fail_with(Error(ErrorCode::invalid_model, cat(e.c.layers, " layers in ", groups, " groups of ", inside)));
  e.x = e.net.linear(e.embed("embeddings", e.places(), types), "encoder.embedding_hidden_mapping_in", {e.c.embedding, e.c.hidden});
  for (int64_t layer = 0; layer < e.c.layers; ++layer)
    for (int64_t i = 0; i < inside && e.net.status(); ++i)
      e.post_norm_layer(cat("encoder.albert_layer_groups.", layer * groups / e.c.layers, ".albert_layers.", i), kNames);
}

void masked_lm(Encoder& e) {
  const Edge x = e.transform("predictions.dense", e.c.activation, "predictions.LayerNorm", e.c.embedding);
  e.vocabulary_logits(x, e.c.embedding, "predictions.decoder", "embeddings.word_embeddings.weight", "predictions.bias");
}

constexpr Head kHeads[] = {{"Model", [](Encoder& e) { e.base_outputs("pooler"); }},
                           {"ForMaskedLM", masked_lm},
                           {"ForSequenceClassification", [](Encoder& e) { e.sequence_logits(e.pooled("pooler"), "classifier"); }},
                           {"ForTokenClassification", [](Encoder& e) { e.token_logits("classifier"); }},
                           {"ForQuestionAnswering", [](Encoder& e) { e.span_logits("qa_outputs"); }}};

Result<Graph> build(const Checkpoint& checkpoint, std::string_view head) {
  return build_encoder({checkpoint, NACRE_TRY(read_encoder_config(checkpoint.config())), "albert.", "Albert"}, head, kHeads, encode);
}

}  // namespace

extern const Architecture architecture_albert;
const Architecture architecture_albert{.model_type = "albert", .prefix = "Albert", .build = build};

}  // namespace nacre
