#include "graph/fact.h"

namespace nacre {
namespace {

std::shared_ptr<const std::vector<SymDim>> small_values(const Tensor& tensor) {
  if (tensor.rank() > 1 || tensor.size() > kMaxTrackedValues) return nullptr;
  auto out = std::make_shared<std::vector<SymDim>>();
  if (tensor.dtype() == DType::int64)
    for (int64_t x : tensor.data<int64_t>()) out->push_back(x);
  else if (tensor.dtype() == DType::int32)
    for (int32_t x : tensor.data<int32_t>()) out->push_back(x);
  else
    return nullptr;
  return out;
}

// What is true of every item: dims in which they differ become a symbol.
Fact common_fact(const std::vector<Value>& items) {
  Fact out = items.empty() ? Fact{} : Fact::of(items[0]);
  out.values = nullptr;
  for (const Value& item : items) {
    if (!out.is_tensor() || !item.is_tensor()) return out;
    const Shape& shape = item.tensor().shape();
    if (!out.shape || shape.size() != out.shape->size()) return Fact::tensor(out.dtype);
    for (size_t d = 0; d < shape.size(); ++d)
      if (!(*out.shape)[d].is(shape[d])) (*out.shape)[d] = SymDim::symbol("items");
  }
  return out;
}

}  // namespace

Fact Fact::of(const Tensor& tensor) {
  Fact out = Fact::tensor(tensor.dtype(), symbolic(tensor.shape()));
  out.values = small_values(tensor);
  return out;
}

Fact Fact::of(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::tensor: return of(value.tensor());
    case Value::Kind::map: return map(value.keys().dtype(), value.values().dtype());
    case Value::Kind::sequence: return sequence_of(common_fact(value.items()));
    case Value::Kind::optional: return optional_of(value.items().empty() ? Fact{} : of(value.items()[0]));
  }
  return {};
}

std::string Fact::text() const {
  switch (kind) {
    case Kind::unknown: return "?";
    case Kind::tensor: return cat(dtype == DType::undefined ? "?" : to_string(dtype), shape ? to_string(*shape) : "[...]");
    case Kind::sequence: return cat("seq(", element->text(), ")");
    case Kind::optional: return cat("optional(", element->text(), ")");
    case Kind::map: return cat("map(", key_dtype, ",", dtype, ")");
  }
  return "?";
}

}  // namespace nacre
