// QLinearAdd: y = quantize(dequantize(a) + dequantize(b)).
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include "ops/microsoft/dequantized.h"

namespace nacre {
namespace {

Result<void> upgrade(Upgrade& u) {
  return between_quantizers(u, {0, 3}, 6, [&](const std::vector<Edge>& x) { return u.builder.add(x[0], x[1]); });
}

}  // namespace

extern const Op op_microsoft_q_linear_add;
const Op op_microsoft_q_linear_add{.name = "QLinearAdd",
                                   .domain = "com.microsoft",
                                   .since = {1, kRewritten},
                                   .types = kBytes,
                                   .inputs = {7, 8},
                                   .outputs = {1, 1},
                                   .infer = never_inferred,
                                   .evaluate = never_evaluated,
                                   .upgrade = upgrade};

}  // namespace nacre
