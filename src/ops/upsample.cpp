// Upsample: Resize of opsets below 10, by the floor of x / scale.
// https://onnx.ai/onnx/operators/onnx__Upsample.html
#include "ops/op.h"

namespace nacre {
namespace {

// Every node is upgraded at import: what reaches these was built by hand.
Result<void> infer(Inference&) { return fail(ErrorCode::unsupported, "Upsample is an old name of Resize"); }
Result<void> evaluate(Evaluation&) { return fail(ErrorCode::unsupported, "Upsample is an old name of Resize"); }

// Opset 1: two attributes for height and width; 7: a list; 9: an input.
Result<void> upgrade(Upgrade& u) {
  Attributes& attributes = u.node.attributes;
  std::vector<float> scales = attributes.reals("scales");
  if (attributes.has("height_scale")) scales = {1, 1, attributes.real("height_scale", 1), attributes.real("width_scale", 1)};
  if (!scales.empty()) {
    const Shape shape{static_cast<int64_t>(scales.size())};
    u.set_input(1, u.builder.constant(Tensor::of<float>(shape, std::span<const float>(scales))));
  }
  if (!u.has(1)) return fail(ErrorCode::invalid_model, "has no scales");
  const std::string mode = attributes.string("mode", "nearest");
  u.node.op = find_op("", "Resize");
  u.node.inputs = {u.node.inputs[0], kAbsent, u.node.inputs[1]};
  attributes = Attributes{{"mode", mode == "bilinear" ? std::string("linear") : mode},
                          {"coordinate_transformation_mode", std::string("asymmetric")},
                          {"nearest_mode", std::string("floor")}};
  return u.builder.status();
}

}  // namespace

extern const Op op_upsample;
const Op op_upsample{
    .name = "Upsample", .since = {1, 7, 9, 10}, .inputs = {1, 2}, .infer = infer, .evaluate = evaluate, .upgrade = upgrade};

}  // namespace nacre
