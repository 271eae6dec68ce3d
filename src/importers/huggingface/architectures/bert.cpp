// BERT, and MiniLM, which is BERT by another training: embeddings, post-norm encoder, and the heads of transformers.
// https://arxiv.org/abs/1810.04805, transformers/models/bert/modeling_bert.py
#include "importers/huggingface/encoder.h"

namespace nacre {
namespace {

void encode(Encoder& e) {
  e.open();
  const Edge types = e.input("token_type_ids");
  e.x = e.embed("embeddings", e.places(), types);
  e.post_norm_layers("encoder.layer.", kBertLayerNames);
}

constexpr Head kHeads[] = {{"Model", [](Encoder& e) { e.base_outputs(); }},
                           {"ForMaskedLM", bert_masked_lm},
                           {"ForPreTraining", bert_masked_lm},
                           {"ForSequenceClassification", [](Encoder& e) { e.sequence_logits(e.pooled(), "classifier"); }},
                           {"ForTokenClassification", [](Encoder& e) { e.token_logits("classifier"); }},
                           {"ForQuestionAnswering", [](Encoder& e) { e.span_logits("qa_outputs"); }}};

Result<Graph> build(const Checkpoint& checkpoint, std::string_view head) {
  return build_encoder({checkpoint, NACRE_TRY(read_encoder_config(checkpoint.config(), true)), "bert.", "Bert"}, head, kHeads, encode);
}

}  // namespace

/// The decoder is the word table again unless the file has its own.
void bert_masked_lm(Encoder& e) {
  const Edge x = e.transform("cls.predictions.transform.dense", e.c.activation, "cls.predictions.transform.LayerNorm", e.c.hidden);
  e.vocabulary_logits(x, e.c.hidden, "cls.predictions.decoder", "embeddings.word_embeddings.weight", "cls.predictions.bias");
}

std::span<const Head> bert_heads() { return kHeads; }

std::vector<Head> bert_heads_with(void (*other)(Encoder&)) {
  std::vector<Head> out(std::begin(kHeads), std::end(kHeads));
  for (Head& head : out)
    if (head.build == bert_masked_lm) head.build = other;
  return out;
}

extern const Architecture architecture_bert;
const Architecture architecture_bert{.model_type = "bert", .prefix = "Bert", .build = build};

}  // namespace nacre
