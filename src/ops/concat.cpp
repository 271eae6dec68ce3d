// Concat: joins tensors along one axis.
// https://onnx.ai/onnx/operators/onnx__Concat.html
#include "ops/concatenation.h"

namespace nacre {
namespace {

// Symbolic elements of 1-D integer inputs follow each other; an unknown input contributes unknown elements.
void track_values(Inference& inference) {
  const DType dtype = inference.dtype(0);
  if (dtype != DType::int64 && dtype != DType::int32) return;
  std::vector<SymDim> out;
  for (size_t i = 0; i < inference.input_count(); ++i) {
    std::optional<std::vector<SymDim>> part = elements(inference, i);
    if (!part) return;
    out.insert(out.end(), part->begin(), part->end());
  }
  inference.set_values(0, std::move(out));
}

Result<void> infer(Inference& inference) {
  std::optional<SymShape> out;
  const int64_t given = inference.attributes().integer("axis", 0);
  bool complete = true;
  SymDim length = 0;
  for (size_t i = 0; i < inference.input_count(); ++i) {
    const SymShape* shape = inference.shape(i);
    if (const DType dtype = inference.dtype(i); dtype != inference.dtype(0) && dtype != DType::undefined)
      return fail(ErrorCode::invalid_model, "cannot join ", dtype, " to ", inference.dtype(0));
    if (!shape) {
      complete = false;
      continue;
    }
    const int64_t axis = NACRE_TRY(inference.axis(given, static_cast<int64_t>(shape->size())));
    length = length + (*shape)[axis];
    if (!out)
      out = *shape;
    else
      NACRE_TRY(unify_around(*out, *shape, axis));
  }
  if (out) (*out)[NACRE_TRY(inference.axis(given, static_cast<int64_t>(out->size())))] = complete ? length : inference.fresh();
  const bool tracked = out && out->size() == 1;
  inference.set(0, inference.dtype(0), std::move(out));
  if (tracked) track_values(inference);
  return {};
}

Result<void> evaluate(Evaluation& e) {
  std::vector<const Tensor*> parts;
  for (size_t i = 0; i < e.input_count(); ++i) parts.push_back(&e.input(i));
  return concatenate(e, parts, e.attributes().integer("axis", 0));
}

Result<void> upgrade(Upgrade& u) {
  if (u.version < 4 && !u.node.attributes.has("axis")) u.node.attributes.set("axis", int64_t{1});
  return {};
}

}  // namespace

extern const Op op_concat;
const Op op_concat{.name = "Concat",
                   .since = {1, 4, 11, 13},
                   .inputs = {1, kMany},
                   .infer = infer,
                   .evaluate = evaluate,
                   .upgrade = upgrade,
                   .kind = OpKind::movement};

}  // namespace nacre
