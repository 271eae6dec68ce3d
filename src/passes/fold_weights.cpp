// Halves that are to be float32 and that no product took as they are (fuse_linear) become float32 once, not at each run.
#include "core/convert.h"
#include "passes/match.h"
#include "passes/pass.h"

namespace nacre {
namespace {

Result<bool> run(Graph& graph, const PassOptions&) {
  bool changed = false;
  for (const Node& node : graph.nodes) {
    if (node.op->name != "Cast" || !node.op->domain.empty()) continue;
    const Tensor* half = graph.constant(node.inputs[0]);
    const Edge out = node.outputs[0];
    if (!half || graph.constant(out) || graph.fact(out).dtype != DType::float32) continue;
    if (half->dtype() != DType::float16 && half->dtype() != DType::bfloat16) continue;
    Tensor wide(DType::float32, half->shape());
    NACRE_TRY(convert(*half, wide));
    graph.make_constant(out, std::move(wide));
    changed = true;
  }
  return changed;
}

}  // namespace

extern const Pass pass_fold_weights;
const Pass pass_fold_weights{.name = "fold_weights", .level = PassLevel::fusion, .order = 90, .run = run};

}  // namespace nacre
