#include "ops/shape_values.h"

#include <algorithm>

namespace nacre {

SymDim unknown_element(Inference& inference) { return SymDim::symbol("!" + inference.fresh().text()); }

bool may_be_negative(const SymDim& value) {
  if (std::optional<int64_t> constant = value.constant()) return *constant < 0;
  const std::string text = value.text();
  return text.starts_with('-') || text.find('!') != std::string::npos;
}

std::optional<std::vector<SymDim>> elements(Inference& inference, size_t i) {
  if (const std::vector<SymDim>* known = inference.values(i)) return *known;
  if (std::optional<std::vector<int64_t>> known = inference.integers(i)) return std::vector<SymDim>(known->begin(), known->end());
  const SymShape* shape = inference.shape(i);
  if (!shape || shape->size() > 1) return std::nullopt;
  const std::optional<int64_t> count = shape->empty() ? 1 : (*shape)[0].constant();
  if (!count || *count > kMaxTrackedValues) return std::nullopt;
  std::vector<SymDim> out;
  for (int64_t k = 0; k < *count; ++k) out.push_back(unknown_element(inference));
  return out;
}

Result<std::optional<std::vector<SymDim>>> integer_elements(Inference& inference, size_t i) {
  const Fact& fact = inference.input(i);
  if (fact.is_tensor() && fact.dtype != DType::undefined && !is_integer(fact.dtype))
    return fail(ErrorCode::invalid_model, "input ", i, " is ", fact, ", not integers");
  return elements(inference, i);
}

Result<std::optional<SymShape>> spelt_shape(Inference& inference, size_t i) {
  std::optional<SymShape> out = NACRE_TRY(integer_elements(inference, i));
  if (out)
    for (SymDim& dim : *out)
      if (!dim.is_constant() && may_be_negative(dim)) dim = inference.fresh();
  return out;
}

void keep_values(Inference& inference) {
  if (const std::vector<SymDim>* values = inference.values(0)) {
    const std::vector<SymDim> copy = *values;
    inference.set_values(0, copy);
  }
}

Result<SymDim> unify(const SymDim& a, const SymDim& b, std::string_view what) {
  if (a.differs(b)) return fail(ErrorCode::invalid_model, what, ": dimension ", a, " against ", b);
  return b.is_constant() ? b : a;
}

Result<std::vector<int64_t>> sorted_axes(std::vector<int64_t> axes, int64_t rank) {
  for (int64_t& axis : axes) axis = NACRE_TRY(checked_index(axis, rank, "axis"));
  std::sort(axes.begin(), axes.end());
  if (std::adjacent_find(axes.begin(), axes.end()) != axes.end()) return fail(ErrorCode::invalid_model, "an axis comes twice in ", axes);
  return axes;
}

AxisView::AxisView(const Shape& shape, int64_t axis) {
  for (size_t d = 0; d < shape.size(); ++d) {
    if (static_cast<int64_t>(d) < axis)
      outer *= shape[d];
    else if (static_cast<int64_t>(d) == axis)
      length = shape[d];
    else
      inner *= shape[d];
  }
}

Result<void> give_reshaped(Evaluation& e, Shape shape) {
  const int64_t count = NACRE_TRY(checked_count(shape)), have = e.input(0).size();
  if (count != have)
    return fail(ErrorCode::invalid_argument, "cannot view ", describe(e.input(0)), " as ", shape, ": ", have, " elements against ", count);
  e.set(0, e.input(0).reshaped(std::move(shape)));
  return {};
}

}  // namespace nacre
