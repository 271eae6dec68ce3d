#include "ops/softmax.h"

namespace nacre {

Result<void> infer_along_axis(Inference& inference) {
  if (const SymShape* shape = inference.shape(0))
    (void)NACRE_TRY(inference.axis(inference.attributes().integer("axis", -1), shape->empty() ? 1 : static_cast<int64_t>(shape->size())));
  return same_as_input(inference);
}

Result<void> upgrade_coerced(Upgrade& upgrade) {
  if (upgrade.version >= 13) return {};
  Node& node = upgrade.node;
  Builder& builder = upgrade.builder;
  const int64_t axis = node.attributes.integer("axis", 1);
  const auto& shape = upgrade.fact(0).shape;
  const int64_t rank = shape ? static_cast<int64_t>(shape->size()) : -1;
  node.attributes.set("axis", int64_t{-1});
  if (axis == -1 || axis + 1 == rank) return {};  // only the last axis: both readings agree
  const Edge x = node.inputs[0], sizes = builder.add("Shape", {x});
  const Edge flat = builder.add("Flatten", {x}, {{"axis", axis}});
  const Edge y = builder.add(node.op->name, {flat}, {{"axis", int64_t{-1}}});
  upgrade.replace({builder.reshape(y, sizes)});
  return builder.status();
}

}  // namespace nacre
