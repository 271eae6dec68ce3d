// HannWindow: y[n] = sin^2(pi n / N), N the size, or one less when not `periodic`.
// https://onnx.ai/onnx/operators/onnx__HannWindow.html
#include "ops/window.h"

namespace nacre {
namespace {

Result<void> evaluate(Evaluation& e) {
  return fill_window(e, [](double at) { return std::pow(std::sin(kPi * at), 2); });
}

}  // namespace

extern const Op op_hann_window;
const Op op_hann_window{
    .name = "HannWindow", .since = {17}, .types = TypeSet{DType::int32, DType::int64}, .infer = infer_window, .evaluate = evaluate};

}  // namespace nacre
