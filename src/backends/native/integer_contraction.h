// Packed products of 8-bit integers, for every kernel that has one inside.
#pragma once

#include "backends/native/kernels/kernels.h"
#include "backends/native/packs.h"
#include "nacre/tensor.h"
#include "runtime/backend.h"

namespace nacre::native {

/// b in integer_pack's panels.
struct PackedIntegers {
  Tensor panels;
};

/// b [k, n] ([n, k] when `transposed`) of int8 or uint8, packed once for all plans, for an a of this signedness.
Result<std::shared_ptr<const void>> pack_integers(const Tensor& b, bool transposed, bool a_signed, PackCache& cache);

/// One product, split among the threads of a run.
void multiply_integers(const IntegerGemmArgs& args, RunContext& context);

}  // namespace nacre::native
