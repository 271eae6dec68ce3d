// Where PagedAttention's tokens lie: in its packed inputs and in the blocks of its caches.
#pragma once

#include "ops/microsoft/kv_cache.h"

namespace nacre {

namespace paged {
enum Input : size_t {
  kQuery,
  kKey,
  kValue,
  kKeyCache,
  kValueCache,
  kLengths,
  kPast,
  kBlocks,
  kCos,
  kSin,
  kSlots,
  kSink,
  kQNorm,
  kKNorm,
  kKScale,
  kVScale
};

struct Layout {
  int64_t heads, kv_heads, head, value_head, tokens, sequences, block;
  bool latent, packed;
  std::vector<int64_t> ends, past, table, slots;
  int64_t blocks, columns;  // of the cache; of a row of the table
  CacheFormat keys, values;
};

/// Checked: every sequence lies within the packed tokens and the columns of the table, every slot within the cache.
Result<Layout> read_layout(const Evaluation& e);

/// The row of the cache that position `at` of a sequence has, by the table.
Result<int64_t> row_of(const Layout& l, int64_t sequence, int64_t at);

}  // namespace paged
}  // namespace nacre
