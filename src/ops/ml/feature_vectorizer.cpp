// FeatureVectorizer: the columns of all inputs side by side as floats; each input cut or padded with zeros to its width.
// https://onnx.ai/onnx/operators/onnx_aionnxml_FeatureVectorizer.html
#include <algorithm>

#include "ops/ml/classes.h"

namespace nacre {
namespace {

// The inputs' widths: the attribute's, or their own.
Result<std::vector<int64_t>> widths(const Attributes& a, size_t inputs) {
  std::vector<int64_t> out = a.integers("inputdimensions");
  int64_t total = 0;
  for (int64_t width : out) {
    if (width < 0 || width > INT32_MAX) return fail(ErrorCode::invalid_model, "inputdimensions ", out);
    total += width;
  }
  if (out.size() != inputs || total > INT32_MAX) return fail(ErrorCode::invalid_model, "inputdimensions ", out, " for ", inputs, " inputs");
  return out;
}

Result<void> infer(Inference& inference) {
  SymDim total = 0, rows = inference.fresh();
  for (int64_t width : NACRE_TRY(widths(inference.attributes(), inference.input_count()))) total = total + width;
  for (size_t i = 0; i < inference.input_count(); ++i) {
    const SymShape* shape = inference.shape(i);
    const DType dtype = inference.dtype(i);
    if (dtype != DType::undefined && !kFeatureTypes.has(dtype))
      return fail(ErrorCode::invalid_argument, "input ", i, " is of type ", dtype);
    if (!shape) continue;
    if (shape->size() != 1 && shape->size() != 2)
      return fail(ErrorCode::invalid_argument, "input ", i, " of shape ", *shape, ": expected rank 1 or 2");
    rows = shape->size() == 1 ? SymDim(1) : (*shape)[0];
  }
  inference.set(0, DType::float32, SymShape{rows, total});
  return {};
}

Result<void> evaluate(Evaluation& e) {
  const std::vector<int64_t> wanted = NACRE_TRY(widths(e.attributes(), e.input_count()));
  int64_t total = 0, rows = -1;
  for (size_t i = 0; i < wanted.size(); ++i) {
    const Shape& shape = e.shape(i);
    if (!kFeatureTypes.has(e.dtype(i)) || shape.empty() || shape.size() > 2)
      return fail(ErrorCode::invalid_argument, "input ", i, " is ", describe(e.input(i)), ": expected numbers of rank 1 or 2");
    const int64_t own = shape.size() == 1 ? 1 : shape[0];
    if (rows >= 0 && own != rows) return fail(ErrorCode::invalid_argument, "inputs of ", rows, " and ", own, " rows");
    rows = own, total += wanted[i];
  }
  Tensor* y = NACRE_TRY(e.output(0, DType::float32, {rows, total}));
  float* out = y->mutable_data<float>().data();
  std::fill_n(out, y->size(), 0.0f);
  for (size_t i = 0; i < wanted.size(); out += wanted[i++]) {
    const int64_t columns = e.shape(i).back(), count = std::min(columns, wanted[i]);
    for (int64_t row = 0; row < rows; ++row) load_as<float>(e.dtype(i), e.input(i).raw(), row * columns, count, out + row * total);
  }
  return {};
}

}  // namespace

extern const Op op_ml_feature_vectorizer;
const Op op_ml_feature_vectorizer{.name = "FeatureVectorizer",
                                  .domain = "ai.onnx.ml",
                                  .since = {1},
                                  .types = kFeatureTypes,
                                  .inputs = {1, kMany},
                                  .infer = infer,
                                  .evaluate = evaluate};

}  // namespace nacre
