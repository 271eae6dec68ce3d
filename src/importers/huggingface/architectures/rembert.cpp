// RemBERT: BERT whose tables are narrower than its layers, and whose masked-LM head has a width of its own.
// https://arxiv.org/abs/2010.12821, transformers/models/rembert/modeling_rembert.py
#include "importers/huggingface/encoder.h"

namespace nacre {
namespace {

Result<EncoderConfig> read_config(const Json& json) {
  EncoderConfig c = NACRE_TRY(read_encoder_config(json));
  c.embedding = NACRE_TRY(json.integer("input_embedding_size", 256));
  return checked(c);
}

void encode(Encoder& e) {
  e.open();
  const Edge types = e.input("token_type_ids");
  e.x = e.embed("embeddings", e.places(), types);
  e.x = e.net.linear(e.x, "encoder.embedding_hidden_mapping_in", {e.c.embedding, e.c.hidden});
  e.post_norm_layers("encoder.layer.", kBertLayerNames);
}

void masked_lm(Encoder& e) {
  const Result<int64_t> width = e.json.integer("output_embedding_size", 1664);
  if (!width) return e.net.fail_with(width.error());
  const Edge x = e.transform("cls.predictions.dense", e.c.activation, "cls.predictions.LayerNorm", *width);
  e.vocabulary_logits(x, *width, "cls.predictions.decoder", "cls.predictions.decoder.weight", "cls.predictions.decoder.bias");
}

Result<Graph> build(const Checkpoint& checkpoint, std::string_view head) {
  return build_encoder({checkpoint, NACRE_TRY(read_config(checkpoint.config())), "rembert.", "RemBert"}, head, bert_heads_with(masked_lm),
                       encode);
}

}  // namespace

extern const Architecture architecture_rembert;
const Architecture architecture_rembert{.model_type = "rembert", .prefix = "RemBert", .build = build};

}  // namespace nacre
