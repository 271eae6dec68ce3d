// com.microsoft.QLinearConv: ai.onnx's, for channels that may lie last.
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include "ops/microsoft/fused_activation.h"

namespace nacre {
namespace {

Result<void> upgrade(Upgrade& u) {
  NACRE_TRY(check_arity(u));
  Builder& b = u.builder;
  Attributes attributes = u.node.attributes;
  const bool last = attributes.integer("channels_last", 0) != 0;
  attributes.erase("channels_last");
  const size_t rank = NACRE_TRY(image_rank(u, 0));
  std::vector<Edge> inputs = u.node.inputs;
  if (last) inputs[0] = channels_first(b, inputs[0], rank);
  const Edge y = b.add("QLinearConv", std::move(inputs), std::move(attributes));
  return replace(u, {last ? channels_last(b, y, rank) : y});
}

}  // namespace

extern const Op op_microsoft_q_linear_conv;
const Op op_microsoft_q_linear_conv{.name = "QLinearConv",
                                    .domain = "com.microsoft",
                                    .since = {1, kRewritten},
                                    .types = TypeSet{DType::int8, DType::uint8},
                                    .inputs = {8, 9},
                                    .outputs = {1, 1},
                                    .infer = never_inferred,
                                    .evaluate = never_evaluated,
                                    .upgrade = upgrade};

}  // namespace nacre
