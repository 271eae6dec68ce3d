// com.microsoft.Range: ai.onnx's with numbers of rank 0 or 1, and a step of 1 when none is given.
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include "ops/microsoft/rewrite.h"

namespace nacre {
namespace {

Result<void> upgrade(Upgrade& u) {
  NACRE_TRY(check_arity(u));
  Builder& b = u.builder;
  std::vector<Edge> numbers;
  for (size_t i = 0; i < 2; ++i) numbers.push_back(b.reshape(u.input(i), std::vector<int64_t>{}));
  numbers.push_back(u.has(2) ? b.reshape(u.input(2), std::vector<int64_t>{}) : b.scalar(1, u.input(0)));
  return replace(u, {b.add("Range", std::move(numbers))});
}

}  // namespace

extern const Op op_microsoft_range;
const Op op_microsoft_range{.name = "Range",
                            .domain = "com.microsoft",
                            .since = {1, kRewritten},
                            .types = numeric_types,
                            .inputs = {2, 3},
                            .outputs = {1, 1},
                            .infer = never_inferred,
                            .evaluate = never_evaluated,
                            .upgrade = upgrade};

}  // namespace nacre
