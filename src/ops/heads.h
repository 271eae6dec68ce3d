// How many heads attention may have.
//
//     NACRE_TRY(check_heads(heads, kv_heads));     // 8 and 2 are; 8 and 3, 0 and 0, 2^40 and 2^40 are not
//
#pragma once

#include "core/result.h"

namespace nacre {

/// No features divide into any number of heads, and loops walk the heads: more than any model has is refused.
inline constexpr int64_t kMostHeads = 1 << 16;

/// Every head of keys and values serves the same number of heads of queries.
inline Result<void> check_heads(int64_t heads, int64_t kv_heads) {
  if (kv_heads < 1 || heads < 1 || heads % kv_heads != 0)
    return fail(ErrorCode::invalid_model, "num_heads ", heads, " is no positive multiple of kv_num_heads ", kv_heads);
  if (heads > kMostHeads) return fail(ErrorCode::invalid_model, "num_heads is ", heads, ", more than ", kMostHeads);
  return {};
}

}  // namespace nacre
