// Pad: adds (or, where negative, cuts) elements before and after each axis: a constant, mirrored, edge or wrapped ones.
// https://onnx.ai/onnx/operators/onnx__Pad.html
#include "ops/movement.h"
#include "ops/shape_values.h"

namespace nacre {
namespace {

// pads is [begin of each axis..., end of each axis...] for the axes given, all of them without.
Result<std::vector<int64_t>> axes_of(std::optional<std::vector<int64_t>> given, size_t pads, int64_t rank) {
  std::vector<int64_t> axes;
  for (int64_t d = 0; d < rank; ++d) axes.push_back(d);
  if (given) {
    NACRE_TRY(sorted_axes(*given, rank));
    axes = *given;
    for (int64_t& axis : axes) axis += axis < 0 ? rank : 0;
  }
  if (pads != 2 * axes.size()) return fail(ErrorCode::invalid_argument, pads, " pads for ", axes.size(), " axes");
  return axes;
}

Result<void> infer(Inference& inference) {
  const SymShape* shape = inference.shape(0);
  if (!shape) return inference.set(0, inference.dtype(0)), Result<void>();
  const auto pads = NACRE_TRY(integer_elements(inference, 1));
  const auto given = inference.integers(3);
  SymShape out = *shape;
  if (!pads || (inference.has(3) && !given)) return inference.set(0, inference.dtype(0), inference.fresh_shape(out.size())), Result<void>();
  const std::vector<int64_t> axes = NACRE_TRY(axes_of(given, pads->size(), static_cast<int64_t>(out.size())));
  for (size_t i = 0; i < axes.size(); ++i) {
    SymDim& dim = out[axes[i]];
    const SymDim before = (*pads)[i], after = (*pads)[axes.size() + i];
    dim = dim + before + after;
    if (dim.text().find('!') != std::string::npos) dim = inference.fresh();
    if (dim.is_constant() && *dim.constant() < 0)
      return fail(ErrorCode::invalid_argument, "pads ", before, " and ", after, " cut more than axis ", axes[i], " of ", *shape);
  }
  inference.set(0, inference.dtype(0), std::move(out));
  return {};
}

struct Side {
  int64_t before, after;
};

// Where the element at `at` of the padded axis (counted from the first old one) comes from; -1: the constant.
int64_t source(std::string_view mode, int64_t at, int64_t length) {
  if (at >= 0 && at < length) return at;
  if (mode == "constant") return -1;
  if (mode == "edge") return at < 0 ? 0 : length - 1;
  const int64_t period = mode == "wrap" ? length : std::max<int64_t>(2 * (length - 1), 1);
  at = (at % period + period) % period;
  return at < length ? at : period - at;
}

// Copies runs of one axis that lie side by side in the input.
void fill_axis(const Tensor& x, const Tensor& constant, std::string_view mode, int64_t axis, int64_t before, Tensor& y) {
  const AxisView from(x.shape(), axis), to(y.shape(), axis);
  const std::vector<int64_t> same(1, 0);
  for (int64_t outer = 0; outer < to.outer; ++outer) {
    for (int64_t begin = 0; begin < to.length;) {
      const int64_t first = source(mode, begin - before, from.length);
      int64_t count = 1;
      while (first >= 0 && begin + count < to.length && source(mode, begin + count - before, from.length) == first + count) ++count;
      const int64_t target = (outer * to.length + begin) * to.inner;
      if (first >= 0)
        copy_elements(x, (outer * from.length + first) * to.inner, y, target, count * to.inner);
      else
        for (int64_t i = 0; i < to.inner; ++i) copy_elements(constant, 0, y, target + i, 1);
      begin += count;
    }
  }
}

Result<Tensor> pad_axis(Evaluation& e, const Tensor& x, const Tensor& constant, std::string_view mode, int64_t axis, Side side) {
  Shape shape = x.shape();
  shape[axis] = NACRE_TRY(checked_add(NACRE_TRY(checked_add(shape[axis], side.before)), side.after));
  if (shape[axis] < 0)
    return fail(ErrorCode::invalid_argument, "pads ", side.before, " and ", side.after, " cut more than axis ", axis, " of ", describe(x));
  Tensor y = NACRE_TRY(e.scratch(x.dtype(), shape));
  if (y.size() == 0) return y;
  if (x.shape()[axis] == 0 && mode != "constant")
    return fail(ErrorCode::invalid_argument, "cannot pad the empty axis ", axis, " by ", mode);
  fill_axis(x, constant, mode, axis, side.before, y);
  return y;
}

// Cuts first, so that mirrored elements come from what remains.
Result<Tensor> crop(Evaluation& e, const Tensor& x, std::span<const Side> sides) {
  Shape shape = x.shape();
  const std::vector<int64_t> strides = row_major_strides(shape);
  int64_t base = 0;
  for (size_t d = 0; d < shape.size(); ++d) {
    const int64_t before = std::max<int64_t>(-sides[d].before, 0), after = std::max<int64_t>(-sides[d].after, 0);
    if (before > shape[d] || after > shape[d] - before)
      return fail(ErrorCode::invalid_argument, "pads ", sides[d].before, " and ", sides[d].after, " cut more than axis ", d, " of ",
                  describe(x));
    base += before * strides[d];
    shape[d] -= before + after;
  }
  if (shape == x.shape()) return x;
  Tensor y = NACRE_TRY(e.scratch(x.dtype(), shape));
  NACRE_TRY(copy_strided(x, base, strides, y));
  return y;
}

Result<Tensor> fill_constant(Evaluation& e) {
  if (!e.has(2) || e.input(2).size() == 0) return Tensor(e.dtype(0), {});
  if (e.input(2).size() != 1 || e.dtype(2) != e.dtype(0))
    return fail(ErrorCode::invalid_argument, "constant value ", describe(e.input(2)), " for ", describe(e.input(0)));
  return e.input(2);
}

Result<void> evaluate(Evaluation& e) {
  const std::string mode = e.attributes().string("mode", "constant");
  if (mode != "constant" && mode != "reflect" && mode != "edge" && mode != "wrap")
    return fail(ErrorCode::invalid_model, "mode '", mode, "' is none of constant, reflect, edge, wrap");
  const std::vector<int64_t> pads = NACRE_TRY(e.integers(1));
  std::optional<std::vector<int64_t>> given;
  if (e.has(3)) given = NACRE_TRY(e.integers(3));
  const std::vector<int64_t> axes = NACRE_TRY(axes_of(given, pads.size(), e.input(0).rank()));
  std::vector<Side> sides(e.shape(0).size(), Side{0, 0});
  for (size_t i = 0; i < axes.size(); ++i) sides[axes[i]] = {pads[i], pads[axes.size() + i]};
  for (const Side& side : sides)
    if (std::min(side.before, side.after) == INT64_MIN) return fail(ErrorCode::invalid_argument, "pads ", pads, " are too small");
  const Tensor constant = NACRE_TRY(fill_constant(e));
  Tensor y = NACRE_TRY(crop(e, e.input(0), sides));
  for (size_t d = 0; d < sides.size(); ++d) {
    const Side grow{std::max<int64_t>(sides[d].before, 0), std::max<int64_t>(sides[d].after, 0)};
    if (grow.before || grow.after) y = NACRE_TRY(pad_axis(e, y, constant, mode, static_cast<int64_t>(d), grow));
    NACRE_TRY(e.checkpoint());
  }
  e.set(0, std::move(y));
  return {};
}

// Opset 1 called the pads `paddings`; below 11 pads and value were attributes.
Result<void> upgrade(Upgrade& u) {
  u.attribute_to_input("paddings", 1);
  u.attribute_to_input("pads", 1);
  if (u.version < 11 && u.node.attributes.has("value"))
    u.set_input(2, u.builder.scalar(u.node.attributes.real("value", 0), u.node.inputs[0]));
  u.node.attributes.erase("value");
  return u.builder.status();
}

}  // namespace

extern const Op op_pad;
const Op op_pad{.name = "Pad",
                .since = {1, 2, 11, 13, 18, 19, 21, 23, 24, 25},
                .inputs = {2, 4},
                .infer = infer,
                .evaluate = evaluate,
                .upgrade = upgrade,
                .kind = OpKind::movement};

}  // namespace nacre
