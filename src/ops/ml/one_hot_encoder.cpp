// OneHotEncoder: a new last axis with a 1 at the element's category.
// https://onnx.ai/onnx/operators/onnx_aionnxml_OneHotEncoder.html
#include <algorithm>
#include <unordered_map>

#include "ops/op.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) {
  const Attributes& a = inference.attributes();
  const size_t count = a.has("cats_strings") ? a.strings("cats_strings").size() : a.integers("cats_int64s").size();
  std::optional<SymShape> shape = inference.shape(0) ? std::optional(*inference.shape(0)) : std::nullopt;
  if (shape) shape->push_back(static_cast<int64_t>(count));
  inference.set(0, DType::float32, std::move(shape));
  return {};
}

template <class T>
Result<void> encode(Evaluation& e, const T* x, const std::vector<T>& categories) {
  std::unordered_map<T, size_t> index;
  for (size_t i = 0; i < categories.size(); ++i) index.emplace(categories[i], i);
  Shape shape = e.shape(0);
  shape.push_back(static_cast<int64_t>(categories.size()));
  Tensor* y = NACRE_TRY(e.output(0, DType::float32, shape));
  const std::span<float> out = y->mutable_data<float>();
  std::fill(out.begin(), out.end(), 0.0f);
  for (int64_t i = 0; i < e.input(0).size(); ++i) {
    const auto found = index.find(x[i]);
    if (found != index.end())
      out[i * categories.size() + found->second] = 1;
    else if (!e.attributes().integer("zeros", 1))
      return fail(ErrorCode::invalid_argument, "element ", i, " is in no category");
  }
  return {};
}

Result<void> evaluate(Evaluation& e) {
  if (e.dtype(0) == DType::string)
    return encode<std::string>(e, e.input(0).data<std::string>().data(), e.attributes().strings("cats_strings"));
  std::vector<int64_t> scratch;
  return encode<int64_t>(e, elements_as<int64_t>(e.input(0), scratch), e.attributes().integers("cats_int64s"));
}

}  // namespace

extern const Op op_ml_one_hot_encoder;
const Op op_ml_one_hot_encoder{.name = "OneHotEncoder",
                               .domain = "ai.onnx.ml",
                               .since = {1},
                               .types = {DType::float32, DType::float64, DType::int32, DType::int64, DType::string},
                               .infer = infer,
                               .evaluate = evaluate};

}  // namespace nacre
