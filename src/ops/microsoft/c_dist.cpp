// CDist: the distance of each row of a from each row of b, Euclidean or its square.
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include "ops/microsoft/rewrite.h"

namespace nacre {
namespace {

Result<void> upgrade(Upgrade& u) {
  NACRE_TRY(check_arity(u));
  Builder& b = u.builder;
  const std::string metric = u.node.attributes.string("metric", "sqeuclidean");
  if (metric != "euclidean" && metric != "sqeuclidean") return fail(ErrorCode::unsupported, "metric '", metric, "'");
  const Edge apart = b.sub(b.unsqueeze(u.input(0), {1}), b.unsqueeze(u.input(1), {0}));
  const Edge squares = b.reduce("ReduceSumSquare", apart, {2}, false);
  return replace(u, {metric == "euclidean" ? b.sqrt(squares) : squares});
}

}  // namespace

extern const Op op_microsoft_c_dist;
const Op op_microsoft_c_dist{.name = "CDist",
                             .domain = "com.microsoft",
                             .since = {1, kRewritten},
                             .types = float_types,
                             .inputs = {2, 2},
                             .outputs = {1, 1},
                             .infer = never_inferred,
                             .evaluate = never_evaluated,
                             .upgrade = upgrade};

}  // namespace nacre
