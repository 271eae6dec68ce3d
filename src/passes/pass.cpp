#include "passes/pass.h"

#include <algorithm>
#include <tuple>

#include "graph/op.h"
#include "ops/inference.h"

namespace nacre {

#define PASS(stem) extern const Pass pass_##stem;
#include "passes_rows.inc"
#undef PASS

namespace {

std::vector<const Pass*> sorted_passes() {
  std::vector<const Pass*> out{
#define PASS(stem) &pass_##stem,
#include "passes_rows.inc"
#undef PASS
  };
  std::sort(out.begin(), out.end(),
            [](const Pass* a, const Pass* b) { return std::tuple(a->level, a->order, a->name) < std::tuple(b->level, b->order, b->name); });
  return out;
}

Result<bool> run_round(Graph& graph, PassLevel level, const PassOptions& options) {
  bool any = false;
  for (const Pass* pass : all_passes()) {
    if (pass->level != level || !NACRE_TRY(pass->run(graph, options))) continue;
    NACRE_TRY(graph.tidy());
    NACRE_TRY(infer_graph(graph));
    any = true;
  }
  return any;
}

}  // namespace

std::span<const Pass* const> all_passes() {
  static const std::vector<const Pass*> instance = sorted_passes();
  return instance;
}

Result<void> optimise(Graph& graph, PassLevel level, const PassOptions& options) {
  constexpr int kMaxRounds = 8;
  for (int round = 0; round < kMaxRounds; ++round)
    if (!NACRE_TRY(run_round(graph, level, options))) break;
  for (Node& node : graph.nodes)
    for (Body& body : node.bodies) {
      // A branch that is never taken may be wrong for the shapes at hand: it stays as it is.
      Graph better = *body.graph;
      if (optimise(better, level, options)) *body.graph = std::move(better);
    }
  return {};
}

}  // namespace nacre
