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

/// Where the positions of each axis of the result come from, in elements of the input; -1: the constant. Axes behind the last
/// one that is padded are not among them: they make one run.
struct Sources {
  std::vector<Tensor> axes;
  int64_t run = 1;

  std::span<const int64_t> axis(size_t d) const { return axes[d].data<int64_t>(); }
};

// Negative sides cut before the others mirror: what they mirror comes from what remains.
struct Cut {
  int64_t begin, rest, before;
};
Cut cut_of(const Side& side, int64_t length) {
  const int64_t begin = std::max<int64_t>(-side.before, 0);
  return {begin, length - begin - std::max<int64_t>(-side.after, 0), std::max<int64_t>(side.before, 0)};
}

Result<Shape> padded_shape(const Tensor& x, std::string_view mode, std::span<const Side> sides) {
  Shape shape = x.shape();
  for (size_t d = 0; d < sides.size(); ++d) {
    const Side& side = sides[d];
    if (-side.before > shape[d] || -side.after > shape[d] - std::max<int64_t>(-side.before, 0))
      return fail(ErrorCode::invalid_argument, "pads ", side.before, " and ", side.after, " cut more than axis ", d, " of ", describe(x));
    const int64_t rest = cut_of(side, shape[d]).rest;
    shape[d] = NACRE_TRY(checked_add(NACRE_TRY(checked_add(rest, std::max<int64_t>(side.before, 0))), std::max<int64_t>(side.after, 0)));
    if (rest == 0 && shape[d] > 0 && mode != "constant")
      return fail(ErrorCode::invalid_argument, "cannot pad the empty axis ", d, " by ", mode);
  }
  return shape;
}

Result<Sources> sources(Evaluation& e, const Shape& shape, std::string_view mode, std::span<const Side> sides) {
  Sources out;
  const Shape& from = e.shape(0);
  const std::vector<int64_t> strides = row_major_strides(from);
  size_t padded = sides.size();
  while (padded > 0 && sides[padded - 1].before == 0 && sides[padded - 1].after == 0) out.run *= from[--padded];
  for (size_t d = 0; d < padded; ++d) {
    const Cut cut = cut_of(sides[d], from[d]);
    int64_t* axis = static_cast<int64_t*>(out.axes.emplace_back(NACRE_TRY(e.scratch(DType::int64, {shape[d]}))).mutable_raw());
    for (int64_t i = 0; i < shape[d]; ++i) {
      const int64_t at = source(mode, i - cut.before, cut.rest);
      axis[i] = at < 0 ? -1 : (cut.begin + at) * strides[d];
    }
  }
  return out;
}

/// Places along the last axis, those in a row copied together; `line` is -1 for one of constants. Gives where the next one goes.
int64_t fill(const Tensor& x, const Tensor& constants, int64_t line, std::span<const int64_t> places, int64_t run, Tensor& y, int64_t to) {
  for (size_t begin = 0, end; begin < places.size(); begin = end) {
    const int64_t first = line < 0 ? -1 : places[begin], step = first < 0 ? 0 : run;
    for (end = begin + 1; end < places.size() && (line < 0 || places[end] == places[end - 1] + step);) ++end;
    const int64_t count = static_cast<int64_t>(end - begin) * run;
    first < 0 ? copy_elements(constants, 0, y, to, count) : copy_elements(x, line + first, y, to, count);
    to += count;
  }
  return to;
}

/// As many of the constant as a line may need.
Result<Tensor> constant_line(Evaluation& e, const Tensor& constant, int64_t count) {
  Tensor line = NACRE_TRY(e.scratch(constant.dtype(), {count}));
  NACRE_TRY(copy_strided(constant, 0, std::vector<int64_t>(1, 0), line));
  return line;
}

Result<void> pad(Evaluation& e, const Tensor& x, const Tensor& constant, std::string_view mode, std::span<const Side> sides) {
  Tensor& y = *NACRE_TRY(e.output(0, NACRE_TRY(padded_shape(x, mode, sides))));
  if (y.size() == 0) return {};
  const Sources from = NACRE_TRY(sources(e, y.shape(), mode, sides));
  if (from.axes.empty()) return copy_elements(x, 0, y, 0, y.size()), Result<void>();
  const int64_t line = from.axes.back().size() * from.run;
  const Tensor constants = NACRE_TRY(constant_line(e, constant, line));
  // Most of a line is what the input has there, in one run.
  const std::span<const int64_t> places = from.axis(from.axes.size() - 1);
  const Cut cut = cut_of(sides[from.axes.size() - 1], x.shape()[from.axes.size() - 1]);
  const std::span<const int64_t> before = places.first(static_cast<size_t>(cut.before)),
                                 after = places.subspan(before.size() + static_cast<size_t>(cut.rest));
  for (int64_t to = 0, number = 0; to < y.size(); ++number) {
    if (number % 4096 == 0) NACRE_TRY(e.checkpoint());
    int64_t at = 0, rest = number;
    for (size_t d = from.axes.size() - 1; d-- > 0; rest /= y.shape()[d]) {
      const int64_t place = from.axis(d)[static_cast<size_t>(rest % y.shape()[d])];
      at = at < 0 || place < 0 ? -1 : at + place;
    }
    to = fill(x, constants, at, before, from.run, y, to);
    const int64_t middle = cut.rest * from.run;
    at < 0 ? copy_elements(constants, 0, y, to, middle) : copy_elements(x, at + cut.begin * from.run, y, to, middle);
    to = fill(x, constants, at, after, from.run, y, to + middle);
  }
  return {};
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
  return pad(e, e.input(0), constant, mode, sides);
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
