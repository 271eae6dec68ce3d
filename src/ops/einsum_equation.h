// "bij,bjk->bik" as numbered labels.
#pragma once

#include <string_view>
#include <vector>

#include "core/result.h"

namespace nacre {

struct Equation {
  std::vector<std::vector<int>> inputs;  // one label for every axis; an ellipsis has become labels of its own
  std::vector<int> output;
  size_t labels = 0;

  /// Letters are labels. Without "->" the output is the ellipsis' axes, then the labels that occur once, sorted.
  static Result<Equation> parse(std::string_view text, const std::vector<size_t>& ranks);
};

}  // namespace nacre
