// CastMap: a map's values in the order of its keys, or at the places that the keys name; converted.
// https://onnx.ai/onnx/operators/onnx_aionnxml_CastMap.html
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <tuple>

#include "ops/op.h"

namespace nacre {
namespace {

struct Form {
  DType to;
  bool sparse;
  int64_t length;  // of a sparse result
};

Result<Form> read_form(const Attributes& a) {
  const std::string to = a.string("cast_to", "TO_FLOAT"), form = a.string("map_form", "DENSE");
  Form out{to == "TO_FLOAT" ? DType::float32 : to == "TO_INT64" ? DType::int64 : DType::string, form == "SPARSE", a.integer("max_map", 1)};
  if (out.to == DType::string && to != "TO_STRING")
    return fail(ErrorCode::invalid_model, "cast_to '", to, "' is none of TO_FLOAT, TO_STRING, TO_INT64");
  if ((!out.sparse && form != "DENSE") || out.length < 1) return fail(ErrorCode::invalid_model, "map_form '", form, "' of ", out.length);
  return out;
}

Result<void> infer(Inference& inference) {
  const Form form = NACRE_TRY(read_form(inference.attributes()));
  const Fact& x = inference.input(0);
  if (x.kind != Fact::Kind::map && x.kind != Fact::Kind::unknown)
    return fail(ErrorCode::invalid_argument, "takes a map, received ", x.text());
  inference.set(0, form.to, SymShape{1, form.sparse ? SymDim(form.length) : inference.fresh()});
  return {};
}

// Text becomes a number as a whole or not at all.
Result<double> number_in(const std::string& text) {
  char* end = nullptr;
  const double out = std::strtod(text.c_str(), &end);
  if (text.empty() || end != text.c_str() + text.size()) return fail(ErrorCode::invalid_argument, "value '", text, "' is not a number");
  return out;
}

Result<void> store(const Tensor& values, int64_t from, Tensor& y, int64_t to) {
  if (values.dtype() == DType::string && y.dtype() == DType::string) {
    y.mutable_data<std::string>()[to] = values.data<std::string>()[from];
    return {};
  }
  double number = 0;
  if (values.dtype() == DType::string)
    number = NACRE_TRY(number_in(values.data<std::string>()[from]));
  else
    load_as<double>(values.dtype(), values.raw(), from, 1, &number);
  if (y.dtype() == DType::string)
    y.mutable_data<std::string>()[to] = std::to_string(static_cast<float>(number));
  else
    store_from<double>(y.dtype(), y.mutable_raw(), to, 1, &number);
  return {};
}

Result<void> evaluate(Evaluation& e) {
  const Form form = NACRE_TRY(read_form(e.attributes()));
  const Value& x = e.value(0);
  if (x.kind() != Value::Kind::map || x.keys().dtype() != DType::int64)
    return fail(ErrorCode::invalid_argument, "takes a map with int64 keys, received a ", to_string(x.kind()));
  const std::span<const int64_t> keys = x.keys().data<int64_t>();
  std::vector<int64_t> order(keys.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return std::tie(keys[a], a) < std::tie(keys[b], b); });
  const int64_t length = form.sparse ? form.length : static_cast<int64_t>(keys.size());
  Tensor* y = NACRE_TRY(e.output(0, form.to, {1, length}));
  if (form.to != DType::string) std::memset(y->mutable_raw(), 0, y->byte_size());
  for (int64_t i = 0; i < static_cast<int64_t>(order.size()); ++i) {
    const int64_t key = keys[order[i]], to = form.sparse ? key : i;
    if (to < 0 || to >= length) return fail(ErrorCode::invalid_argument, "key ", key, " is outside [0, ", length, ")");
    NACRE_TRY(store(x.values(), order[i], *y, to));
  }
  return {};
}

}  // namespace

extern const Op op_ml_cast_map;
const Op op_ml_cast_map{.name = "CastMap",
                        .domain = "ai.onnx.ml",
                        .since = {1},
                        .types = {DType::string, DType::float32},
                        .infer = infer,
                        .evaluate = evaluate};

}  // namespace nacre
