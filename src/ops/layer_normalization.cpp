// LayerNormalization: y = (x - mean) / sqrt(variance + epsilon) * scale + bias, over the axes from `axis` on.
// https://onnx.ai/onnx/operators/onnx__LayerNormalization.html
#include <limits>

#include "ops/normalisation.h"

namespace nacre {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

DType stash_type(const Attributes& attributes) { return static_cast<DType>(attributes.integer("stash_type", 1)); }

Result<void> infer(Inference& inference) {
  NACRE_TRY(same_as_input(inference));
  const SymShape* x = inference.shape(0);
  const DType stash = stash_type(inference.attributes());
  if (!is_float(stash))
    return fail(ErrorCode::invalid_model, "stash_type ", inference.attributes().integer("stash_type", 1), " is no float type");
  if (!x) return inference.set(1, stash), inference.set(2, stash), Result<void>();
  const int64_t rank = static_cast<int64_t>(x->size());
  SymShape reduced = *x;
  for (int64_t d = NACRE_TRY(inference.axis(inference.attributes().integer("axis", -1), rank)); d < rank; ++d) reduced[d] = 1;
  inference.set(1, stash, reduced);
  inference.set(2, stash, std::move(reduced));
  return {};
}

Result<void> evaluate(Evaluation& e) {
  const Shape& shape = e.shape(0);
  const int64_t axis = NACRE_TRY(checked_index(e.attributes().integer("axis", -1), e.input(0).rank(), "axis"));
  const double epsilon = e.attributes().real("epsilon", 1e-5f);
  const int64_t width = NACRE_TRY(checked_count(std::span(shape).subspan(axis)));
  const RowParameter scale = NACRE_TRY(row_parameter(e, 1, shape, axis));
  const RowParameter bias = e.has(2) ? NACRE_TRY(row_parameter(e, 2, shape, axis)) : RowParameter();
  Shape reduced = shape;
  std::fill(reduced.begin() + axis, reduced.end(), 1);
  Tensor* y = NACRE_TRY(e.output(0, shape));
  const DType stash = stash_type(e.attributes());
  Tensor* means = e.has_output(1) ? NACRE_TRY(e.output(1, stash, reduced)) : nullptr;
  Tensor* inverses = e.has_output(2) ? NACRE_TRY(e.output(2, stash, reduced)) : nullptr;
  if (width == 0)  // the moments of nothing
    for (Tensor* moments : {means, inverses})
      for (int64_t row = 0; moments && row < moments->size(); ++row) store_from<double>(stash, moments->mutable_raw(), row, 1, &kNaN);
  return map_rows(e, e.input(0), *y, width, [&](int64_t row, std::span<double> x) {
    const auto [mean, variance] = moments_of(x);
    const double inverse = 1 / std::sqrt(variance + epsilon);
    for (int64_t i = 0; i < width; ++i) x[i] = (x[i] - mean) * inverse * scale.at(row, i) + (bias.values.empty() ? 0 : bias.at(row, i));
    if (means) store_from<double>(stash, means->mutable_raw(), row, 1, &mean);
    if (inverses) store_from<double>(stash, inverses->mutable_raw(), row, 1, &inverse);
  });
}

}  // namespace

extern const Op op_layer_normalization;
const Op op_layer_normalization{.name = "LayerNormalization",
                                .since = {17},
                                .types = float_types,
                                .inputs = {2, 3},
                                .outputs = {1, 3},
                                .infer = infer,
                                .evaluate = evaluate,
                                .kind = OpKind::normalisation};

}  // namespace nacre
