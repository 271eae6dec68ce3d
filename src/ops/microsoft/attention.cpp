// com.microsoft.Attention: projects the input to queries, keys and values, then ai.onnx's Attention.
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include "ops/microsoft/attention_mask.h"

namespace nacre {
namespace {

Result<void> upgrade(Upgrade& u) {
  NACRE_TRY(check_arity(u));
  Builder& b = u.builder;
  return attend_projected(u, add_optional(b, b.matmul(u.input(0), u.input(1)), u.input(2)),
                          {.mask = 3, .past = 4, .bias = 5, .past_length = 6});
}

}  // namespace

extern const Op op_microsoft_attention;
const Op op_microsoft_attention{.name = "Attention",
                                .domain = "com.microsoft",
                                .since = {1, kRewritten},
                                .types = float_types,
                                .inputs = {2, 7},
                                .outputs = {1, 2},
                                .infer = never_inferred,
                                .evaluate = never_evaluated,
                                .upgrade = upgrade};

}  // namespace nacre
