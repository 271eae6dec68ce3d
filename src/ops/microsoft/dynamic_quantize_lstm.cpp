// DynamicQuantizeLSTM: ai.onnx's LSTM with weights given quantized and transposed. Activations are not quantized on the way,
// which ONNX Runtime does for speed: results are those of the dequantized weights.
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include "ops/microsoft/rewrite.h"

namespace nacre {
namespace {

// W or R as [directions, 4 * hidden, inputs]; scale and zero point one for each direction, or for each of its columns.
Result<Edge> dequantized_weights(Upgrade& u, size_t i, size_t scale) {
  Builder& b = u.builder;
  const SymShape shape = NACRE_TRY(known_shape(u, scale));
  if (shape.size() != 1 && shape.size() != 2) return fail(ErrorCode::invalid_argument, "scales of shape ", shape, ": expected rank 1 or 2");
  const std::vector<int64_t> axes = shape.size() == 1 ? std::vector<int64_t>{1, 2} : std::vector<int64_t>{1};
  const auto wide = [&](Edge x) { return b.unsqueeze(b.cast(x, DType::float32), axes); };
  Edge values = b.cast(u.input(i), DType::float32);
  if (u.has(scale + 1)) values = b.sub(values, wide(u.input(scale + 1)));
  return b.transpose(b.mul(values, wide(u.input(scale))), {0, 2, 1});
}

Result<void> upgrade(Upgrade& u) {
  for (size_t i : {0, 1, 2, 8, 10})
    if (!u.has(i)) return fail(ErrorCode::invalid_model, "input ", i, " is required and absent");
  std::vector<Edge> inputs{u.input(0), NACRE_TRY(dequantized_weights(u, 1, 8)), NACRE_TRY(dequantized_weights(u, 2, 10))};
  for (size_t i = 3; i < 8; ++i) inputs.push_back(u.input(i));
  return replace(u, u.builder.add_many("LSTM", std::move(inputs), 3, u.node.attributes));
}

}  // namespace

extern const Op op_microsoft_dynamic_quantize_lstm;
const Op op_microsoft_dynamic_quantize_lstm{.name = "DynamicQuantizeLSTM",
                                            .domain = "com.microsoft",
                                            .since = {1, kRewritten},
                                            .types = TypeSet{DType::float32},
                                            .inputs = {3, 12},
                                            .outputs = {1, 3},
                                            .infer = never_inferred,
                                            .evaluate = never_evaluated,
                                            .upgrade = upgrade};

}  // namespace nacre
