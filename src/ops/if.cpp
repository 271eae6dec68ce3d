// If: runs one of two bodies, which take nothing but captured values.
// https://onnx.ai/onnx/operators/onnx__If.html
#include "ops/op.h"

namespace nacre {
namespace {

Result<size_t> branch(const Node& node, bool taken) {
  const std::string_view name = taken ? "then_branch" : "else_branch";
  for (size_t i = 0; i < node.bodies.size(); ++i)
    if (node.bodies[i].name == name) return i;
  return fail(ErrorCode::invalid_model, "has no ", name);
}

Result<std::vector<Fact>> infer_branch(Inference& inference, bool taken) {
  const size_t at = NACRE_TRY(branch(inference.node(), taken));
  std::vector<Fact> facts = NACRE_TRY(inference.infer_body(at, {}));
  if (facts.size() < inference.output_count())
    return fail(ErrorCode::invalid_model, "a branch gives ", facts.size(), " outputs, the node ", inference.output_count());
  return facts;
}

std::optional<bool> known_condition(const Inference& inference) {
  if (const std::vector<SymDim>* values = inference.values(0); values && values->size() == 1 && values->front().is_constant())
    return !values->front().is(0);  // a comparison of shapes
  const Tensor* condition = inference.constant(0);
  if (!condition || condition->dtype() != DType::boolean || condition->size() != 1) return std::nullopt;
  return condition->data<bool>()[0];
}

// Exporters leave branches that cannot run for the shapes at hand (a Squeeze of a dim that is not 1): a branch that fails
// is one that is not taken, unless the condition says so or the other fails too.
Result<void> infer(Inference& inference) {
  const std::optional<bool> condition = known_condition(inference);
  Result<std::vector<Fact>> yes = infer_branch(inference, true), no = infer_branch(inference, false);
  if (!yes && (!no || condition == true)) return std::unexpected(yes.error());
  if (!no && condition == false) return std::unexpected(no.error());
  for (size_t i = 0; i < inference.output_count(); ++i) {
    if (condition || !yes || !no)
      inference.set(i, (condition.value_or(yes.has_value()) ? *yes : *no)[i]);
    else
      inference.set(i, join((*yes)[i], (*no)[i], inference));
  }
  return {};
}

Result<void> evaluate(Evaluation& e) {
  const Tensor& condition = e.input(0);
  if (condition.dtype() != DType::boolean || condition.size() != 1)
    return fail(ErrorCode::invalid_argument, "condition is ", describe(condition), ", not one bool");
  const size_t at = NACRE_TRY(branch(e.node(), condition.data<bool>()[0]));
  std::vector<Value> results = NACRE_TRY(e.run_body(at, {}));
  if (results.size() < e.output_count())
    return fail(ErrorCode::invalid_model, "the branch gives ", results.size(), " outputs, the node ", e.output_count());
  for (size_t i = 0; i < e.output_count(); ++i) e.set(i, std::move(results[i]));
  return {};
}

}  // namespace

extern const Op op_if;
const Op op_if{.name = "If",
               .since = {1, 11, 13, 16, 19, 21, 23, 24, 25},
               .types = {DType::boolean},
               .outputs = {1, kMany},
               .infer = infer,
               .evaluate = evaluate,
               .kind = OpKind::control};

}  // namespace nacre
