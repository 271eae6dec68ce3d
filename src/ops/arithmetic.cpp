#include "ops/arithmetic.h"

namespace nacre {

Result<void> infer_arithmetic(Inference& inference, SymDim (*combine)(const SymDim&, const SymDim&)) {
  NACRE_TRY(broadcast_inputs(inference));
  return track_pairs(inference, combine);
}

Result<void> infer_variadic(Inference& inference, SymDim (*combine)(const SymDim&, const SymDim&)) {
  NACRE_TRY(broadcast_inputs(inference));
  if (!inference.values(0)) return {};
  std::vector<SymDim> out = *inference.values(0);
  for (size_t i = 1; i < inference.input_count(); ++i) {
    const std::vector<SymDim>* next = inference.values(i);
    if (!next || next->empty() || out.empty()) return {};
    if (out.size() < next->size()) out.resize(next->size(), out[0]);
    for (size_t k = 0; k < out.size(); ++k) out[k] = combine(out[k], (*next)[next->size() == 1 ? 0 : k]);
  }
  inference.set_values(0, std::move(out));
  return {};
}

bool is_never_negative(const SymDim& dim) {
  if (std::optional<int64_t> constant = dim.constant()) return *constant >= 0;
  return dim.text().find('-') == std::string::npos;
}

std::optional<SymDim> truncated_quotient(const SymDim& a, const SymDim& b) {
  const std::optional<int64_t> dividend = a.constant(), divisor = b.constant();
  if (b.is(0)) return std::nullopt;
  if (dividend && divisor) return *divisor == -1 ? SymDim(0) - a : SymDim(*dividend / *divisor);
  if (!is_never_negative(a) || !is_never_negative(b)) return std::nullopt;
  return floor_div(a, b);
}

Result<void> refuse_zero_divisor(const Evaluation& e) {
  const Tensor& divisor = e.input(1);
  if (divisor.dtype() != e.dtype(0)) return fail(ErrorCode::invalid_argument, "divides ", describe(e.input(0)), " by ", describe(divisor));
  if (!is_integer(divisor.dtype())) return {};
  std::vector<int64_t> scratch;
  const int64_t* elements = elements_as<int64_t>(divisor, scratch);
  for (int64_t i = 0; i < divisor.size(); ++i)
    if (elements[i] == 0)
      return fail(ErrorCode::invalid_argument, "integer division by zero: element ", i, " of the divisor ", describe(divisor));
  return {};
}

Result<void> drop_consumed_inputs(Upgrade& upgrade) {
  upgrade.node.attributes.erase("consumed_inputs");
  return {};
}

Result<void> upgrade_axis_broadcast(Upgrade& upgrade) {
  Attributes& attributes = upgrade.node.attributes;
  const bool has_axis = attributes.has("axis");
  const int64_t axis = attributes.integer("axis", 0);
  for (const char* name : {"axis", "broadcast", "consumed_inputs"}) attributes.erase(name);
  if (upgrade.version >= 7 || !has_axis) return {};
  const auto &a = upgrade.fact(0).shape, &b = upgrade.fact(1).shape;
  if (!a || !b) return fail(ErrorCode::invalid_model, "needs known ranks to align its second input at axis ", axis);
  const int64_t rank = static_cast<int64_t>(a->size()), own = static_cast<int64_t>(b->size());
  const int64_t begin = axis < 0 ? axis + rank : axis;
  std::vector<int64_t> axes;
  for (int64_t d = own; begin + d < rank; ++d) axes.push_back(d);
  if (!axes.empty()) upgrade.node.inputs[1] = upgrade.builder.unsqueeze(upgrade.node.inputs[1], std::move(axes));
  return {};
}

}  // namespace nacre
