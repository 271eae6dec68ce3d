// Static models: a table of word vectors with a tokenizer and no network, as sentence-transformers (StaticEmbedding) and model2vec have
// them.
//
//     if (is_static_embedding(directory)) graph = NACRE_TRY(import_static_embedding(directory));   // ids in, a vector for each out
#pragma once

#include "graph/graph.h"
#include "importers/huggingface/directory.h"

namespace nacre {

/// True for a folder with model.safetensors whose config.json is absent or says "model2vec".
bool is_static_embedding(const ModelDirectory& directory);

/// input_ids and attention_mask to last_hidden_state. The table is embedding.weight, or model2vec's embeddings with its optional mapping
/// (of ids to rows) and weights (of ids).
Result<Graph> import_static_embedding(const ModelDirectory& directory);

}  // namespace nacre
