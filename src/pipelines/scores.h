// Logits to probabilities. Summed in double, so that a vocabulary costs no digits, and then rounded to float: scores that are
// equal in the reference are equal here, and their order is that of the labels.
#pragma once

#include <span>
#include <vector>

namespace nacre {

double sigmoid(double logit) noexcept;
std::vector<double> softmax(std::span<const float> logits);

/// Positions from the largest score on, equal ones in order; the first `count` of them, 0 for all.
std::vector<size_t> ranked(std::span<const double> scores, size_t count = 0);

}  // namespace nacre
