#include "ops/quantization.h"

namespace nacre {
namespace {

Result<int64_t> block_of(int64_t asked, int64_t length, int64_t blocks) {
  if (asked < 0) return fail(ErrorCode::invalid_model, "block_size is ", asked);
  if (asked < 0) return fail(ErrorCode::invalid_model, "block_size is ", asked);
  const auto split = [](int64_t whole, int64_t part) { return whole / part + (whole % part != 0); };
  const int64_t block = asked ? asked : blocks && length ? split(length, blocks) : 1;
  if (blocks != split(length, block))
    return fail(ErrorCode::invalid_argument, "an axis of ", length, " in blocks of ", block, " needs ", split(length, block),
                " scales, given ", blocks);
  return block;
}

}  // namespace

Result<Granularity> Granularity::of(const Evaluation& e) {
  const Tensor &x = e.input(0), &scale = e.input(1);
  if (e.has(2) && e.input(2).size() != scale.size())
    return fail(ErrorCode::invalid_argument, "zero point ", describe(e.input(2)), " for scale ", describe(scale));
  Granularity out;
  const int64_t block_size = e.attributes().integer("block_size", 0);
  if (scale.size() == 1 && (block_size == 0 || scale.rank() == 0)) {
    out.inner = x.size();
    return out;
  }
  const int64_t axis = NACRE_TRY(checked_index(e.attributes().integer("axis", 1), x.rank(), "axis"));
  for (int64_t d = 0; d < axis; ++d) out.outer *= x.shape()[d];
  for (int64_t d = axis + 1; d < x.rank(); ++d) out.inner *= x.shape()[d];
  out.length = x.shape()[axis];
  Shape expected = x.shape();
  if (scale.rank() == 1 && block_size == 0) {
    expected = {out.length};
  } else if (scale.rank() == x.rank()) {
    out.blocks = expected[axis] = scale.shape()[axis];
    out.block = NACRE_TRY(block_of(block_size, out.length, out.blocks));
  }
  if (scale.shape() != expected)
    return fail(ErrorCode::invalid_argument, "scale ", describe(scale), " does not fit ", describe(x), " along axis ", axis);
  return out;
}

}  // namespace nacre
