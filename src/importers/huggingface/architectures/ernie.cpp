// ERNIE: BERT with a table of tasks, of which texts have the first. https://arxiv.org/abs/1907.12412
#include "importers/huggingface/encoder.h"

namespace nacre {
namespace {

void encode(Encoder& e) {
  e.open();
  const Edge types = e.input("token_type_ids");
  Edge sum = e.embed_tables("embeddings", e.places(), types);
  const Result<bool> tasks = e.json.boolean("use_task_id", false);
  if (!tasks) return e.net.fail_with(tasks.error());
  if (*tasks) sum = e.b.add(sum, e.net.embed(e.integer(0), "embeddings.task_type_embeddings.weight", -1, e.c.hidden));
  e.x = e.net.layer_norm(e.b.reshape(sum, {-1, e.c.hidden}), "embeddings.LayerNorm", e.c.hidden, e.c.epsilon);
  e.post_norm_layers("encoder.layer.", kBertLayerNames);
}

Result<Graph> build(const Checkpoint& checkpoint, std::string_view head) {
  return build_encoder({checkpoint, NACRE_TRY(read_encoder_config(checkpoint.config(), true)), "ernie.", "Ernie"}, head, bert_heads(),
                       encode);
}

}  // namespace

extern const Architecture architecture_ernie;
const Architecture architecture_ernie{.model_type = "ernie", .prefix = "Ernie", .build = build};

}  // namespace nacre
