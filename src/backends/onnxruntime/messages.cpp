#include "backends/onnxruntime/messages.h"

#include <cstring>
#include <vector>

namespace nacre::onnxruntime {
namespace {

// Protobuf: a field is its number and wire type (0 a number, 2 bytes), then the value.
std::string varint(uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  return out + static_cast<char>(value);
}
std::string number(int field, int64_t value) { return varint(uint64_t(field) << 3) + varint(uint64_t(value)); }
std::string bytes(int field, std::string_view value) {
  return varint(uint64_t(field) << 3 | 2) + varint(value.size()) + std::string(value);
}

// Field numbers are those of onnx.proto.
std::string tensor_type(DType dtype, std::span<const int64_t> shape, bool has_shape) {
  std::string dims;
  for (int64_t dim : shape) dims += bytes(1, number(1, dim));
  return bytes(1, number(1, int64_t(dtype)) + (has_shape ? bytes(2, dims) : ""));
}
std::string value_info(std::string_view name, std::string_view type) { return bytes(1, name) + bytes(2, type); }

std::string model(std::string_view graph, int64_t opset) {
  return number(1, 8) + bytes(8, number(2, opset)) + bytes(7, std::string(graph) + bytes(2, "g"));
}

}  // namespace

std::string matmul_model(int64_t rows, int64_t size) {
  const int64_t x[] = {rows, size};
  const std::vector<float> ones(size_t(size * size), 1.0f);
  const std::string_view raw(reinterpret_cast<const char*>(ones.data()), ones.size() * sizeof(float));
  const std::string weight = number(1, size) + number(1, size) + number(2, int64_t(DType::float32)) + bytes(8, "w") + bytes(9, raw);
  const std::string node = bytes(1, "x") + bytes(1, "w") + bytes(2, "y") + bytes(3, "product") + bytes(4, "MatMul");
  return model(bytes(1, node) + bytes(5, weight) + bytes(11, value_info("x", tensor_type(DType::float32, x, true))) +
                   bytes(12, value_info("y", tensor_type(DType::float32, x, true))),
               13);
}

Result<std::string> empty_sequence_model(const Fact& fact) {
  if (fact.kind != Fact::Kind::sequence || !fact.element->is_tensor())
    return fail(ErrorCode::unsupported, "an empty ", fact.text(), " cannot be given to ONNX Runtime: only empty sequences of tensors can");
  const std::string type = bytes(4, bytes(1, tensor_type(fact.element->dtype, {}, false)));
  const std::string dtype = bytes(1, "dtype") + number(20, 2) + number(3, int64_t(fact.element->dtype));
  const std::string node = bytes(2, "y") + bytes(4, "SequenceEmpty") + bytes(5, dtype);
  return model(bytes(1, node) + bytes(12, value_info("y", type)), 13);
}

}  // namespace nacre::onnxruntime
