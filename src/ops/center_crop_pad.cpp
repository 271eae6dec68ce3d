// CenterCropPad: crops or zero-pads axes to the given lengths, around their middle.
// https://onnx.ai/onnx/operators/onnx__CenterCropPad.html
#include <cstring>

#include "ops/movement.h"
#include "ops/shape_values.h"

namespace nacre {
namespace {

Result<std::vector<int64_t>> axes_of(const Attributes& attributes, int64_t rank, size_t count) {
  std::vector<int64_t> axes = attributes.integers("axes");
  if (!attributes.has("axes"))
    for (int64_t d = 0; d < rank; ++d) axes.push_back(d);
  (void)NACRE_TRY(sorted_axes(axes, rank));
  for (int64_t& axis : axes) axis += axis < 0 ? rank : 0;
  if (axes.size() != count) return fail(ErrorCode::invalid_argument, count, " lengths for ", axes.size(), " axes");
  return axes;
}

Result<void> infer(Inference& inference) {
  const SymShape* shape = inference.shape(0);
  if (!shape) return inference.set(0, inference.dtype(0)), Result<void>();
  SymShape out = *shape;
  const std::optional<SymShape> wanted = NACRE_TRY(spelt_shape(inference, 1));
  if (!wanted) return inference.set(0, inference.dtype(0), inference.fresh_shape(out.size())), Result<void>();
  const std::vector<int64_t> axes = NACRE_TRY(axes_of(inference.attributes(), static_cast<int64_t>(out.size()), wanted->size()));
  for (size_t i = 0; i < axes.size(); ++i) out[axes[i]] = (*wanted)[i];
  inference.set(0, inference.dtype(0), std::move(out));
  return {};
}

Result<void> evaluate(Evaluation& e) {
  const Tensor& x = e.input(0);
  const std::vector<int64_t> wanted = NACRE_TRY(e.integers(1)), axes = NACRE_TRY(axes_of(e.attributes(), x.rank(), wanted.size()));
  Shape shape = x.shape(), common = x.shape();
  const std::vector<int64_t> from = row_major_strides(shape);
  for (size_t i = 0; i < axes.size(); ++i) shape[axes[i]] = wanted[i];
  Tensor* y = NACRE_TRY(e.output(0, shape));
  if (x.dtype() != DType::string && y->size()) std::memset(y->mutable_raw(), 0, y->byte_size());
  const std::vector<int64_t> to = row_major_strides(shape);
  int64_t source = 0, target = 0;
  for (size_t d = 0; d < shape.size(); ++d) {
    common[d] = std::min(shape[d], x.shape()[d]);
    source += (x.shape()[d] - common[d]) / 2 * from[d];
    target += (shape[d] - common[d]) / 2 * to[d];
  }
  Tensor middle = NACRE_TRY(e.scratch(x.dtype(), common));
  if (middle.size() == 0) return {};
  NACRE_TRY(copy_strided(x, source, from, middle));
  return scatter_strided(middle, target, to, *y);
}

}  // namespace

extern const Op op_center_crop_pad;
const Op op_center_crop_pad{
    .name = "CenterCropPad", .since = {18}, .inputs = {2, 2}, .infer = infer, .evaluate = evaluate, .kind = OpKind::movement};

}  // namespace nacre
