// Token vectors to text vectors, and the layers of sentence-transformers that follow.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "importers/huggingface/sentence_modules.h"
#include "nacre/embed.h"

namespace nacre {

/// Pools `tokens` vectors of `features` components each, which lie one after the other, into `out`. The first `skipped` ones
/// (a prompt) do not count, but for the pooling by the first and the last token.
void pool(Pooling pooling, const float* hidden, int64_t tokens, int64_t features, float* out, int64_t skipped = 0);

/// Divides by the length, which is taken as 1e-12 at least, as torch does.
void normalise(float* vector, int64_t features);

/// Vectors one after the other: of tokens, or one of a text.
struct Vectors {
  std::vector<float> values;
  int64_t rows = 0, features = 0;
};

/// Applies one module. Fails (invalid_model) where a Dense layer takes another number of components.
Result<void> apply_module(const SentenceModule& module, Vectors& vectors, int64_t skipped);

}  // namespace nacre
