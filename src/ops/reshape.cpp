// Reshape: the same elements under another shape. 0 keeps a dimension (unless allowzero), one -1 takes what is left.
// https://onnx.ai/onnx/operators/onnx__Reshape.html
#include <algorithm>

#include "ops/shape_values.h"

namespace nacre {
namespace {

// What -1 stands for: data / others. Equal factors cancel first, since a sum of symbols divides only as a whole.
SymDim remaining(Inference& inference, SymShape data, SymShape others) {
  for (size_t i = others.size(); i-- > 0;) {
    auto same = std::find(data.begin(), data.end(), others[i]);
    if (same == data.end() || same->is(0)) continue;
    data.erase(same);
    others.erase(others.begin() + static_cast<int64_t>(i));
  }
  const SymDim divisor = product(others);
  return divisor.is(0) ? inference.fresh() : floor_div(product(data), divisor);
}

/// Fails where evaluation would: copied dims, 0 among them, have no part in it.
Result<void> check_division(const Fact& data, const std::vector<SymDim>& spelt, const SymDim& elements, const SymDim& others) {
  if (!others.is(0) && (!elements.is_constant() || !others.is_constant())) return {};
  if (!others.is(0) && *elements.constant() % *others.constant() == 0) return {};
  return fail(ErrorCode::invalid_argument, "cannot view ", data.text(), " as ", spelt, ": ", elements, " elements do not divide by ",
              others);
}

Result<void> check_counts(const SymShape& data, const SymShape& out) {
  const SymDim have = product(data), want = product(out);
  if (!have.is_constant() || !want.is_constant() || have == want) return {};
  return fail(ErrorCode::invalid_argument, "cannot view ", data, " as ", out, ": ", have, " elements against ", want);
}

Result<SymShape> target(Inference& inference, const std::vector<SymDim>& spelt) {
  const SymShape* data = inference.shape(0);
  const bool allowzero = inference.attributes().integer("allowzero", 0) != 0;
  SymShape out(spelt.size());
  std::optional<size_t> open;
  bool exact = data != nullptr;
  SymShape others, left = data ? *data : SymShape();  // what -1 stands for is left / others; copied dims are in neither
  for (size_t i = 0; i < spelt.size(); ++i) {
    if (spelt[i].is(-1)) {
      if (open) return fail(ErrorCode::invalid_argument, "more than one -1 in ", spelt);
      open = i;
    } else if (spelt[i].is(0) && !allowzero) {
      if (data && i >= data->size())
        return fail(ErrorCode::invalid_argument, "0 in ", spelt, " at ", i, " copies a dimension that ", *data, " has not");
      out[i] = data ? (*data)[i] : inference.fresh();
      if (data) left[i] = 1;
    } else if (spelt[i].is_constant() && may_be_negative(spelt[i])) {
      return fail(ErrorCode::invalid_argument, "shape ", spelt, " has a negative dimension");
    } else if (may_be_negative(spelt[i])) {
      out[i] = inference.fresh(), exact = false;
    } else {
      others.push_back(out[i] = spelt[i]);
    }
  }
  if (open) {
    if (exact) NACRE_TRY(check_division(inference.input(0), spelt, product(left), product(others)));
    out[*open] = exact ? remaining(inference, std::move(left), std::move(others)) : inference.fresh();
  }
  if (data) NACRE_TRY(check_counts(*data, out));
  return out;
}

Result<void> infer(Inference& inference) {
  const std::optional<std::vector<SymDim>> spelt = NACRE_TRY(integer_elements(inference, 1));
  if (!spelt) return inference.set(0, inference.dtype(0)), Result<void>();
  SymShape out = NACRE_TRY(target(inference, *spelt));
  const bool tracked = out.size() <= 1;
  inference.set(0, inference.dtype(0), std::move(out));
  if (tracked) keep_values(inference);
  return {};
}

Result<void> evaluate(Evaluation& e) {
  const Shape& data = e.shape(0);
  Shape out = NACRE_TRY(e.integers(1));
  const bool allowzero = e.attributes().integer("allowzero", 0) != 0;
  Shape left = data;
  int64_t known = 1, open = -1;  // the one that is open has the elements of `left` over the known ones; copied dims are in neither
  for (size_t i = 0; i < out.size(); ++i) {
    if (out[i] == 0 && !allowzero) {
      if (i >= data.size())
        return fail(ErrorCode::invalid_argument, "0 in ", out, " at ", i, " copies a dimension that ", data, " has not");
      out[i] = data[i], left[i] = 1;
      continue;
    }
    if (out[i] == -1 && open >= 0) return fail(ErrorCode::invalid_argument, "more than one -1 in ", out);
    if (out[i] == -1)
      open = static_cast<int64_t>(i);
    else
      known = NACRE_TRY(checked_mul(known, out[i]));
  }
  const int64_t elements = NACRE_TRY(checked_count(left));
  if (open >= 0 && (known == 0 || elements % known != 0))
    return fail(ErrorCode::invalid_argument, "cannot view ", describe(e.input(0)), " as ", out, ": ", elements,
                " elements do not divide by ", known);
  if (open >= 0) out[open] = elements / known;
  return give_reshaped(e, std::move(out));
}

// Opset 1 had the shape as an attribute.
Result<void> upgrade(Upgrade& u) {
  u.attribute_to_input("shape", 1);
  u.node.attributes.erase("consumed_inputs");
  return u.builder.status();
}

}  // namespace

extern const Op op_reshape;
const Op op_reshape{.name = "Reshape",
                    .since = {1, 5, 13, 14, 19, 21, 23, 24, 25},
                    .inputs = {2, 2},
                    .infer = infer,
                    .evaluate = evaluate,
                    .upgrade = upgrade,
                    .kind = OpKind::shape};

}  // namespace nacre
