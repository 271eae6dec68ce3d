#include "passes/known_values.h"

#include "core/checked.h"
#include "core/convert.h"

namespace nacre {

std::optional<Tensor> known_tensor(const Fact& fact) {
  if (!fact.is_tensor() || !fact.values || !fact.shape || (fact.dtype != DType::int64 && fact.dtype != DType::int32)) return std::nullopt;
  const std::optional<Shape> values = constant_shape(*fact.values), shape = constant_shape(*fact.shape);
  if (!values || !shape) return std::nullopt;
  if (const auto count = checked_count(*shape); !count || *count != static_cast<int64_t>(values->size())) return std::nullopt;
  Tensor tensor(fact.dtype, *shape);
  store_from<int64_t>(fact.dtype, tensor.mutable_raw(), 0, tensor.size(), values->data());
  return tensor;
}

}  // namespace nacre
