// How far two results are apart.
//
//     const Difference d = compare(got, want, {});
//     if (!d.agrees) print(cat(d.note, " max abs ", d.max_abs, "\n"));
//
#pragma once

#include <cstdint>
#include <string>

#include "nacre/tensor.h"

namespace nacre::cli {

struct Tolerance {
  double relative = 1e-3, absolute = 1e-5;  // |got - want| <= absolute + relative |want|
};

struct Difference {
  bool agrees = true;
  double max_abs = 0, max_rel = 0;
  uint64_t max_ulp = 0;  // floats: representable numbers of their type in between
  int64_t outside = 0, elements = 0;
  std::string note;  // the first element outside, or how the types differ
};

/// Floats by tolerance, everything else exactly; NaN equals NaN. Sequences, optionals and maps item by item.
Difference compare(const Value& got, const Value& want, const Tolerance& tolerance);

}  // namespace nacre::cli
