// RoBERTa. https://arxiv.org/abs/1907.11692, transformers/models/roberta/modeling_roberta.py
#include "importers/huggingface/roberta.h"

namespace nacre {
namespace {

constexpr LayerNames kNames{"attention.self.query",       "attention.self.key", "attention.self.value", "attention.output.dense",
                            "attention.output.LayerNorm", "intermediate.dense", "output.dense",         "output.LayerNorm"};

void encode(Encoder& e) {
  e.open();
  const Edge types = e.input("token_type_ids");
  const Result<int64_t> pad = e.json.integer("pad_token_id", 1);
  if (!pad) return e.net.fail_with(pad.error());
  e.x = e.embed("embeddings", e.places_behind_padding(*pad), types);
  for (int64_t layer = 0; layer < e.c.layers && e.net.status(); ++layer) e.post_norm_layer(cat("encoder.layer.", layer), kNames);
}

void base(Encoder& e) {
  e.last_hidden_state();
  if (e.net.has("pooler.dense.weight"))
    e.output(e.b.tanh(e.net.linear(e.first_token(), "pooler.dense", {e.c.hidden, e.c.hidden})), "pooler_output");
}

void masked_lm(Encoder& e) {
  const Edge x = e.transform("lm_head.dense", "gelu", "lm_head.layer_norm", e.c.hidden);
  e.vocabulary_logits(x, e.c.hidden, "lm_head.decoder", "embeddings.word_embeddings.weight", "lm_head.bias");
}

constexpr Head kHeads[] = {
    {"Model", base},
    {"ForMaskedLM", masked_lm},
    {"ForSequenceClassification", [](Encoder& e) { e.first_token_classifier("classifier.dense", "tanh", "classifier.out_proj"); }},
    {"ForTokenClassification", [](Encoder& e) { e.token_logits("classifier"); }},
    {"ForQuestionAnswering", [](Encoder& e) { e.span_logits("qa_outputs"); }}};

Result<Graph> build(const Checkpoint& checkpoint, std::string_view head) { return build_roberta(checkpoint, head, "Roberta"); }

}  // namespace

Result<Graph> build_roberta(const Checkpoint& checkpoint, std::string_view head, std::string_view class_prefix) {
  return build_encoder({checkpoint, NACRE_TRY(read_encoder_config(checkpoint.config())), "roberta.", class_prefix}, head, kHeads, encode);
}

extern const Architecture architecture_roberta;
const Architecture architecture_roberta{.model_type = "roberta", .prefix = "Roberta", .build = build};

}  // namespace nacre
