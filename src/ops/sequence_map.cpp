// SequenceMap: runs its body on each item of the first sequence; other sequences advance with it, tensors stay.
// https://onnx.ai/onnx/operators/onnx__SequenceMap.html
#include "ops/sequences.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) {
  std::vector<Fact> formal;
  for (size_t i = 0; i < inference.input_count(); ++i) {
    const Fact& fact = inference.input(i);
    formal.push_back(fact.kind == Fact::Kind::sequence ? item_of(inference, fact) : fact);
  }
  if (inference.body_count() != 1) return fail(ErrorCode::invalid_model, "has no body");
  const std::vector<Fact> results = NACRE_TRY(inference.infer_body(0, formal));
  if (results.size() < inference.output_count())
    return fail(ErrorCode::invalid_model, "the body gives ", results.size(), " outputs, the node ", inference.output_count());
  for (size_t i = 0; i < inference.output_count(); ++i) inference.set(i, Fact::sequence_of(results[i]));
  return {};
}

Result<void> evaluate(Evaluation& e) {
  const size_t count = e.value(0).items().size();
  std::vector<std::vector<Value>> outputs(e.output_count());
  for (size_t at = 0; at < count; ++at) {
    NACRE_TRY(e.checkpoint());
    std::vector<Value> formal;
    for (size_t i = 0; i < e.input_count(); ++i) {
      const Value& value = e.value(i);
      const bool advances = value.kind() == Value::Kind::sequence;
      if (advances && value.items().size() != count)
        return fail(ErrorCode::invalid_argument, "sequence ", i, " has ", value.items().size(), " items, the first ", count);
      formal.push_back(advances ? value.items()[at] : value);
    }
    std::vector<Value> results = NACRE_TRY(e.run_body(0, std::move(formal)));
    for (size_t i = 0; i < outputs.size(); ++i) outputs[i].push_back(std::move(results[i]));
  }
  for (size_t i = 0; i < outputs.size(); ++i) e.set(i, Value::sequence(std::move(outputs[i])));
  return {};
}

}  // namespace

extern const Op op_sequence_map;
const Op op_sequence_map{.name = "SequenceMap",
                         .since = {17},
                         .inputs = {1, kMany},
                         .outputs = {1, kMany},
                         .infer = infer,
                         .evaluate = evaluate,
                         .kind = OpKind::control};

}  // namespace nacre
