// ImageDecoder: an encoded image to uint8 pixels [height, width, channels].
// https://onnx.ai/onnx/operators/onnx__ImageDecoder.html
#include "ops/op.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) {
  const bool gray = inference.attributes().string("pixel_format", "RGB") == "Grayscale";
  inference.set(0, DType::uint8, SymShape{inference.fresh(), inference.fresh(), gray ? 1 : 3});
  return {};
}

Result<void> evaluate(Evaluation&) { return fail(ErrorCode::unsupported, "images are not decoded inside models yet"); }

}  // namespace

extern const Op op_image_decoder;
const Op op_image_decoder{.name = "ImageDecoder", .since = {20}, .types = {DType::uint8}, .infer = infer, .evaluate = evaluate};

}  // namespace nacre
