// Jina's embeddings v3 in the library's format: XLM-RoBERTa with rotary positions; adapters for tasks are merged or left out.
// https://arxiv.org/abs/2409.10173, transformers/models/jina_embeddings_v3/modeling_jina_embeddings_v3.py
#include "importers/huggingface/nomic.h"
#include "importers/huggingface/roberta.h"

namespace nacre {
namespace {

Result<Graph> build(const Checkpoint& checkpoint, std::string_view head) {
  const EncoderConfig config = NACRE_TRY(read_encoder_config(checkpoint.config()));
  return build_encoder({checkpoint, config, "roberta.", "JinaEmbeddingsV3"}, head, roberta_heads(), encode_nomic);
}

}  // namespace

extern const Architecture architecture_jina_embeddings_v3;
const Architecture architecture_jina_embeddings_v3{.model_type = "jina_embeddings_v3", .prefix = "JinaEmbeddingsV3", .build = build};

}  // namespace nacre
