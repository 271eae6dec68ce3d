#include "ops/arithmetic.h"

namespace nacre {

Result<void> infer_arithmetic(Inference& inference, SymDim (*combine)(const SymDim&, const SymDim&)) {
  NACRE_TRY(broadcast_inputs(inference));
  const std::vector<SymDim>*a = inference.values(0), *b = inference.values(1);
  if (!a || !b || (a->size() != b->size() && a->size() != 1 && b->size() != 1)) return {};
  std::vector<SymDim> out(a->empty() || b->empty() ? 0 : std::max(a->size(), b->size()));
  for (size_t i = 0; i < out.size(); ++i) out[i] = combine((*a)[a->size() == 1 ? 0 : i], (*b)[b->size() == 1 ? 0 : i]);
  inference.set_values(0, std::move(out));
  return {};
}

Result<void> upgrade_axis_broadcast(Upgrade& upgrade) {
  Attributes& attributes = upgrade.node.attributes;
  const bool has_axis = attributes.has("axis");
  const int64_t axis = attributes.integer("axis", 0);
  for (const char* name : {"axis", "broadcast", "consumed_inputs"}) attributes.erase(name);
  if (upgrade.version >= 7 || !has_axis) return {};
  const auto &a = upgrade.fact(0).shape, &b = upgrade.fact(1).shape;
  if (!a || !b) return fail(ErrorCode::invalid_model, "needs known ranks to align its second input at axis ", axis);
  const int64_t rank = static_cast<int64_t>(a->size()), own = static_cast<int64_t>(b->size());
  const int64_t begin = axis < 0 ? axis + rank : axis;
  std::vector<int64_t> axes;
  for (int64_t d = own; begin + d < rank; ++d) axes.push_back(d);
  if (!axes.empty()) upgrade.node.inputs[1] = upgrade.builder.unsqueeze(upgrade.node.inputs[1], std::move(axes));
  return {};
}

}  // namespace nacre
