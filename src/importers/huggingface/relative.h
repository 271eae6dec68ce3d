// Attention by relative position: learned biases in T5's buckets, and products with a vector for each distance.
//
//     e.mask = e.b.add(e.mask, relative_bias(e, "encoder.relative_attention_bias", {.buckets = 32, .furthest = 128}));
#pragma once

#include "importers/huggingface/encoder.h"

namespace nacre {

struct RelativeBuckets {
  int64_t buckets = 32, furthest = 128;
};

/// NAME.weight [buckets, heads] by the distance from query to key: [1, heads, sequence, sequence], to be added to the scores.
Edge relative_bias(Encoder& e, const std::string& name, const RelativeBuckets& settings);

/// scores[.., i, j] = x[.., i, :] . table[rows[i, j], :]: x [batch, heads, sequence, size], table [heads, count, size], rows int64
/// [sequence, sequence]; gives [batch, heads, sequence, sequence].
Edge scores_by_row(Encoder& e, Edge x, Edge table, Edge rows);

}  // namespace nacre
