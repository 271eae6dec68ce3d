// Tile: repeats the whole tensor along each axis.
// https://onnx.ai/onnx/operators/onnx__Tile.html
#include "ops/movement.h"
#include "ops/shape_values.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) {
  const SymShape* shape = inference.shape(0);
  const std::optional<SymShape> repeats = NACRE_TRY(spelt_shape(inference, 1));
  if (!shape)
    return inference.set(0, inference.dtype(0), repeats ? std::optional(inference.fresh_shape(repeats->size())) : std::nullopt),
           Result<void>();
  if (!repeats) return inference.set(0, inference.dtype(0), inference.fresh_shape(shape->size())), Result<void>();
  if (repeats->size() != shape->size()) return fail(ErrorCode::invalid_argument, "repeats ", *repeats, " for an input of shape ", *shape);
  SymShape out = *shape;
  for (size_t d = 0; d < out.size(); ++d) out[d] = out[d] * (*repeats)[d];
  inference.set(0, inference.dtype(0), std::move(out));
  return {};
}

// As a copy into [r0, d0, r1, d1, ...], where the repeats take no step in the input.
Result<void> evaluate(Evaluation& e) {
  const Shape& shape = e.shape(0);
  const std::vector<int64_t> repeats = NACRE_TRY(e.integers(1)), strides = row_major_strides(shape);
  if (repeats.size() != shape.size()) return fail(ErrorCode::invalid_argument, "repeats ", repeats, " for ", describe(e.input(0)));
  Shape doubled, out;
  std::vector<int64_t> steps;
  for (size_t d = 0; d < shape.size(); ++d) {
    doubled.insert(doubled.end(), {repeats[d], shape[d]});
    steps.insert(steps.end(), {0, strides[d]});
    out.push_back(NACRE_TRY(checked_mul(repeats[d], shape[d])));
  }
  (void)NACRE_TRY(checked_count(out));
  Tensor y = NACRE_TRY(e.scratch(e.dtype(0), doubled));
  NACRE_TRY(copy_strided(e.input(0), 0, steps, y));
  e.set(0, y.reshaped(std::move(out)));
  return {};
}

// Opset 1 repeated along one axis: inputs are the tensor, how often, and where.
Result<void> upgrade(Upgrade& u) {
  if (u.version >= 6) return {};
  const Tensor *tiles = u.constant(1), *axis = u.constant(2);
  const auto& shape = u.fact(0).shape;
  if (!tiles || !axis || !shape) return fail(ErrorCode::unsupported, "needs constant tiles and axis and a known rank in opset ", u.version);
  int64_t count = 0, at = 0;
  if (tiles->size() != 1 || axis->size() != 1) return fail(ErrorCode::invalid_model, "tiles and axis must be one number each");
  load_as<int64_t>(tiles->dtype(), tiles->raw(), 0, 1, &count);
  load_as<int64_t>(axis->dtype(), axis->raw(), 0, 1, &at);
  std::vector<int64_t> repeats(shape->size(), 1);
  repeats[NACRE_TRY(checked_index(at, static_cast<int64_t>(repeats.size()), "axis"))] = count;
  u.node.inputs.resize(2);
  u.set_input(1, u.builder.ints(std::move(repeats)));
  return u.builder.status();
}

}  // namespace

extern const Op op_tile;
const Op op_tile{.name = "Tile",
                 .since = {1, 6, 13},
                 .inputs = {2, 2},
                 .infer = infer,
                 .evaluate = evaluate,
                 .upgrade = upgrade,
                 .kind = OpKind::movement};

}  // namespace nacre
