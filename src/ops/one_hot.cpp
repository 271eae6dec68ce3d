// OneHot: a new axis of `depth` elements, on at the index and off elsewhere; an index outside [-depth, depth) is all off.
// https://onnx.ai/onnx/operators/onnx__OneHot.html
#include "ops/movement.h"
#include "ops/shape_values.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) {
  const DType dtype = inference.dtype(2);
  const SymShape* indices = inference.shape(0);
  if (!indices) return inference.set(0, dtype), Result<void>();
  SymShape out = *indices;
  const int64_t axis = NACRE_TRY(inference.axis(inference.attributes().integer("axis", -1), static_cast<int64_t>(out.size()) + 1));
  std::optional<SymShape> depth;  // the schema takes floats too
  if (is_integer(inference.dtype(1))) depth = NACRE_TRY(spelt_shape(inference, 1));
  out.insert(out.begin() + axis, depth && depth->size() == 1 ? (*depth)[0] : inference.fresh());
  inference.set(0, dtype, std::move(out));
  return {};
}

Result<void> evaluate(Evaluation& e) {
  const Tensor &indices = e.input(0), &values = e.input(2);
  const double wanted = NACRE_TRY(e.real(1));
  if (!(wanted >= 0 && wanted < 9e18)) return fail(ErrorCode::invalid_argument, "depth is ", wanted);
  if (values.rank() != 1 || values.size() != 2)
    return fail(ErrorCode::invalid_argument, "values are ", describe(values), ", not [off, on]");
  const auto depth = static_cast<int64_t>(wanted);
  Shape shape = indices.shape();
  const int64_t axis = NACRE_TRY(checked_index(e.attributes().integer("axis", -1), indices.rank() + 1, "axis"));
  shape.insert(shape.begin() + axis, depth);
  Tensor* y = NACRE_TRY(e.output(0, values.dtype(), shape));
  NACRE_TRY(copy_strided(values, 0, std::vector<int64_t>(shape.size(), 0), *y));
  const AxisView view(shape, axis);
  for (int64_t i = 0; i < indices.size(); ++i) {
    int64_t at = 0;
    load_as<int64_t>(indices.dtype(), indices.raw(), i, 1, &at);
    if (at < 0) at += depth;
    if (at >= 0 && at < depth) copy_elements(values, 1, *y, (i / view.inner * depth + at) * view.inner + i % view.inner, 1);
  }
  return {};
}

}  // namespace

extern const Op op_one_hot;
const Op op_one_hot{.name = "OneHot", .since = {9, 11}, .types = numeric_types, .inputs = {3, 3}, .infer = infer, .evaluate = evaluate};

}  // namespace nacre
