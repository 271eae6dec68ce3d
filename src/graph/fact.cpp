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

}  // namespace

Fact Fact::of(const Tensor& tensor) {
  Fact out = Fact::tensor(tensor.dtype(), symbolic(tensor.shape()));
  out.values = small_values(tensor);
  return out;
}

namespace {

/// What holds of both: items of one sequence may differ in shape. Dims in which they do become a symbol.
Fact common(const Fact& a, const Fact& b) {
  if (a.kind != b.kind) return {};
  if (a.element)
    return a.kind == Fact::Kind::sequence ? Fact::sequence_of(common(*a.element, *b.element))
                                          : Fact::optional_of(common(*a.element, *b.element));
  if (a.dtype != b.dtype || a.key_dtype != b.key_dtype) return {};
  Fact out = a;
  out.values = nullptr;
  if (!a.shape || !b.shape || a.shape->size() != b.shape->size()) return out.shape.reset(), out;
  for (size_t d = 0; d < out.shape->size(); ++d)
    if (!((*a.shape)[d] == (*b.shape)[d])) (*out.shape)[d] = SymDim::symbol("?items");
  return out;
}

Fact element_of(const std::vector<Value>& items) {
  if (items.empty()) return {};
  Fact out = Fact::of(items[0]);
  out.values = nullptr;
  for (size_t i = 1; i < items.size(); ++i) out = common(out, Fact::of(items[i]));
  return out;
}

}  // namespace

Fact Fact::of(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::tensor: return of(value.tensor());
    case Value::Kind::map: return map(value.keys().dtype(), value.values().dtype());
    case Value::Kind::sequence: return sequence_of(element_of(value.items()));
    case Value::Kind::optional: return optional_of(element_of(value.items()));
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
