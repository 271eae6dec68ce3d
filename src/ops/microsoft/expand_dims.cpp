// ExpandDims: ai.onnx's Unsqueeze with one axis as a scalar.
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include "ops/microsoft/rewrite.h"

namespace nacre {
namespace {

Result<void> upgrade(Upgrade& u) {
  NACRE_TRY(check_arity(u));
  Builder& b = u.builder;
  return replace(u, {b.add("Unsqueeze", {u.input(0), b.reshape(b.cast(u.input(1), DType::int64), std::vector<int64_t>{1})})});
}

}  // namespace

extern const Op op_microsoft_expand_dims;
const Op op_microsoft_expand_dims{.name = "ExpandDims",
                                  .domain = "com.microsoft",
                                  .since = {1, kRewritten},
                                  .types = all_types,
                                  .inputs = {2, 2},
                                  .outputs = {1, 1},
                                  .infer = never_inferred,
                                  .evaluate = never_evaluated,
                                  .upgrade = upgrade};

}  // namespace nacre
