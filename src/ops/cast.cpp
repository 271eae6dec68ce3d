// Cast: elements converted to the type `to`.
// https://onnx.ai/onnx/operators/onnx__Cast.html
#include <algorithm>

#include "ops/dtype_attribute.h"

namespace nacre {
namespace {

// Opsets below 6 spell the type: "FLOAT", "INT64".
Result<void> upgrade(Upgrade& u) {
  if (u.version >= 6) return {};
  const std::string name = u.node.attributes.string("to", "");
  std::string lower = name == "FLOAT" ? "float32" : name == "DOUBLE" ? "float64" : name;
  for (char& letter : lower) letter = letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
  const std::optional<DType> to = parse_dtype(lower);
  if (!to) return fail(ErrorCode::invalid_model, "to is \"", name, "\", not the name of a type");
  u.node.attributes.set("to", static_cast<int64_t>(*to));
  return {};
}

Result<void> infer(Inference& inference) {
  const DType to = NACRE_TRY(dtype_attribute(inference.attributes(), "to"));
  inference.set(0, to, inference.input(0).shape);
  const std::vector<SymDim>* known = inference.values(0);
  if (known && to == DType::int64) inference.set_values(0, *known);
  // A constant that does not fit would wrap; a symbolic dim of 2^31 would not fit into memory.
  auto fits = [](const SymDim& value) { return !value.is_constant() || *value.constant() == static_cast<int32_t>(*value.constant()); };
  if (known && to == DType::int32 && std::all_of(known->begin(), known->end(), fits)) inference.set_values(0, *known);
  return {};
}

Result<void> evaluate(Evaluation& e) { return convert_input(e, NACRE_TRY(dtype_attribute(e.attributes(), "to"))); }

}  // namespace

extern const Op op_cast;
const Op op_cast{.name = "Cast",
                 .since = {1, 6, 9, 13, 19, 21, 23, 24, 25},
                 .types = numeric_types | float8_types | packed_types | TypeSet{DType::boolean, DType::string},
                 .infer = infer,
                 .evaluate = evaluate,
                 .upgrade = upgrade,
                 .kind = OpKind::elementwise};

}  // namespace nacre
