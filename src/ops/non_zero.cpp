// NonZero: the positions of elements that are not zero, one row per axis, in row-major order.
// https://onnx.ai/onnx/operators/onnx__NonZero.html
#include <cstring>

#include "ops/op.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) {
  const SymShape* shape = inference.shape(0);
  const SymDim rank = shape ? SymDim(static_cast<int64_t>(shape->size())) : inference.fresh();
  inference.set(0, DType::int64, SymShape{rank, inference.fresh()});
  return {};
}

std::vector<bool> is_set(const Tensor& x) {
  std::vector<bool> out(static_cast<size_t>(x.size()));
  if (x.dtype() == DType::string) {
    for (size_t i = 0; i < out.size(); ++i) out[i] = !x.data<std::string>()[i].empty();
    return out;
  }
  if (x.dtype() == DType::float8e8m0) return out.assign(out.size(), true), out;  // powers of two; the least is below what floats keep
  double block[512];
  for (int64_t begin = 0; begin < x.size(); begin += 512) {
    const int64_t count = std::min<int64_t>(512, x.size() - begin);
    load_as<double>(x.dtype(), x.raw(), begin, count, block);
    for (int64_t i = 0; i < count; ++i) out[begin + i] = block[i] != 0;
  }
  return out;
}

Result<void> evaluate(Evaluation& e) {
  const Shape& shape = e.shape(0);
  const std::vector<bool> set = is_set(e.input(0));
  int64_t count = 0;
  for (bool bit : set) count += bit;
  Tensor* y = NACRE_TRY(e.output(0, DType::int64, {e.input(0).rank(), count}));
  if (shape.empty()) return {};
  int64_t* out = y->mutable_data<int64_t>().data();
  int64_t column = 0;
  for (int64_t i = 0; i < e.input(0).size(); ++i) {
    if (!set[i]) continue;
    int64_t rest = i;
    for (size_t d = shape.size(); d-- > 0; rest /= shape[d]) out[static_cast<int64_t>(d) * count + column] = rest % shape[d];
    ++column;
  }
  return {};
}

}  // namespace

extern const Op op_non_zero;
const Op op_non_zero{.name = "NonZero", .since = {9, 13}, .infer = infer, .evaluate = evaluate};

}  // namespace nacre
