// BigBird where it attends to everything: texts of up to (5 + 2 random blocks) * block size tokens, for which the library itself turns its
// sparse attention off. Longer ones are an error of the run, for the sparse attention draws blocks by chance.
// https://arxiv.org/abs/2007.14062, transformers/models/big_bird/modeling_big_bird.py
#include <algorithm>
#include <cmath>

#include "importers/huggingface/encoder.h"

namespace nacre {
namespace {

Result<EncoderConfig> read_config(const Json& json) {
  EncoderConfig c = NACRE_TRY(read_encoder_config(json));
  c.activation = NACRE_TRY(json.text("hidden_act", "gelu_new"));
  return c;
}

/// The longest text that is not attended to sparsely.
Result<int64_t> full_length(const Json& json, int64_t positions) {
  if (NACRE_TRY(json.text("attention_type", "block_sparse")) == "original_full") return positions;
  const int64_t block = NACRE_TRY(json.integer("block_size", 64)), random = NACRE_TRY(json.integer("num_random_blocks", 3));
  constexpr int64_t most = 1 << 20;
  if (block < 1 || block > most || random < 0 || random > most)
    return fail(ErrorCode::invalid_model, "block_size ", block, " with num_random_blocks ", random);
  return std::min((5 + 2 * random) * block, positions);
}

void encode(Encoder& e) {
  const Result<int64_t> length = full_length(e.json, e.c.positions);
  const Result<bool> rescaled = e.json.boolean("rescale_embeddings", false);
  if (!length || !rescaled) return e.net.fail_with(length ? rescaled.error() : length.error());
  e.open();
  Edge words = e.net.embed(e.ids, "embeddings.word_embeddings.weight", e.c.vocabulary, e.c.hidden);
  if (*rescaled) words = e.b.mul(words, e.b.scalar(std::sqrt(static_cast<double>(e.c.hidden)), words));
  const Edge typed =
      e.b.add(words, e.net.embed(e.input("token_type_ids"), "embeddings.token_type_embeddings.weight", e.c.types, e.c.hidden));
  const Edge table = e.net.weight("embeddings.position_embeddings.weight", {e.c.positions, e.c.hidden});
  if (!e.net.status()) return;
  const Edge short_table = e.b.add("Slice", {table, e.b.ints({0}), e.b.ints({*length}), e.b.ints({0})});
  const Edge sum = e.b.add(typed, e.b.add("Gather", {short_table, e.places()}, {{"axis", int64_t{0}}}));
  e.x = e.net.layer_norm(e.b.reshape(sum, {-1, e.c.hidden}), "embeddings.LayerNorm", e.c.hidden, e.c.epsilon);
  e.post_norm_layers("encoder.layer.", kBertLayerNames);
}

constexpr Head kHeads[] = {
    {"Model", [](Encoder& e) { e.base_outputs("pooler"); }},
    {"ForMaskedLM", bert_masked_lm},
    {"ForPreTraining", bert_masked_lm},
    {"ForSequenceClassification", [](Encoder& e) { e.first_token_classifier("classifier.dense", e.c.activation, "classifier.out_proj"); }},
    {"ForTokenClassification", [](Encoder& e) { e.token_logits("classifier"); }}};

Result<Graph> build(const Checkpoint& checkpoint, std::string_view head) {
  return build_encoder({checkpoint, NACRE_TRY(read_config(checkpoint.config())), "bert.", "BigBird"}, head, kHeads, encode);
}

}  // namespace

extern const Architecture architecture_big_bird;
const Architecture architecture_big_bird{.model_type = "big_bird", .prefix = "BigBird", .build = build};

}  // namespace nacre
