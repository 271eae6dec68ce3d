// Memory for what lives as long as a model: packed weights.
//
//     Tensor panels = NACRE_TRY(allocate_lasting(DType::float32, {size}));
//
#pragma once

#include "core/result.h"

namespace nacre {

/// A tensor of zeros on pages of its own: between the short-lived blocks of the heap it would pin what they leave free, and the
/// pages of this one are the system's again when it dies. For tens of kilobytes and more. Never throws.
Result<Tensor> allocate_lasting(DType dtype, Shape shape);

}  // namespace nacre
