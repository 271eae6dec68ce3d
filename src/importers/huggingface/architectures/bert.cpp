// BERT, and MiniLM, which is BERT by another training: embeddings, post-norm encoder, and the heads of transformers.
// https://arxiv.org/abs/1810.04805, transformers/models/bert/modeling_bert.py
#include "importers/huggingface/encoder.h"

namespace nacre {
namespace {

constexpr LayerNames kNames{"attention.self.query",       "attention.self.key", "attention.self.value", "attention.output.dense",
                            "attention.output.LayerNorm", "intermediate.dense", "output.dense",         "output.LayerNorm"};

void encode(Encoder& e) {
  e.open();
  const Edge types = e.input("token_type_ids");
  e.x = e.embed("embeddings", e.places(), types);
  for (int64_t layer = 0; layer < e.c.layers && e.net.status(); ++layer) e.post_norm_layer(cat("encoder.layer.", layer), kNames);
}

/// tanh of a linear layer over the first token.
Edge pooled(Encoder& e) { return e.b.tanh(e.net.linear(e.first_token(), "pooler.dense", {e.c.hidden, e.c.hidden})); }

void base(Encoder& e) {
  e.last_hidden_state();
  if (e.net.has("pooler.dense.weight")) e.output(pooled(e), "pooler_output");
}

/// The decoder is the word table again unless the file has its own.
void masked_lm(Encoder& e) {
  const Edge x = e.transform("cls.predictions.transform.dense", e.c.activation, "cls.predictions.transform.LayerNorm", e.c.hidden);
  e.vocabulary_logits(x, e.c.hidden, "cls.predictions.decoder", "embeddings.word_embeddings.weight", "cls.predictions.bias");
}

constexpr Head kHeads[] = {{"Model", base},
                           {"ForMaskedLM", masked_lm},
                           {"ForPreTraining", masked_lm},
                           {"ForSequenceClassification", [](Encoder& e) { e.sequence_logits(pooled(e), "classifier"); }},
                           {"ForTokenClassification", [](Encoder& e) { e.token_logits("classifier"); }},
                           {"ForQuestionAnswering", [](Encoder& e) { e.span_logits("qa_outputs"); }}};

Result<Graph> build(const Checkpoint& checkpoint, std::string_view head) {
  return build_encoder({checkpoint, NACRE_TRY(read_encoder_config(checkpoint.config())), "bert.", "Bert"}, head, kHeads, encode);
}

}  // namespace

extern const Architecture architecture_bert;
const Architecture architecture_bert{.model_type = "bert", .prefix = "Bert", .build = build};

}  // namespace nacre
