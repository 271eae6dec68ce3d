// Random numbers as numpy's RandomState draws them (Mersenne twister), so that a seed gives the reference's numbers.
#pragma once

#include <random>

#include "graph/attributes.h"

namespace nacre {

class Random {
 public:
  explicit Random(uint32_t seed) : engine_(seed) {}
  /// Seeded by the attribute `seed`, or differently every time without it.
  static Random from(const Attributes& attributes);

  /// In [0, 1), 53 bits.
  double uniform();
  /// Mean 0, deviation 1: Marsaglia's polar method, the second number of a pair kept for the next call.
  double normal();

 private:
  std::mt19937 engine_;
  bool has_spare_ = false;
  double spare_ = 0;
};

}  // namespace nacre
