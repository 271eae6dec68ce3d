// NomicBERT's layers, post-norm with rotary positions and projections in one, which Jina's v3 has, too.
//
//     build_encoder({checkpoint, config, "roberta.", "JinaEmbeddingsV3"}, head, roberta_heads(), encode_nomic);
#pragma once

#include "importers/huggingface/encoder.h"

namespace nacre {

/// x becomes the hidden states.
void encode_nomic(Encoder& e);

}  // namespace nacre
