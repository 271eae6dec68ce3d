// BlackmanWindow: y[n] = 0.42 - 0.5 cos(2 pi n / N) + 0.08 cos(4 pi n / N), N the size, or one less when not `periodic`.
// https://onnx.ai/onnx/operators/onnx__BlackmanWindow.html
#include "ops/window.h"

namespace nacre {
namespace {

Result<void> evaluate(Evaluation& e) {
  return fill_window(e, [](double at) { return 0.42 - 0.5 * std::cos(2 * kPi * at) + 0.08 * std::cos(4 * kPi * at); });
}

}  // namespace

extern const Op op_blackman_window;
const Op op_blackman_window{
    .name = "BlackmanWindow", .since = {17}, .types = TypeSet{DType::int32, DType::int64}, .infer = infer_window, .evaluate = evaluate};

}  // namespace nacre
