// NhwcMaxPool: ai.onnx's MaxPool with the channels last.
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include "ops/microsoft/fused_activation.h"

namespace nacre {
namespace {

Result<void> upgrade(Upgrade& u) {
  NACRE_TRY(check_arity(u));
  const size_t rank = NACRE_TRY(image_rank(u, 0));
  const Edge y = u.builder.add("MaxPool", {channels_first(u.builder, u.input(0), rank)}, u.node.attributes);
  return replace(u, {channels_last(u.builder, y, rank)});
}

}  // namespace

extern const Op op_microsoft_nhwc_max_pool;
const Op op_microsoft_nhwc_max_pool{.name = "NhwcMaxPool",
                                    .domain = "com.microsoft",
                                    .since = {1, kRewritten},
                                    .types = TypeSet{DType::int8, DType::uint8},
                                    .inputs = {1, 1},
                                    .outputs = {1, 1},
                                    .infer = never_inferred,
                                    .evaluate = never_evaluated,
                                    .upgrade = upgrade};

}  // namespace nacre
