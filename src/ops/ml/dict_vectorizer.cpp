// DictVectorizer: a map's values at the places that the vocabulary gives their keys, zero elsewhere.
// https://onnx.ai/onnx/operators/onnx_aionnxml_DictVectorizer.html
#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "ops/movement.h"
#include "ops/op.h"

namespace nacre {
namespace {

bool by_name(const Attributes& a) { return a.has("string_vocabulary"); }
int64_t vocabulary_size(const Attributes& a) {
  return static_cast<int64_t>(by_name(a) ? a.strings("string_vocabulary").size() : a.integers("int64_vocabulary").size());
}

Result<void> infer(Inference& inference) {
  const Attributes& a = inference.attributes();
  if (by_name(a) == a.has("int64_vocabulary"))
    return fail(ErrorCode::invalid_model, "needs string_vocabulary or int64_vocabulary, and not both");
  const Fact& x = inference.input(0);
  if (x.kind != Fact::Kind::map && x.kind != Fact::Kind::unknown)
    return fail(ErrorCode::invalid_argument, "takes a map, received ", x.text());
  inference.set(0, x.kind == Fact::Kind::map ? x.dtype : DType::undefined, SymShape{1, vocabulary_size(a)});
  return {};
}

template <class T>
Result<void> vectorize(Evaluation& e, std::span<const T> keys, const Tensor& values, const std::vector<T>& vocabulary) {
  std::unordered_map<T, int64_t> place;
  for (size_t i = 0; i < vocabulary.size(); ++i) place.emplace(vocabulary[i], static_cast<int64_t>(i));
  Tensor* y = NACRE_TRY(e.output(0, values.dtype(), {1, static_cast<int64_t>(vocabulary.size())}));
  if (values.dtype() != DType::string) std::memset(y->mutable_raw(), 0, y->byte_size());
  for (size_t i = 0; i < keys.size(); ++i) {
    const auto found = place.find(keys[i]);
    if (found == place.end()) return fail(ErrorCode::invalid_argument, "key '", keys[i], "' is not in the vocabulary");
    copy_elements(values, static_cast<int64_t>(i), *y, found->second, 1);
  }
  return {};
}

Result<void> evaluate(Evaluation& e) {
  const Value& x = e.value(0);
  if (x.kind() != Value::Kind::map) return fail(ErrorCode::invalid_argument, "takes a map, received a ", to_string(x.kind()));
  const Attributes& a = e.attributes();
  if ((x.keys().dtype() == DType::string) != by_name(a))
    return fail(ErrorCode::invalid_argument, "keys are ", describe(x.keys()), ", the vocabulary has ", by_name(a) ? "strings" : "integers");
  if (by_name(a)) return vectorize<std::string>(e, x.keys().data<std::string>(), x.values(), a.strings("string_vocabulary"));
  return vectorize<int64_t>(e, x.keys().data<int64_t>(), x.values(), a.integers("int64_vocabulary"));
}

}  // namespace

extern const Op op_ml_dict_vectorizer;
const Op op_ml_dict_vectorizer{.name = "DictVectorizer",
                               .domain = "ai.onnx.ml",
                               .since = {1},
                               .types = {DType::int64, DType::float32, DType::float64, DType::string},
                               .infer = infer,
                               .evaluate = evaluate};

}  // namespace nacre
