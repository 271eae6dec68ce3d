#include "ops/random.h"

#include <atomic>
#include <chrono>
#include <cmath>

namespace nacre {
namespace {

uint32_t changing_seed() {
  static std::atomic<uint64_t> calls{0};
  const uint64_t now = static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
  return static_cast<uint32_t>((now ^ (now >> 32)) * 0x9e3779b97f4a7c15u + ++calls * 0xbf58476d1ce4e5b9u);
}

// A float seed may be anything; numpy takes its integer part modulo 2^32.
uint32_t attribute_seed(const Attributes& attributes) {
  const AttributeValue* value = attributes.find("seed");
  if (const int64_t* integer = std::get_if<int64_t>(value)) return static_cast<uint32_t>(*integer);
  const double seed = attributes.real("seed", 0);
  return std::abs(seed) < 9e18 ? static_cast<uint32_t>(static_cast<int64_t>(seed)) : 0;
}

}  // namespace

Random Random::from(const Attributes& attributes) { return Random(attributes.has("seed") ? attribute_seed(attributes) : changing_seed()); }

double Random::uniform() {
  const uint32_t high = engine_() >> 5, low = engine_() >> 6;
  return (high * 67108864.0 + low) / 9007199254740992.0;
}

double Random::normal() {
  if (std::exchange(has_spare_, false)) return spare_;
  double x, y, square;
  do {
    x = 2 * uniform() - 1, y = 2 * uniform() - 1;
    square = x * x + y * y;
  } while (square >= 1 || square == 0);
  const double scale = std::sqrt(-2 * std::log(square) / square);
  spare_ = scale * x, has_spare_ = true;
  return scale * y;
}

}  // namespace nacre
