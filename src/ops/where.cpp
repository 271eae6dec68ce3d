// Where: z = condition ? x : y, all three broadcast.
// https://onnx.ai/onnx/operators/onnx__Where.html
#include <algorithm>

#include "ops/elementwise.h"

namespace nacre {
namespace {

Result<void> infer_shape(Inference& inference) {
  SymShape shape;
  for (size_t i = 0; i < 3; ++i) {
    if (!inference.shape(i)) return inference.set(0, inference.dtype(1)), Result<void>();
    shape = NACRE_TRY(broadcast(shape, *inference.shape(i)));
  }
  inference.set(0, inference.dtype(1), std::move(shape));
  return {};
}

// 0 or 1 per element: Equal tracks its result, and a constant mask is at hand.
std::vector<SymDim> known_condition(const Inference& inference) {
  if (const std::vector<SymDim>* known = inference.values(0)) return *known;
  const Tensor* mask = inference.constant(0);
  if (!mask || mask->size() > kMaxTrackedValues || mask->rank() > 1) return {};
  std::vector<SymDim> out;
  for (bool element : mask->data<bool>()) out.push_back(int64_t{element});
  return out;
}

Result<void> infer(Inference& inference) {
  NACRE_TRY(infer_shape(inference));
  const std::vector<SymDim> condition = known_condition(inference);
  const std::vector<SymDim>*x = inference.values(1), *y = inference.values(2);
  if (condition.empty() || !x || !y || x->empty() || y->empty()) return {};
  const size_t count = std::max({condition.size(), x->size(), y->size()});
  auto element = [&](const std::vector<SymDim>& list, size_t i) { return list[list.size() == 1 ? 0 : i]; };
  std::vector<SymDim> out;
  for (size_t i = 0; i < count; ++i) {
    const SymDim a = element(*x, i), b = element(*y, i), pick = element(condition, i);
    if (!pick.is_constant() && !(a == b)) return {};
    out.push_back(pick.is(0) ? b : a);
  }
  inference.set_values(0, std::move(out));
  return {};
}

template <class T>
void select(const bool* condition, const T* x, const T* y, T* z, const BroadcastWalk& walk) {
  int64_t at[3];
  const int64_t sc = walk.run_strides[0], sx = walk.run_strides[1], sy = walk.run_strides[2];
  for (int64_t run = 0; run < walk.runs; ++run, z += walk.run_length) {
    walk.offsets(run, at);
    for (int64_t i = 0; i < walk.run_length; ++i) z[i] = condition[at[0] + i * sc] ? x[at[1] + i * sx] : y[at[2] + i * sy];
  }
}

template <class T>
Result<void> select(Evaluation& e, Tensor& z, const BroadcastWalk& walk) {
  select(static_cast<const bool*>(e.input(0).raw()), static_cast<const T*>(e.input(1).raw()), static_cast<const T*>(e.input(2).raw()),
         static_cast<T*>(z.mutable_raw()), walk);
  return {};
}

Result<void> evaluate(Evaluation& e) {
  const DType dtype = e.dtype(1);
  if (e.dtype(0) != DType::boolean || e.dtype(2) != dtype)
    return fail(ErrorCode::invalid_argument, "chooses between ", dtype, " and ", e.dtype(2), " by ", e.dtype(0));
  Tensor* z = NACRE_TRY(e.output(0, dtype, NACRE_TRY(broadcast(NACRE_TRY(broadcast(e.shape(0), e.shape(1))), e.shape(2)))));
  const Shape* shapes[] = {&e.shape(0), &e.shape(1), &e.shape(2)};
  const BroadcastWalk walk(z->shape(), shapes);
  if (dtype == DType::string) return select<std::string>(e, *z, walk);
  switch (bits_of(dtype)) {
    case 8: return select<uint8_t>(e, *z, walk);
    case 16: return select<uint16_t>(e, *z, walk);
    case 32: return select<uint32_t>(e, *z, walk);
    case 64: return select<uint64_t>(e, *z, walk);
    case 128: return select<std::complex<double>>(e, *z, walk);
  }
  return fail(ErrorCode::unsupported, "not for elements of type ", dtype);
}

}  // namespace

extern const Op op_where;
const Op op_where{.name = "Where",
                  .since = {9, 16},
                  .types = TypeSet{DType::boolean},
                  .inputs = {3, 3},
                  .infer = infer,
                  .evaluate = evaluate,
                  .kind = OpKind::elementwise};

}  // namespace nacre
