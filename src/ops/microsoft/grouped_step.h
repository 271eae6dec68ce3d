// What a step of GroupQueryAttention is asked for: heads, tokens, and how its caches are kept.
#pragma once

#include "ops/attend.h"
#include "ops/microsoft/kv_cache.h"

namespace nacre {

struct Heads {
  int64_t query, key;
  int64_t window;  // how many tokens the cache must keep; 0: all of them
  int64_t scores;  // output_qk: 0 none, 1 before softmax, 2 after
  DType packed;    // of a cache of bytes
};
Result<Heads> read_heads(const Attributes& attributes);

struct Step {
  AttentionSizes sizes;              // `keys`: cached and new ones
  std::vector<int64_t> past, total;  // tokens of each sequence that are there before and after
  std::vector<int64_t> gone;         // and those before them that a window has pushed out
  int64_t cached, present, most;     // rows of the past cache and of the new one; tokens of the longest sequence
  CacheFormat keys, values;
};
Result<Step> read_step(const Evaluation& e, const Heads& heads);

/// How many of `total` tokens a cache of `rows` keeps that must keep `window`: what is pushed out goes rows - window + 1 at once.
int64_t kept_rows(int64_t total, int64_t rows, int64_t window);

}  // namespace nacre
