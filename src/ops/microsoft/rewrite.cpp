#include "ops/microsoft/rewrite.h"

namespace nacre {

Result<void> never_inferred(Inference&) { return fail(ErrorCode::internal, "should have been rewritten when the model was read"); }
Result<void> never_evaluated(Evaluation&) { return fail(ErrorCode::internal, "should have been rewritten when the model was read"); }

Result<void> check_arity(const Upgrade& u) {
  const Op& op = *u.node.op;
  for (int i = 0; i < op.inputs.least; ++i)
    if (!u.has(static_cast<size_t>(i))) return fail(ErrorCode::invalid_model, "input ", i, " is required and absent");
  if (u.node.formal_inputs() > static_cast<size_t>(op.inputs.most))
    return fail(ErrorCode::invalid_model, "has ", u.node.formal_inputs(), " inputs, takes at most ", op.inputs.most);
  if (u.node.outputs.size() > static_cast<size_t>(op.outputs.most))
    return fail(ErrorCode::invalid_model, "has ", u.node.outputs.size(), " outputs, gives at most ", op.outputs.most);
  return {};
}

Result<void> check_unwanted(const Upgrade& u, size_t i, std::string_view name) {
  if (!u.node.has_output(i)) return {};
  return fail(ErrorCode::unsupported, "output '", name, "' is not given");
}

Result<void> replace(Upgrade& u, std::vector<Edge> outputs) {
  NACRE_TRY(u.builder.status());
  outputs.resize(u.node.outputs.size(), kAbsent);
  u.replace(std::move(outputs));
  return {};
}

Result<SymShape> known_shape(const Upgrade& u, size_t i) {
  if (const auto& shape = u.fact(i).shape) return *shape;
  return fail(ErrorCode::unsupported, "input ", i, " has no known rank");
}

Edge dim_of(Builder& b, Edge x, int64_t axis) { return b.add("Shape", {x}, {{"start", axis}, {"end", axis + 1}}); }

Edge inverse_rms(Builder& b, Edge x, float epsilon) {
  return b.add("Reciprocal", {b.sqrt(b.add(b.reduce("ReduceMean", b.mul(x, x), {-1}), b.scalar(epsilon, x)))});
}

}  // namespace nacre
