// ONNX models: whatever the bytes are, reading, decoding and writing end in a result or an error; what was written once
// reads back and is written the same.
#include <cstdlib>

#include "io/onnx_reader.h"
#include "io/onnx_tensor.h"
#include "io/onnx_writer.h"

using namespace nacre;

namespace {

constexpr int64_t kMostDense = 1 << 20;

void check_again(const onnx::ModelProto& model) {
  const auto first = onnx::serialise(model);
  if (!first) return;
  const auto again = onnx::parse_model(*first);
  if (!again || onnx::serialise(*again) != *first) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const onnx::Bytes bytes(reinterpret_cast<const std::byte*>(data), size);
  if (const auto model = onnx::parse_model(bytes)) {
    for (const auto& tensor : model->graph.initializer) (void)onnx::to_tensor(tensor);
    for (const auto& tensor : model->graph.sparse_initializer) (void)onnx::to_tensor(tensor, nullptr, kMostDense);
    check_again(*model);
  }
  if (const auto sequence = onnx::parse_sequence(bytes)) (void)onnx::to_value(*sequence);
  if (const auto optional = onnx::parse_optional(bytes)) (void)onnx::to_value(*optional);
  return 0;
}
