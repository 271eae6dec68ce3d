// ZipMap: each row becomes a map from the class labels to its elements.
// https://onnx.ai/onnx/operators/onnx_aionnxml_ZipMap.html
#include "ops/movement.h"
#include "ops/op.h"

namespace nacre {
namespace {

bool has_strings(const Attributes& attributes) { return attributes.has("classlabels_strings"); }

Result<void> infer(Inference& inference) {
  inference.set(0, Fact::sequence_of(Fact::map(has_strings(inference.attributes()) ? DType::string : DType::int64, DType::float32)));
  return {};
}

template <class T>
Tensor labels_of(const std::vector<T>& labels) {
  return Tensor::of<T>({static_cast<int64_t>(labels.size())}, std::span<const T>(labels));
}

Result<void> evaluate(Evaluation& e) {
  const Attributes& a = e.attributes();
  const Tensor keys = has_strings(a) ? labels_of(a.strings("classlabels_strings")) : labels_of(a.integers("classlabels_int64s"));
  const Shape& shape = e.shape(0);
  if (shape.empty() || shape.size() > 2 || shape.back() != keys.size())
    return fail(ErrorCode::invalid_argument, keys.size(), " labels for ", describe(e.input(0)));
  std::vector<Value> rows;
  for (int64_t row = 0; row < (shape.size() == 1 ? 1 : shape[0]); ++row) {
    Tensor values = NACRE_TRY(e.scratch(e.dtype(0), {keys.size()}));
    copy_elements(e.input(0), row * keys.size(), values, 0, keys.size());
    rows.push_back(Value::map(keys, std::move(values)));
  }
  e.set(0, Value::sequence(std::move(rows)));
  return {};
}

}  // namespace

extern const Op op_ml_zip_map;
const Op op_ml_zip_map{
    .name = "ZipMap", .domain = "ai.onnx.ml", .since = {1}, .types = {DType::float32}, .infer = infer, .evaluate = evaluate};

}  // namespace nacre
