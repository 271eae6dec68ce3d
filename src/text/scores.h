// The scores of a Unigram model's pieces, in four and a half bytes where the file has no more.
//
//     const PieceScores scores(values);
//     double score = scores[id];          // to the last bit
#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <vector>

namespace nacre {

/// SentencePiece trains in float, and tokenizer.json spells that out in decimals, which are read with two roundings: each is a float, or
/// a double or two beside it. Equal sums of scores are common (repeated pieces), and the last bit decides them.
/// What is not stands in a list of its own, or, where those are many, all are doubles.
class PieceScores {
 public:
  explicit PieceScores(std::span<const double> values);
  double operator[](uint32_t id) const noexcept {
    if (!exact_.empty()) return exact_[id];
    const uint64_t step = steps_[id / 2] >> id % 2 * 4 & 15;
    if (step == kOther) return other(id);
    return std::bit_cast<double>(std::bit_cast<uint64_t>(static_cast<double>(floats_[id])) + step - kNoStep);
  }

 private:
  struct Other {
    uint32_t id;
    double value;
  };
  static constexpr uint64_t kNoStep = 8, kOther = 0, kMostSteps = 15;
  double other(uint32_t id) const noexcept;
  uint64_t step_of(double value, float near) const noexcept;

  std::vector<float> floats_;
  std::vector<uint8_t> steps_;  // two in a byte: how many doubles behind the float (away from zero), and kNoStep
  std::vector<Other> others_;   // by id
  std::vector<double> exact_;   // instead of all these
};

}  // namespace nacre
