#include "text/scores.h"

#include <algorithm>
#include <cfloat>
#include <charconv>
#include <cmath>

namespace nacre {

// Its digits as an integer, then one division: two roundings where the nearest double has one.
double as_reference_reads(double score) {
  constexpr int most_exact = 22;  // powers of ten that doubles hold exactly
  char text[32];
  const char* const end = std::to_chars(text, text + sizeof text, std::abs(score), std::chars_format::scientific).ptr;
  uint64_t digits = 0;
  int exponent = 0;
  for (const char* at = text; at < end && *at != 'e'; ++at)
    if (*at != '.') digits = digits * 10 + static_cast<uint64_t>(*at - '0'), exponent -= at > text;
  const char* const mark = std::find(text, const_cast<char*>(end), 'e');
  int power = 0;
  if (mark != end) std::from_chars(mark + (mark[1] == '+' ? 2 : 1), end, power);
  exponent += power;
  if (exponent >= 0 || exponent < -most_exact) return score;
  double ten = 1;
  for (int i = exponent; i < 0; ++i) ten *= 10;
  return std::copysign(static_cast<double>(digits) / ten, score);
}

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
      floats_ = {}, steps_ = {}, others_ = {};
      return;
    }
  }
  others_.shrink_to_fit();
}

}  // namespace nacre
