#include "ops/attend.h"

namespace nacre {

void AttentionMask::add(int64_t batch, int64_t head, int64_t query, double* scores, int64_t keys) const {
  if (!present) return;
  const int64_t at[] = {batch, head, query};
  int64_t row = 0;
  for (size_t d = 0; d < 3; ++d) row = row * shape[d] + (shape[d] == 1 ? 0 : at[d]);
  const double* from = values.data() + row * shape[3];
  for (int64_t key = 0; key < keys; ++key) scores[key] += key < shape[3] ? from[key] : -HUGE_VAL;
}

Result<AttentionMask> read_mask(const Evaluation& e, size_t i, const Shape& scores) {
  if (!e.has(i)) return AttentionMask();
  const Tensor& mask = e.input(i);
  AttentionMask out;
  out.present = true;
  out.shape = mask.shape();
  if (out.shape.empty() || out.shape.size() > 4)
    return fail(ErrorCode::invalid_argument, "mask ", describe(mask), ": expected rank 1 to 4");
  out.shape.insert(out.shape.begin(), 4 - out.shape.size(), 1);
  for (size_t d = 0; d < 4; ++d)
    if (d == 3 ? out.shape[d] > scores[d] : out.shape[d] != 1 && out.shape[d] != scores[d])
      return fail(ErrorCode::invalid_argument, "mask of shape ", mask.shape(), " does not fit scores of ", scores);
  out.values.resize(static_cast<size_t>(mask.size()));
  load_as<double>(mask.dtype(), mask.raw(), 0, mask.size(), out.values.data());
  if (mask.dtype() == DType::boolean)
    for (double& value : out.values) value = value != 0 ? 0 : -HUGE_VAL;
  return out;
}

}  // namespace nacre
