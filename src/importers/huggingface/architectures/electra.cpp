// ELECTRA: BERT whose tables may be narrower than its layers; discriminator and generator.
// https://arxiv.org/abs/2003.10555, transformers/models/electra/modeling_electra.py
#include "importers/huggingface/encoder.h"

namespace nacre {
namespace {

void encode(Encoder& e) {
  e.open();
  const Edge types = e.input("token_type_ids");
  e.x = e.embed("embeddings", e.places(), types);
  if (e.c.embedding != e.c.hidden) e.x = e.net.linear(e.x, "embeddings_project", {e.c.embedding, e.c.hidden});
  e.post_norm_layers("encoder.layer.", kBertLayerNames);
}

void masked_lm(Encoder& e) {
  const Edge x = e.transform("generator_predictions.dense", "gelu", "generator_predictions.LayerNorm", e.c.embedding);
  e.vocabulary_logits(x, e.c.embedding, "generator_lm_head", "embeddings.word_embeddings.weight", "generator_lm_head.bias");
}

/// One logit a token: was it replaced?
void replaced_tokens(Encoder& e) {
  const Edge inner = e.net.activation(e.net.linear(e.x, "discriminator_predictions.dense", {e.c.hidden, e.c.hidden}), e.c.activation);
  const Edge one = e.net.linear(inner, "discriminator_predictions.dense_prediction", {e.c.hidden, 1});
  e.output(e.b.add("Squeeze", {e.by_sequence(one, 1), e.b.ints({-1})}), "logits");
}

constexpr Head kHeads[] = {
    {"Model", [](Encoder& e) { e.last_hidden_state(); }},
    {"ForMaskedLM", masked_lm},
    {"ForPreTraining", replaced_tokens},
    {"ForSequenceClassification", [](Encoder& e) { e.first_token_classifier("classifier.dense", "gelu", "classifier.out_proj"); }},
    {"ForTokenClassification", [](Encoder& e) { e.token_logits("classifier"); }},
    {"ForQuestionAnswering", [](Encoder& e) { e.span_logits("qa_outputs"); }}};

Result<Graph> build(const Checkpoint& checkpoint, std::string_view head) {
  return build_encoder({checkpoint, NACRE_TRY(read_encoder_config(checkpoint.config(), true)), "electra.", "Electra"}, head, kHeads,
                       encode);
}

}  // namespace

extern const Architecture architecture_electra;
const Architecture architecture_electra{.model_type = "electra", .prefix = "Electra", .build = build};

}  // namespace nacre
