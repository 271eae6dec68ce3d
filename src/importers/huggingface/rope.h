// Rotary positions without tables: the frequencies of config.json's scaling rules, the angles worked out for the places of a run.
//
//     Rope rope = NACRE_TRY(read_rope(config, {.size = 128, .theta = 10000}));
//     RotaryAngles angles = rotary_angles(builder, rope, places, length);
//     q = rotate(builder, q, angles), k = rotate(builder, k, angles);
#pragma once

#include <vector>

#include "graph/builder.h"
#include "io/json.h"

namespace nacre {

struct Rope {
  std::vector<float> frequencies;  ///< one for each pair of a head
  std::vector<float> far;          ///< longrope: those of sequences of more than `positions` tokens; else empty
  double scale = 1;                ///< of cosine and sine
  double growth = 0;               ///< dynamic: the base grows with sequences of more than `positions` tokens; 0: it does not
  int64_t positions = 0;
};

struct RopeDefaults {
  int64_t size = 0;  ///< of a head
  double theta = 10000;
  std::string_view kind = {};  ///< of layer, where the file has settings for each: "full_attention", "sliding_attention"
};

/// From "rope_theta" and "rope_scaling", or from "rope_parameters" of newer files. Kinds: default, linear, dynamic, yarn, longrope (su),
/// llama3, ntk. Fails (unsupported) on another one.
Result<Rope> read_rope(const Json& config, const RopeDefaults& defaults);
/// Unscaled.
Rope plain_rope(int64_t size, double theta);

/// cos and sin: float32 [sequence, size / 2] each.
struct RotaryAngles {
  Edge cosine, sine;
};
/// `places` int64 [sequence], `length` an int64 scalar: the sequence's.
RotaryAngles rotary_angles(Builder& builder, const Rope& rope, Edge places, Edge length);
/// x [.., sequence, size] turned, the halves as pairs.
Edge rotate(Builder& builder, Edge x, const RotaryAngles& angles);

}  // namespace nacre
