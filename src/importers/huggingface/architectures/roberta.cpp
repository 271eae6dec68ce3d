// RoBERTa. https://arxiv.org/abs/1907.11692, transformers/models/roberta/modeling_roberta.py
#include "importers/huggingface/roberta.h"

namespace nacre {
namespace {

void masked_lm(Encoder& e) {
  const Edge x = e.transform("lm_head.dense", "gelu", "lm_head.layer_norm", e.c.hidden);
  e.vocabulary_logits(x, e.c.hidden, "lm_head.decoder", "embeddings.word_embeddings.weight", "lm_head.bias");
}

constexpr Head kHeads[] = {
    {"Model", [](Encoder& e) { e.base_outputs(); }},
    {"ForMaskedLM", masked_lm},
    {"ForSequenceClassification", [](Encoder& e) { e.first_token_classifier("classifier.dense", "tanh", "classifier.out_proj"); }},
    {"ForTokenClassification", [](Encoder& e) { e.token_logits("classifier"); }},
    {"ForQuestionAnswering", [](Encoder& e) { e.span_logits("qa_outputs"); }}};

Result<Graph> build(const Checkpoint& checkpoint, std::string_view head) { return build_roberta(checkpoint, head, "Roberta"); }

}  // namespace

std::span<const Head> roberta_heads() { return kHeads; }

void encode_roberta(Encoder& e) {
  const Edge sum = roberta_tables(e);
  e.x = e.net.layer_norm(e.b.reshape(sum, {-1, e.c.embedding}), "embeddings.LayerNorm", e.c.embedding, e.c.epsilon);
  e.post_norm_layers("encoder.layer.", kBertLayerNames);
}

Edge roberta_tables(Encoder& e) {
  e.open();
  const Edge types = e.input("token_type_ids");
  const Result<int64_t> pad = e.json.integer("pad_token_id", 1);
  if (!pad) return e.net.fail_with(pad.error()), kAbsent;
  return e.embed_tables("embeddings", e.places_behind_padding(*pad), types);
}

Result<Graph> build_roberta(const Checkpoint& checkpoint, std::string_view head, std::string_view class_prefix, std::string prefix) {
  const EncoderConfig config = NACRE_TRY(read_encoder_config(checkpoint.config(), true));
  return build_encoder({checkpoint, config, std::move(prefix), class_prefix}, head, kHeads, encode_roberta);
}

extern const Architecture architecture_roberta;
const Architecture architecture_roberta{.model_type = "roberta", .prefix = "Roberta", .build = build};

}  // namespace nacre
