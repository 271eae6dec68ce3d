// Imputer: replaces one value (NaN too) with another, per feature.
// https://onnx.ai/onnx/operators/onnx_aionnxml_Imputer.html
#include "ops/ml/features.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) { return infer_as(inference, inference.dtype(0)); }

template <class T>
Result<void> impute(Evaluation& e, const std::vector<T>& by, T old) {
  const int64_t features = e.input(0).rank() ? e.shape(0).back() : 1;
  if (by.size() != 1 && static_cast<int64_t>(by.size()) != features)
    return fail(ErrorCode::invalid_model, by.size(), " imputed values for ", features, " features");
  Tensor* y = NACRE_TRY(e.output(0, e.shape(0)));
  const std::vector<T> each = by.size() == 1 ? std::vector<T>(static_cast<size_t>(y->size() > 0 ? features : 0), by[0]) : by;
  constexpr int64_t kBlock = 1024;
  T block[kBlock];
  for (int64_t begin = 0, size = y->size(); begin < size; begin += kBlock) {
    const int64_t count = std::min(kBlock, size - begin);
    load_as<T>(e.dtype(0), e.input(0).raw(), begin, count, block);
    for (int64_t i = 0; i < count;) {  // to the end of a row at a time
      const int64_t feature = (begin + i) % features, end = std::min(count, i + features - feature);
      for (const T* value = each.data() + feature; i < end; ++i, ++value) {
        const bool replaces = (block[i] == old) | ((block[i] != block[i]) & (old != old));
        block[i] = replaces ? *value : block[i];
      }
    }
    store_from<T>(e.dtype(0), y->mutable_raw(), begin, count, block);
  }
  return {};
}

Result<void> evaluate(Evaluation& e) {
  const Attributes& a = e.attributes();
  if (is_integer(e.dtype(0))) return impute<int64_t>(e, a.integers("imputed_value_int64s"), a.integer("replaced_value_int64", 0));
  const std::vector<float> by = a.reals("imputed_value_floats");
  return impute<double>(e, std::vector<double>(by.begin(), by.end()), a.real("replaced_value_float", 0));
}

}  // namespace

extern const Op op_ml_imputer;
const Op op_ml_imputer{.name = "Imputer",
                       .domain = "ai.onnx.ml",
                       .since = {1},
                       .types = {DType::float32, DType::float64, DType::int32, DType::int64},
                       .infer = infer,
                       .evaluate = evaluate};

}  // namespace nacre
