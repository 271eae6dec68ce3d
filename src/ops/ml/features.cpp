#include "ops/ml/features.h"

namespace nacre {

Result<std::vector<float>> per_feature(const Attributes& attributes, std::string_view name, int64_t features, float otherwise) {
  std::vector<float> out = attributes.reals(name, {otherwise});
  if (out.size() == 1) out.assign(static_cast<size_t>(features), out[0]);
  if (static_cast<int64_t>(out.size()) != features)
    return fail(ErrorCode::invalid_model, name, " has ", out.size(), " entries for ", features, " features");
  return out;
}

Result<void> infer_as(Inference& inference, DType dtype) {
  inference.set(0, dtype, inference.shape(0) ? std::optional(*inference.shape(0)) : std::nullopt);
  return {};
}

}  // namespace nacre
