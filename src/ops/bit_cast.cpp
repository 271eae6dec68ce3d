// BitCast: the same bits read as another type of the same width.
// https://onnx.ai/onnx/operators/onnx__BitCast.html
#include <cstring>

#include "ops/dtype_attribute.h"

namespace nacre {
namespace {

Result<DType> target(const Attributes& attributes, DType from) {
  const DType to = NACRE_TRY(dtype_attribute(attributes, "to"));
  if (bits_of(to) == 0 || (from != DType::undefined && bits_of(to) != bits_of(from)))
    return fail(ErrorCode::invalid_model, "cannot read the ", bits_of(from), " bits of ", from, " as the ", bits_of(to), " bits of ", to);
  return to;
}

Result<void> infer(Inference& inference) {
  inference.set(0, NACRE_TRY(target(inference.attributes(), inference.dtype(0))), inference.input(0).shape);
  return {};
}

Result<void> evaluate(Evaluation& e) {
  Tensor* y = NACRE_TRY(e.output(0, NACRE_TRY(target(e.attributes(), e.dtype(0))), e.shape(0)));
  const size_t bytes = y->byte_size();
  if (bytes == 0) return {};
  uint8_t* out = static_cast<uint8_t*>(y->mutable_raw());
  std::memcpy(out, e.input(0).raw(), bytes);
  if (y->dtype() == DType::boolean)
    for (size_t i = 0; i < bytes; ++i) out[i] = out[i] != 0;  // a C++ bool must be 0 or 1
  return {};
}

}  // namespace

extern const Op op_bit_cast;
const Op op_bit_cast{.name = "BitCast",
                     .since = {26},
                     .types = numeric_types | float8_types | packed_types | complex_types | TypeSet{DType::boolean},
                     .infer = infer,
                     .evaluate = evaluate};

}  // namespace nacre
