// Loop: runs its body up to M times and while its condition holds; carries values, stacks scan outputs.
// https://onnx.ai/onnx/operators/onnx__Loop.html
#include "ops/control_flow.h"

namespace nacre {
namespace {

struct Counts {
  size_t carried, scanned;
};

// The body takes (iteration, condition, carried...) and gives (condition, carried..., scanned...).
Result<Counts> counts(const Node& node) {
  if (node.bodies.size() != 1) return fail(ErrorCode::invalid_model, "has no body");
  const Body& body = node.bodies[0];
  const size_t inputs = node.formal_inputs(), carried = inputs > 2 ? inputs - 2 : 0, results = body.graph->outputs.size();
  if (body.formal_inputs() != carried + 2 || results < carried + 1)
    return fail(ErrorCode::invalid_model, "the body takes ", body.formal_inputs(), " and gives ", results, " values for ", carried,
                " carried ones");
  const Counts out{carried, results - 1 - carried};
  if (node.outputs.size() > out.carried + out.scanned)
    return fail(ErrorCode::invalid_model, "has ", node.outputs.size(), " outputs, the body gives ", out.carried + out.scanned);
  return out;
}

Result<void> infer(Inference& inference) {
  const Counts n = NACRE_TRY(counts(inference.node()));
  const Fact before[] = {Fact::tensor(DType::int64, SymShape{}), inference.has(1) && inference.shape(1)
                                                                     ? Fact::tensor(DType::boolean, *inference.shape(1))
                                                                     : Fact::tensor(DType::boolean, SymShape{})};
  std::vector<Fact> initial;
  for (size_t i = 0; i < n.carried; ++i) initial.push_back(inference.input(i + 2));
  const std::vector<Fact> results = NACRE_TRY(infer_carried(inference, before, std::move(initial), {}, 1));
  for (size_t i = 0; i < n.scanned; ++i) {
    const Fact& element = results[1 + n.carried + i];
    std::optional<SymShape> shape = element.shape;
    if (shape) shape->insert(shape->begin(), inference.fresh());
    inference.set(n.carried + i, element.dtype, std::move(shape));
  }
  return {};
}

Result<bool> truth(const Value& value) {
  if (!value.is_tensor() || value.tensor().dtype() != DType::boolean || value.tensor().size() != 1)
    return fail(ErrorCode::invalid_argument, "the condition is ",
                value.is_tensor() ? describe(value.tensor()) : std::string(to_string(value.kind())), ", not one bool");
  return value.tensor().data<bool>()[0];
}

Result<void> evaluate(Evaluation& e) {
  const Counts n = NACRE_TRY(counts(e.node()));
  const int64_t trips = e.has(0) ? NACRE_TRY(e.integer(0)) : INT64_MAX;
  Value condition = e.has(1) ? e.value(1) : Value(Tensor::scalar(true));
  std::vector<Value> carried;
  for (size_t i = 0; i < n.carried; ++i) {
    if (!e.has(i + 2)) return fail(ErrorCode::invalid_model, "carried value ", i, " has no initial value");
    carried.push_back(e.value(i + 2));
  }
  std::vector<Accumulator> scanned(n.scanned);
  for (int64_t trip = 0; trip < trips && NACRE_TRY(truth(condition)); ++trip) {
    NACRE_TRY(e.checkpoint());
    std::vector<Value> formal{Value(Tensor::scalar(trip)), condition};
    for (Value& value : carried) formal.push_back(std::move(value));
    std::vector<Value> results = NACRE_TRY(e.run_body(0, std::move(formal)));
    if (e.has(1)) condition = std::move(results[0]);  // without the input what the body says is ignored
    for (size_t i = 0; i < n.carried; ++i) carried[i] = std::move(results[1 + i]);
    for (size_t i = 0; i < n.scanned; ++i) NACRE_TRY(scanned[i].append(e, results[1 + n.carried + i].tensor()));
  }
  for (size_t i = 0; i < n.carried && i < e.output_count(); ++i) e.set(i, std::move(carried[i]));
  for (size_t i = 0; i < n.scanned && n.carried + i < e.output_count(); ++i) NACRE_TRY(scanned[i].finish(e, n.carried + i));
  return {};
}

}  // namespace

extern const Op op_loop;
const Op op_loop{.name = "Loop",
                 .since = {1, 11, 13, 16, 19, 21, 23, 24, 25},
                 .types = {DType::int64},
                 .inputs = {0, kMany},
                 .outputs = {0, kMany},
                 .infer = infer,
                 .evaluate = evaluate,
                 .kind = OpKind::control};

}  // namespace nacre
