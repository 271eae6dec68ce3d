#include "ops/class_loss.h"

namespace nacre {

Result<ClassShape> ClassShape::of(const Evaluation& e) {
  const Shape& shape = e.shape(0);
  if (shape.size() < 2) return fail(ErrorCode::invalid_argument, "takes scores [N, C, ...], given ", describe(e.input(0)));
  ClassShape out{shape[0], shape[1]};
  for (size_t d = 2; d < shape.size(); ++d) out.inner *= shape[d];
  Shape expected = shape;
  expected.erase(expected.begin() + 1);
  if (e.shape(1) != expected || !is_integer(e.dtype(1)))
    return fail(ErrorCode::invalid_argument, "targets ", describe(e.input(1)), " for scores ", describe(e.input(0)));
  if (e.has(2) && e.shape(2) != Shape{out.classes})
    return fail(ErrorCode::invalid_argument, "weights ", describe(e.input(2)), " for ", out.classes, " classes");
  return out;
}

Result<void> infer_loss(Inference& inference) {
  const bool whole = inference.attributes().string("reduction", "mean") == "none";
  if (!whole)
    inference.set(0, inference.dtype(0), SymShape{});
  else
    inference.set(0, inference.dtype(0), inference.input(1).shape);
  return {};
}

namespace {

// The losses and the sum of their weights, before any reduction.
Result<double> weighted_losses(const Evaluation& e, const ClassShape& shape, const double* log_prob, double* losses) {
  const std::vector<int64_t> targets = NACRE_TRY(e.integers(1));
  const bool ignores = e.attributes().has("ignore_index");
  const int64_t ignored = e.attributes().integer("ignore_index", 0);
  std::vector<double> converted;
  const double* weights = e.has(2) ? elements_as<double>(e.input(2), converted) : nullptr;
  double total = 0;
  for (int64_t row = 0, at = 0; row < shape.outer; ++row)
    for (int64_t column = 0; column < shape.inner; ++column, ++at) {
      const int64_t target = targets[at];
      losses[at] = 0;
      if (ignores && target == ignored) continue;
      if (target < 0 || target >= shape.classes)
        return fail(ErrorCode::invalid_argument, "target ", target, " at ", at, " is outside [0, ", shape.classes, ")");
      const double weight = weights ? weights[target] : 1;
      losses[at] = -weight * log_prob[(row * shape.classes + target) * shape.inner + column];
      total += weight;
    }
  return total;
}

}  // namespace

Result<void> class_loss(Evaluation& e, const double* log_prob) {
  const ClassShape shape = NACRE_TRY(ClassShape::of(e));
  const std::string reduction = e.attributes().string("reduction", "mean");
  if (reduction != "none" && reduction != "sum" && reduction != "mean")
    return fail(ErrorCode::invalid_model, "reduction is \"", reduction, "\", not \"none\", \"sum\" or \"mean\"");
  Tensor* y = NACRE_TRY(e.output(0, reduction == "none" ? e.shape(1) : Shape{}));
  Tensor wide = NACRE_TRY(e.scratch(DType::float64, e.shape(1)));
  double* losses = static_cast<double*>(wide.mutable_raw());
  const double weights = NACRE_TRY(weighted_losses(e, shape, log_prob, losses));
  if (reduction == "none") {
    store_from<double>(y->dtype(), y->mutable_raw(), 0, y->size(), losses);
    return {};
  }
  double sum = 0;
  for (int64_t i = 0; i < wide.size(); ++i) sum += losses[i];
  if (reduction == "mean") sum /= weights;
  store_from<double>(y->dtype(), y->mutable_raw(), 0, 1, &sum);
  return {};
}

}  // namespace nacre
