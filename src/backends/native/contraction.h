// Packed products, for every kernel that has one inside.
#pragma once

#include "backends/native/kernels/kernels.h"
#include "backends/native/packs.h"
#include "nacre/tensor.h"
#include "runtime/backend.h"

namespace nacre::native {

/// Packs b [k, n] ([n, k] when `transposed`), whose elements (float32, float16 or bfloat16) begin at `source`, aligned or not,
/// into gemm_packed_size(k, n) floats. The threads that the run may use share it.
Result<void> pack_panels(DType dtype, const void* source, bool transposed, int64_t k, int64_t n, float* panels);

/// The same in a tensor of its own, or from what an earlier process kept on disk.
Result<Tensor> packed_panels(const PackCache& cache, DType dtype, const void* source, bool transposed, int64_t k, int64_t n);

/// Matrix `batch` of the output [..., m, n] reads matrix `index` of an operand whose batch axes may be broadcast.
int64_t operand_matrix(int64_t batch, const Shape& out, const Shape& operand);

/// One product, split among the threads of a run.
void multiply(const GemmArgs& args, RunContext& context);

}  // namespace nacre::native
