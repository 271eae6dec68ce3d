#include "text/scores.h"

#include <algorithm>
#include <cfloat>
#include <cmath>

namespace nacre {

uint64_t PieceScores::step_of(double value, float near) const noexcept {
  const uint64_t step = std::bit_cast<uint64_t>(value) - std::bit_cast<uint64_t>(static_cast<double>(near)) + kNoStep;
  return step <= kMostSteps ? step : kOther;
}

double PieceScores::other(uint32_t id) const noexcept {
  return std::lower_bound(others_.begin(), others_.end(), id, [](const Other& other, uint32_t wanted) { return other.id < wanted; })->value;
}

PieceScores::PieceScores(std::span<const double> values) : floats_(values.size()), steps_((values.size() + 1) / 2) {
  const size_t most_others = values.size() / 16;
  for (uint32_t id = 0; id < values.size(); ++id) {
    floats_[id] = std::abs(values[id]) <= FLT_MAX ? static_cast<float>(values[id]) : 0.0f;
    const uint64_t step = step_of(values[id], floats_[id]);
    steps_[id / 2] |= static_cast<uint8_t>(step << id % 2 * 4);
    if (step == kOther) others_.push_back({id, values[id]});
    if (others_.size() > most_others) {
      exact_.assign(values.begin(), values.end());
      floats_ = std::vector<float>(), steps_ = std::vector<uint8_t>(), others_ = std::vector<Other>();  // "= {}" would keep the memory
      return;
    }
  }
  others_.shrink_to_fit();
}

}  // namespace nacre
