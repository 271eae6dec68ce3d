// QLinearReduceMean: y = quantize(ReduceMean(dequantize(x))).
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include "ops/microsoft/dequantized.h"

namespace nacre {
namespace {

Result<void> upgrade(Upgrade& u) {
  const Attributes& a = u.node.attributes;
  return between_quantizers(u, {0}, 3, [&](const std::vector<Edge>& x) {
    return u.builder.reduce("ReduceMean", x[0], a.integers("axes"), a.integer("keepdims", 1) != 0);
  });
}

}  // namespace

extern const Op op_microsoft_q_linear_reduce_mean;
const Op op_microsoft_q_linear_reduce_mean{.name = "QLinearReduceMean",
                                           .domain = "com.microsoft",
                                           .since = {1, kRewritten},
                                           .types = kBytes,
                                           .inputs = {4, 5},
                                           .outputs = {1, 1},
                                           .infer = never_inferred,
                                           .evaluate = never_evaluated,
                                           .upgrade = upgrade};

}  // namespace nacre
