// Shape: the input's dimensions from `start` to `end` as int64.
// https://onnx.ai/onnx/operators/onnx__Shape.html
#include <algorithm>

#include "ops/op.h"

namespace nacre {
namespace {

struct Span {
  int64_t begin, end;
};

Span chosen(const Attributes& attributes, int64_t rank) {
  auto clamp = [&](int64_t at) { return std::clamp<int64_t>(at < 0 ? at + rank : at, 0, rank); };
  const int64_t begin = clamp(attributes.integer("start", 0)), end = clamp(attributes.integer("end", rank));
  return {begin, std::max(begin, end)};
}

Result<void> infer(Inference& inference) {
  const SymShape* shape = inference.shape(0);
  if (!shape) return inference.set(0, DType::int64, SymShape{inference.fresh()}), Result<void>();
  const Span span = chosen(inference.attributes(), static_cast<int64_t>(shape->size()));
  std::vector<SymDim> dims(shape->begin() + span.begin, shape->begin() + span.end);
  inference.set(0, DType::int64, SymShape{span.end - span.begin});
  inference.set_values(0, std::move(dims));
  return {};
}

Result<void> evaluate(Evaluation& e) {
  const Value& value = e.value(0);
  const Shape& shape = value.tensor().shape();
  const Span span = chosen(e.attributes(), static_cast<int64_t>(shape.size()));
  Tensor* y = NACRE_TRY(e.output(0, DType::int64, {span.end - span.begin}));
  std::copy(shape.begin() + span.begin, shape.begin() + span.end, y->mutable_data<int64_t>().begin());
  return {};
}

}  // namespace

extern const Op op_shape;
const Op op_shape{.name = "Shape", .since = {1, 13, 15, 19, 21, 23, 24, 25}, .infer = infer, .evaluate = evaluate, .kind = OpKind::shape};

}  // namespace nacre
