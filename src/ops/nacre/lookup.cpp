// nacre.Lookup: y[i] = table[x[i]], for codes of 8 bits; an int8 code -1 is entry 255. The table gives the dtype.
#include "ops/nacre/codes.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) {
  inference.set(0, inference.dtype(1), inference.input(0).shape);
  return {};
}

Result<void> evaluate(Evaluation& e) {
  const Tensor &x = e.input(0), &table = e.input(1);
  if (table.size() != 256 || bits_of(table.dtype()) != 8)
    return fail(ErrorCode::invalid_argument, "table ", describe(table), ", takes 256 elements of 8 bits");
  Tensor* y = NACRE_TRY(e.output(0, table.dtype(), x.shape()));
  const uint8_t *codes = static_cast<const uint8_t*>(x.raw()), *entries = static_cast<const uint8_t*>(table.raw());
  uint8_t* out = static_cast<uint8_t*>(y->mutable_raw());
  for (int64_t i = 0; i < x.size(); ++i) out[i] = entries[codes[i]];
  return {};
}

}  // namespace

extern const Op op_nacre_lookup;
const Op op_nacre_lookup{.name = "Lookup",
                         .domain = "nacre",
                         .since = {1},
                         .types = kCodes,
                         .inputs = {2, 2},
                         .infer = infer,
                         .evaluate = evaluate,
                         .kind = OpKind::elementwise,
                         .may_alias = 1};

}  // namespace nacre
