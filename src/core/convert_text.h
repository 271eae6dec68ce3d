// Cast between strings and numbers.
#pragma once

#include "core/convert.h"

namespace nacre {

/// Accepts decimal and scientific notation and, in any case, "nan", "inf", "infinity", with a sign and spaces around.
/// To integers, a fraction is cut. Fails (invalid_argument) naming the element that is no number.
Result<void> numbers_from_text(const Tensor& from, Tensor& to, const ConvertOptions& options);
Result<void> text_from_numbers(const Tensor& from, Tensor& to);

}  // namespace nacre
