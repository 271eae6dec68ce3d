// DistilBERT: BERT without token types and pooler, and with names of its own.
// https://arxiv.org/abs/1910.01108, transformers/models/distilbert/modeling_distilbert.py
#include "importers/huggingface/encoder.h"

namespace nacre {
namespace {

constexpr LayerNames kNames{"attention.q_lin", "attention.k_lin", "attention.v_lin", "attention.out_lin",
                            "sa_layer_norm",   "ffn.lin1",        "ffn.lin2",        "output_layer_norm"};

Result<EncoderConfig> read_config(const Json& json) {
  EncoderConfig c;
  c.hidden = NACRE_TRY(json.integer("dim")), c.layers = NACRE_TRY(json.integer("n_layers")), c.heads = NACRE_TRY(json.integer("n_heads"));
  c.inner = NACRE_TRY(json.integer("hidden_dim")), c.vocabulary = NACRE_TRY(json.integer("vocab_size"));
  c.positions = NACRE_TRY(json.integer("max_position_embeddings", 512)), c.activation = NACRE_TRY(json.text("activation", "gelu"));
  return checked(c);
}

void encode(Encoder& e) {
  e.open();
  e.x = e.embed("embeddings", e.places(), kAbsent);
  e.post_norm_layers("transformer.layer.", kNames);
}

void masked_lm(Encoder& e) {
  const Edge x = e.transform("vocab_transform", e.c.activation, "vocab_layer_norm", e.c.hidden);
  e.vocabulary_logits(x, e.c.hidden, "vocab_projector", "embeddings.word_embeddings.weight", "vocab_projector.bias");
}

constexpr Head kHeads[] = {
    {"Model", [](Encoder& e) { e.last_hidden_state(); }},
    {"ForMaskedLM", masked_lm},
    {"ForSequenceClassification", [](Encoder& e) { e.first_token_classifier("pre_classifier", "relu", "classifier"); }},
    {"ForTokenClassification", [](Encoder& e) { e.token_logits("classifier"); }},
    {"ForQuestionAnswering", [](Encoder& e) { e.span_logits("qa_outputs"); }}};

Result<Graph> build(const Checkpoint& checkpoint, std::string_view head) {
  return build_encoder({checkpoint, NACRE_TRY(read_config(checkpoint.config())), "distilbert.", "DistilBert"}, head, kHeads, encode);
}

}  // namespace

extern const Architecture architecture_distilbert;
const Architecture architecture_distilbert{.model_type = "distilbert", .prefix = "DistilBert", .build = build};

}  // namespace nacre
