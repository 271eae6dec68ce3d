// Dropout: passes through; in training mode zeroes a random share `ratio` and scales the rest by 1 / (1 - ratio).
// https://onnx.ai/onnx/operators/onnx__Dropout.html
#include <algorithm>

#include "ops/elementwise.h"
#include "ops/random.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) {
  NACRE_TRY(same_as_input(inference));
  inference.set(1, DType::boolean, inference.input(0).shape);
  return {};
}

// Opsets below 12 always run as inference here (`is_test` and `ratio` matter to training alone); below 10 the mask has the
// type of the data.
Result<void> upgrade(Upgrade& u) {
  if (u.version >= 12) return {};
  for (const char* name : {"ratio", "is_test", "consumed_inputs"}) u.node.attributes.erase(name);
  if (u.version >= 10 || !u.node.has_output(1)) return {};
  const Edge x = u.node.inputs[0];
  std::vector<Edge> outputs = u.builder.add_many("Dropout", {x}, 2);
  NACRE_TRY(u.builder.status());
  u.replace({outputs[0], u.builder.cast(outputs[1], u.fact(0).dtype)});
  return u.builder.status();
}

Result<bool> in_training(Evaluation& e) {
  if (!e.has(2)) return false;
  if (e.dtype(2) != DType::boolean || e.input(2).size() != 1)
    return fail(ErrorCode::invalid_argument, "training_mode is ", describe(e.input(2)));
  return *static_cast<const bool*>(e.input(2).raw());
}

Result<void> pass_through(Evaluation& e) {
  e.set(0, e.value(0));
  if (!e.has_output(1)) return {};
  Tensor* mask = NACRE_TRY(e.output(1, DType::boolean, e.shape(0)));
  std::fill_n(static_cast<bool*>(mask->mutable_raw()), mask->size(), true);
  return {};
}

Result<void> evaluate(Evaluation& e) {
  const double ratio = e.has(1) ? NACRE_TRY(e.real(1)) : 0.5;
  if (!NACRE_TRY(in_training(e)) || ratio == 0) return pass_through(e);
  if (!(ratio > 0 && ratio < 1)) return fail(ErrorCode::invalid_argument, "ratio is ", ratio, ", not in [0, 1)");
  Random random = Random::from(e.attributes());
  Tensor* mask = e.has_output(1) ? NACRE_TRY(e.output(1, DType::boolean, e.shape(0))) : nullptr;
  bool* next = mask ? static_cast<bool*>(mask->mutable_raw()) : nullptr;
  Tensor* y = NACRE_TRY(e.output(0, e.shape(0)));
  map_elements<double>(e.input(0), *y, [&, scale = 1 / (1 - ratio)](double x) {
    const bool keep = random.uniform() >= ratio;
    if (next) *next++ = keep;
    return keep ? x * scale : 0;
  });
  return {};
}

}  // namespace

extern const Op op_dropout;
const Op op_dropout{.name = "Dropout",
                    .since = {1, 6, 7, 10, 12, 13, 22},
                    .types = float_types | TypeSet{DType::float8e4m3fn, DType::float8e4m3fnuz, DType::float8e5m2, DType::float8e5m2fnuz},
                    .inputs = {1, 3},
                    .outputs = {1, 2},
                    .infer = infer,
                    .evaluate = evaluate,
                    .upgrade = upgrade,
                    .deterministic = false};

}  // namespace nacre
