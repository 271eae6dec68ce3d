// CategoryMapper: strings to the integers listed beside them, or back; what is not listed becomes a default.
// https://onnx.ai/onnx/operators/onnx_aionnxml_CategoryMapper.html
#include <unordered_map>

#include "ops/op.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) {
  const SymShape* shape = inference.shape(0);
  const DType from = inference.dtype(0);
  const DType to = from == DType::string ? DType::int64 : from == DType::undefined ? from : DType::string;
  inference.set(0, to, shape ? std::optional(*shape) : std::nullopt);
  return {};
}

template <class From, class To>
Result<void> map_all(Evaluation& e, const std::vector<From>& from, const std::vector<To>& to, const To& otherwise) {
  if (from.size() != to.size()) return fail(ErrorCode::invalid_model, from.size(), " categories for ", to.size());
  std::unordered_map<From, To> map;
  for (size_t i = 0; i < from.size(); ++i) map.emplace(from[i], to[i]);
  Tensor* y = NACRE_TRY(e.output(0, dtype_of<To>, e.shape(0)));
  const std::span<const From> x = e.input(0).data<From>();
  for (size_t i = 0; i < x.size(); ++i) {
    const auto found = map.find(x[i]);
    y->mutable_data<To>()[i] = found == map.end() ? otherwise : found->second;
  }
  return {};
}

Result<void> evaluate(Evaluation& e) {
  const Attributes& a = e.attributes();
  const std::vector<std::string> names = a.strings("cats_strings");
  const std::vector<int64_t> numbers = a.integers("cats_int64s");
  if (e.dtype(0) == DType::string) return map_all(e, names, numbers, a.integer("default_int64", -1));
  return map_all(e, numbers, names, a.string("default_string", "_Unused"));
}

}  // namespace

extern const Op op_ml_category_mapper;
const Op op_ml_category_mapper{.name = "CategoryMapper",
                               .domain = "ai.onnx.ml",
                               .since = {1},
                               .types = {DType::string, DType::int64},
                               .infer = infer,
                               .evaluate = evaluate};

}  // namespace nacre
