#include "ops/reduction.h"

namespace nacre {

Result<ReducedAxes> ReducedAxes::of(const Attributes& attributes, std::span<const int64_t> axes, size_t rank) {
  const bool all = axes.empty() && attributes.integer("noop_with_empty_axes", 0) == 0;
  ReducedAxes out{std::vector<bool>(rank, all), attributes.integer("keepdims", 1) != 0};
  for (int64_t axis : axes) out.folded[NACRE_TRY(checked_index(axis, static_cast<int64_t>(rank), "axis"))] = true;
  return out;
}

namespace {

// Axes that only the run decides: the rank is known with keepdims alone, and any axis may be folded.
void infer_unknown_axes(Inference& inference) {
  const SymShape* shape = inference.shape(0);
  if (shape && inference.attributes().integer("keepdims", 1) != 0)
    inference.set(0, inference.dtype(0), inference.fresh_shape(shape->size()));
  else
    inference.set(0, inference.dtype(0));
}

}  // namespace

Result<void> infer_reduction(Inference& inference, SymDim (*track)(const SymDim&, const SymDim&)) {
  const SymShape* shape = inference.shape(0);
  const std::optional<std::vector<int64_t>> axes = inference.has(1) ? inference.integers(1) : std::vector<int64_t>();
  if (!shape || !axes) return infer_unknown_axes(inference), Result<void>();
  const ReducedAxes reduced = NACRE_TRY(ReducedAxes::of(inference.attributes(), *axes, shape->size()));
  SymShape out;
  for (size_t d = 0; d < shape->size(); ++d)
    if (!reduced.folded[d])
      out.push_back((*shape)[d]);
    else if (reduced.keepdims)
      out.push_back(1);
  const bool whole_vector = shape->size() == 1 && reduced.folded[0];
  inference.set(0, inference.dtype(0), std::move(out));
  const std::vector<SymDim>* known = inference.values(0);
  if (!track || !known || known->empty() || !whole_vector) return {};
  SymDim value = (*known)[0];
  for (size_t i = 1; i < known->size(); ++i) value = track(value, (*known)[i]);
  inference.set_values(0, {value});
  return {};
}

Result<void> upgrade_reduction(Upgrade& upgrade) {
  upgrade.attribute_to_input("axes", 1);
  return {};
}

Result<Reduction> Reduction::of(const Evaluation& e) {
  std::vector<int64_t> axes;
  if (e.has(1)) axes = NACRE_TRY(e.integers(1));
  Reduction out;
  const Shape& shape = e.shape(0);
  const ReducedAxes reduced = NACRE_TRY(ReducedAxes::of(e.attributes(), axes, shape.size()));
  for (size_t d = 0; d < shape.size(); ++d) {
    out.kept.push_back(reduced.folded[d] ? 1 : shape[d]);
    if (reduced.folded[d]) out.count = NACRE_TRY(checked_mul(out.count, shape[d]));
    if (!reduced.folded[d] || reduced.keepdims) out.output.push_back(out.kept[d]);
  }
  return out;
}

}  // namespace nacre
