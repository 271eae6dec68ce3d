// HammingWindow: y[n] = 25/46 - 21/46 cos(2 pi n / N), N the size, or one less when not `periodic`.
// https://onnx.ai/onnx/operators/onnx__HammingWindow.html
#include "ops/window.h"

namespace nacre {
namespace {

Result<void> evaluate(Evaluation& e) {
  return fill_window(e, [](double at) { return 25.0 / 46 - 21.0 / 46 * std::cos(2 * kPi * at); });
}

}  // namespace

extern const Op op_hamming_window;
const Op op_hamming_window{
    .name = "HammingWindow", .since = {17}, .types = TypeSet{DType::int32, DType::int64}, .infer = infer_window, .evaluate = evaluate};

}  // namespace nacre
