// The table of this instruction set's kernels.
#include "backends/native/kernels/isa/local.h"

namespace nacre::NACRE_ISA {

extern const native::Kernels kernel_table;
const native::Kernels kernel_table{
    .isa = kIsaName,
    .gemm_panel = kPanel,
    .gemm_tile_rows = kTileRows,
    .fma_burst = fma_burst,
    .gemm_packed_size = gemm_packed_size,
    .gemm_pack = gemm_pack,
    .gemm_scratch = gemm_scratch,
    .gemm = gemm,
    .transpose = transpose,
    .activate = activate,
};

}  // namespace nacre::NACRE_ISA
