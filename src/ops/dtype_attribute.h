// Attributes that name an element type, and conversion to it.
#pragma once

#include "ops/op.h"

namespace nacre {

/// The type that attribute `name` names by its number; fails when it is absent or no type.
Result<DType> dtype_attribute(const Attributes& attributes, std::string_view name);
/// The same, or `otherwise` when the attribute is absent.
Result<DType> dtype_attribute(const Attributes& attributes, std::string_view name, DType otherwise);

/// Output 0 is input 0 converted, by the attributes `saturate` and `round_mode`.
Result<void> convert_input(Evaluation& e, DType to);

}  // namespace nacre
