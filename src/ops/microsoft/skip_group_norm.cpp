// SkipGroupNorm: GroupNorm of x + skip + bias, and that sum. skip is like x, or one row of channels for each image.
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include "ops/microsoft/group_norm.h"

namespace nacre {
namespace {

Result<void> upgrade(Upgrade& u) {
  NACRE_TRY(check_arity(u));
  Builder& b = u.builder;
  const bool last = u.node.attributes.integer("channels_last", 1) != 0;
  Edge skip = u.input(3);
  if (NACRE_TRY(known_shape(u, 3)).size() == 2) skip = b.unsqueeze(skip, last ? std::vector<int64_t>{1, 2} : std::vector<int64_t>{2, 3});
  Edge bias = u.input(4);
  if (bias != kAbsent && !last) bias = b.unsqueeze(bias, {1, 2});
  const Edge sum = add_optional(b, b.add(u.input(0), skip), bias);
  return replace(u, {NACRE_TRY(group_norm(u, sum)), sum});
}

}  // namespace

extern const Op op_microsoft_skip_group_norm;
const Op op_microsoft_skip_group_norm{.name = "SkipGroupNorm",
                                      .domain = "com.microsoft",
                                      .since = {1, kRewritten},
                                      .types = float_types,
                                      .inputs = {4, 5},
                                      .outputs = {1, 2},
                                      .infer = never_inferred,
                                      .evaluate = never_evaluated,
                                      .upgrade = upgrade};

}  // namespace nacre
