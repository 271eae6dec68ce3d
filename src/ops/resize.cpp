// Resize: weighted averages of neighbours along each axis in turn (interpolation is separable).
// https://onnx.ai/onnx/operators/onnx__Resize.html
#include <algorithm>
#include <cmath>

#include "ops/interpolation.h"
#include "ops/shape_values.h"

namespace nacre {
namespace {

Result<std::vector<int64_t>> axes_of(const Attributes& attributes, int64_t rank) {
  std::vector<int64_t> axes = attributes.integers("axes");
  if (!attributes.has("axes"))
    for (int64_t d = 0; d < rank; ++d) axes.push_back(d);
  (void)NACRE_TRY(sorted_axes(axes, rank));
  for (int64_t& axis : axes) axis += axis < 0 ? rank : 0;
  return axes;
}

// Opset 11 made absent scales an empty tensor.
bool given(const Inference& inference, size_t i) {
  const SymShape* shape = inference.shape(i);
  const bool empty = shape && std::any_of(shape->begin(), shape->end(), [](const SymDim& dim) { return dim.is(0); });
  return inference.has(i) && !empty;
}
bool given(const Evaluation& e, size_t i) { return e.has(i) && e.input(i).size() > 0; }

Result<int64_t> scaled(int64_t dim, float scale) {
  const float length = std::floor(static_cast<float>(dim) * scale);
  if (!(scale > 0) || !(length < 9e18f))
    return fail(ErrorCode::invalid_argument, "cannot scale ", dim, " elements by ", static_cast<double>(scale));
  return static_cast<int64_t>(length);
}

// floor(dim * scale); a scale is m / 2^n, which a symbol is multiplied with when both are small.
Result<SymDim> scaled(Inference& inference, const SymDim& dim, float scale) {
  if (dim.is_constant()) return SymDim(NACRE_TRY(scaled(*dim.constant(), scale)));
  for (int64_t divisor = 1; divisor <= 64; divisor *= 2)
    if (const float factor = scale * static_cast<float>(divisor); factor == std::floor(factor) && factor > 0 && factor < 4096)
      return floor_div(dim * static_cast<int64_t>(factor), divisor);
  return inference.fresh();
}

// keep_aspect_ratio_policy: one scale for all axes, so that no axis is larger (or smaller) than asked.
std::optional<double> common_scale(std::string_view policy, std::span<const int64_t> sizes, std::span<const int64_t> dims) {
  if (policy != "not_larger" && policy != "not_smaller") return std::nullopt;
  double scale = policy == "not_larger" ? INFINITY : 0;
  for (size_t i = 0; i < sizes.size(); ++i) {
    const double own = static_cast<double>(sizes[i]) / static_cast<double>(dims[i]);
    scale = policy == "not_larger" ? std::min(scale, own) : std::max(scale, own);
  }
  return scale;
}

Result<void> infer_sizes(Inference& inference, std::span<const int64_t> axes, SymShape& out) {
  const std::string policy = inference.attributes().string("keep_aspect_ratio_policy", "stretch");
  std::optional<SymShape> sizes = NACRE_TRY(spelt_shape(inference, 3));
  if (sizes && sizes->size() != axes.size()) return fail(ErrorCode::invalid_argument, sizes->size(), " sizes for ", axes.size(), " axes");
  if (sizes && policy != "stretch") {
    SymShape dims;
    for (int64_t axis : axes) dims.push_back(out[axis]);
    const std::optional<Shape> known = constant_shape(*sizes), from = constant_shape(dims);
    if (!known || !from || product(dims).is(0))
      sizes.reset();
    else
      for (size_t i = 0; i < axes.size(); ++i) {
        const double length = *common_scale(policy, *known, *from) * static_cast<double>((*from)[i]) + 0.5;
        if (!(length >= 0 && length < 9e18)) return fail(ErrorCode::invalid_argument, "cannot resize ", *from, " to ", *known);
        (*sizes)[i] = static_cast<int64_t>(length);
      }
  }
  for (size_t i = 0; i < axes.size(); ++i) out[axes[i]] = sizes ? (*sizes)[i] : inference.fresh();
  return {};
}

Result<void> infer(Inference& inference) {
  const SymShape* shape = inference.shape(0);
  if (!shape) return inference.set(0, inference.dtype(0)), Result<void>();
  SymShape out = *shape;
  const std::vector<int64_t> axes = NACRE_TRY(axes_of(inference.attributes(), static_cast<int64_t>(out.size())));
  const Tensor* scales = inference.constant(2);
  if (given(inference, 3)) {
    NACRE_TRY(infer_sizes(inference, axes, out));
  } else if (scales && scales->dtype() == DType::float32) {
    if (scales->size() != static_cast<int64_t>(axes.size()))
      return fail(ErrorCode::invalid_argument, scales->size(), " scales for ", axes.size(), " axes");
    for (size_t i = 0; i < axes.size(); ++i) out[axes[i]] = NACRE_TRY(scaled(inference, out[axes[i]], scales->data<float>()[i]));
  } else {
    for (int64_t axis : axes) out[axis] = inference.fresh();
  }
  inference.set(0, inference.dtype(0), std::move(out));
  return {};
}

struct Axis {
  int64_t axis, length;
  double scale, begin = 0, end = 1;  // begin and end: the region of interest, as shares of the axis
};

Result<std::vector<float>> floats(Evaluation& e, size_t i, size_t count) {
  std::vector<float> out(static_cast<size_t>(e.input(i).size()));
  if (out.size() != count) return fail(ErrorCode::invalid_argument, "input ", i, " has ", out.size(), " elements, ", count, " are needed");
  load_as<float>(e.dtype(i), e.input(i).raw(), 0, e.input(i).size(), out.data());
  return out;
}

Result<std::vector<Axis>> plan_sizes(Evaluation& e, std::span<const int64_t> axes) {
  const std::vector<int64_t> sizes = NACRE_TRY(e.integers(3));
  if (sizes.size() != axes.size()) return fail(ErrorCode::invalid_argument, sizes.size(), " sizes for ", axes.size(), " axes");
  std::vector<int64_t> dims;
  for (int64_t axis : axes) dims.push_back(e.shape(0)[axis]);
  const std::optional<double> common = common_scale(e.attributes().string("keep_aspect_ratio_policy", "stretch"), sizes, dims);
  std::vector<Axis> out;
  for (size_t i = 0; i < axes.size(); ++i) {
    if (sizes[i] < 0 || (dims[i] == 0 && sizes[i] > 0))
      return fail(ErrorCode::invalid_argument, "cannot resize ", describe(e.input(0)), " to ", sizes);
    const double dim = static_cast<double>(dims[i]), length = common ? *common * dim + 0.5 : 0;
    if (!(length >= 0 && length < 9e18)) return fail(ErrorCode::invalid_argument, "cannot resize ", describe(e.input(0)), " to ", sizes);
    out.push_back(
        {axes[i], common ? static_cast<int64_t>(length) : sizes[i], common ? *common : static_cast<double>(sizes[i]) / std::max(dim, 1.0)});
  }
  return out;
}

Result<std::vector<Axis>> plan_scales(Evaluation& e, std::span<const int64_t> axes) {
  const std::vector<float> scales = NACRE_TRY(floats(e, 2, axes.size()));
  std::vector<Axis> out;
  for (size_t i = 0; i < axes.size(); ++i) {
    const int64_t length = NACRE_TRY(scaled(e.shape(0)[axes[i]], scales[i]));
    out.push_back({axes[i], length, scales[i]});
  }
  return out;
}

Result<std::vector<Axis>> plan(Evaluation& e) {
  const std::vector<int64_t> axes = NACRE_TRY(axes_of(e.attributes(), e.input(0).rank()));
  if (given(e, 3) == given(e, 2)) return fail(ErrorCode::invalid_argument, "needs scales or sizes, not both");
  std::vector<Axis> out = given(e, 3) ? NACRE_TRY(plan_sizes(e, axes)) : NACRE_TRY(plan_scales(e, axes));
  if (e.attributes().string("coordinate_transformation_mode", "half_pixel") != "tf_crop_and_resize") return out;
  const std::vector<float> roi =
      NACRE_TRY(given(e, 1) ? floats(e, 1, 2 * axes.size()) : fail(ErrorCode::invalid_argument, "tf_crop_and_resize needs roi"));
  for (size_t i = 0; i < axes.size(); ++i) out[i].begin = roi[i], out[i].end = roi[axes.size() + i];
  return out;
}

Result<void> evaluate(Evaluation& e) {
  const Interpolation method = NACRE_TRY(interpolation(e.attributes()));
  const std::vector<Axis> axes = NACRE_TRY(plan(e));
  Shape shape = e.shape(0);
  for (const Axis& axis : axes) shape[axis.axis] = axis.length;
  if (NACRE_TRY(checked_count(shape)) == 0) return (void)NACRE_TRY(e.output(0, shape)), Result<void>();
  const DType dtype = e.dtype(0), wide = method.nearest()                               ? dtype
                                         : dtype == DType::float64 || is_integer(dtype) ? DType::float64
                                                                                        : DType::float32;
  Tensor x = e.input(0);
  if (wide != dtype) {
    x = NACRE_TRY(e.scratch(wide, e.shape(0)));
    NACRE_TRY(convert(e.input(0), x));
  }
  for (const Axis& axis : axes) {
    const bool same = axis.length == x.shape()[axis.axis] && std::abs(axis.scale - 1) < 1e-9 && axis.begin == 0 && axis.end == 1;
    if (!same) x = NACRE_TRY(interpolate(e, method, x, axis.axis, axis.length, axis.scale, axis.begin, axis.end));
  }
  if (wide == dtype) return e.set(0, std::move(x)), Result<void>();
  return round_into(x, *NACRE_TRY(e.output(0, shape)));
}

// Opset 10 had no roi, and one way of mapping coordinates; opset 11 names what is now the default differently.
Result<void> upgrade(Upgrade& u) {
  if (u.version >= 11) return {};
  u.node.inputs.insert(u.node.inputs.begin() + 1, kAbsent);
  u.node.attributes.set("coordinate_transformation_mode", std::string("asymmetric"));
  u.node.attributes.set("nearest_mode", std::string("floor"));
  return {};
}

}  // namespace

extern const Op op_resize;
const Op op_resize{
    .name = "Resize", .since = {10, 11, 13, 18, 19}, .inputs = {1, 4}, .infer = infer, .evaluate = evaluate, .upgrade = upgrade};

}  // namespace nacre
