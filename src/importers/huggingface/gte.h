// Alibaba's GTE encoders (Alibaba-NLP/new-impl), which Snowflake ships under another name: BERT with rotary positions, one projection
// for q, k and v, and a gated feed-forward.
//
//     Result<Graph> build(const Checkpoint& checkpoint, std::string_view head) { return build_gte(checkpoint, head, "Gte"); }
#pragma once

#include "importers/huggingface/encoder.h"

namespace nacre {

Result<Graph> build_gte(const Checkpoint& checkpoint, std::string_view head, std::string_view class_prefix);

}  // namespace nacre
