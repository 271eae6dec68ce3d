// LabelEncoder: maps each element to the value of its key, or to a default.
// https://onnx.ai/onnx/operators/onnx_aionnxml_LabelEncoder.html
#include <unordered_map>

#include "ops/movement.h"
#include "ops/op.h"

namespace nacre {
namespace {

template <class T>
Tensor vector_of(const std::vector<T>& values) {
  return Tensor::of<T>({static_cast<int64_t>(values.size())}, std::span<const T>(values));
}

// The keys or values as a tensor, from whichever attribute has them.
Result<Tensor> listed(const Attributes& a, const std::string& prefix) {
  if (const Tensor* tensor = a.tensor(prefix + "_tensor")) return *tensor;
  if (a.has(prefix + "_strings")) return vector_of(a.strings(prefix + "_strings"));
  if (a.has(prefix + "_int64s")) return vector_of(a.integers(prefix + "_int64s"));
  if (a.has(prefix + "_floats")) return vector_of(a.reals(prefix + "_floats"));
  return fail(ErrorCode::invalid_model, "has no ", prefix, "_ attribute");
}

Result<Tensor> fallback(const Attributes& a, DType dtype) {
  if (const Tensor* tensor = a.tensor("default_tensor"); tensor && tensor->size() == 1 && tensor->dtype() == dtype) return *tensor;
  if (dtype == DType::string) return Tensor::scalar(a.string("default_string", "_Unused"));
  Tensor out(dtype, {});
  const double value = is_integer(dtype) ? static_cast<double>(a.integer("default_int64", -1)) : a.real("default_float", -0.0f);
  store_from<double>(dtype, out.mutable_raw(), 0, 1, &value);
  return out;
}

Result<void> infer(Inference& inference) {
  const Tensor values = NACRE_TRY(listed(inference.attributes(), "values"));
  inference.set(0, values.dtype(), inference.shape(0) ? std::optional(*inference.shape(0)) : std::nullopt);
  return {};
}

// NaN is a key like any other: all NaNs share one.
template <class T>
Result<void> look_up(Evaluation& e, const T* x, const T* keys, const Tensor& values, const Tensor& otherwise, Tensor& y) {
  std::unordered_map<T, int64_t> index;
  int64_t nan = -1;
  for (int64_t i = 0; i < values.size(); ++i) {
    if (keys[i] != keys[i])
      nan = i;
    else
      index.emplace(keys[i], i);
  }
  for (int64_t i = 0; i < y.size(); ++i) {
    const auto found = index.find(x[i]);
    const int64_t at = x[i] != x[i] ? nan : found == index.end() ? -1 : found->second;
    if (at < 0)
      copy_elements(otherwise, 0, y, i, 1);
    else
      copy_elements(values, at, y, i, 1);
  }
  return e.checkpoint();
}

Result<void> evaluate(Evaluation& e) {
  const Tensor keys = NACRE_TRY(listed(e.attributes(), "keys")), values = NACRE_TRY(listed(e.attributes(), "values"));
  if (keys.size() != values.size() || (keys.dtype() == DType::string) != (e.dtype(0) == DType::string))
    return fail(ErrorCode::invalid_model, "keys ", describe(keys), " and values ", describe(values), " for ", describe(e.input(0)));
  const Tensor otherwise = NACRE_TRY(fallback(e.attributes(), values.dtype()));
  Tensor* y = NACRE_TRY(e.output(0, values.dtype(), e.shape(0)));
  if (keys.dtype() == DType::string)
    return look_up(e, e.input(0).data<std::string>().data(), keys.data<std::string>().data(), values, otherwise, *y);
  return visit_compute(e.dtype(0), [&]<class T>() -> Result<void> {
    std::vector<T> a, b;
    return look_up(e, elements_as<T>(e.input(0), a), elements_as<T>(keys, b), values, otherwise, *y);
  });
}

// Version 1: class names and their numbers, in the direction that the input's type says.
Result<void> upgrade(Upgrade& u) {
  Attributes& a = u.node.attributes;
  if (!a.has("classes_strings")) return {};
  const std::vector<std::string> names = a.strings("classes_strings");
  std::vector<int64_t> numbers;
  for (size_t i = 0; i < names.size(); ++i) numbers.push_back(static_cast<int64_t>(i));
  const bool from_strings = u.fact(0).dtype == DType::string;
  a.set(from_strings ? "keys_strings" : "values_strings", names);
  a.set(from_strings ? "values_int64s" : "keys_int64s", numbers);
  a.erase("classes_strings");
  return {};
}

}  // namespace

extern const Op op_ml_label_encoder;
const Op op_ml_label_encoder{.name = "LabelEncoder",
                             .domain = "ai.onnx.ml",
                             .since = {1, 2, 4},
                             .types = {DType::float32, DType::float64, DType::int32, DType::int64, DType::int16, DType::string},
                             .infer = infer,
                             .evaluate = evaluate,
                             .upgrade = upgrade};

}  // namespace nacre
