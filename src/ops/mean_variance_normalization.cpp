// MeanVarianceNormalization: y = (x - mean) / (deviation + 1e-9) over `axes`.
// https://onnx.ai/onnx/operators/onnx__MeanVarianceNormalization.html
#include <algorithm>

#include "ops/reduction.h"

namespace nacre {
namespace {

// f(element, group) for all elements.
template <class F>
void for_each_in_group(const BroadcastWalk& walk, F f) {
  int64_t target[1];
  for (int64_t run = 0, at = 0; run < walk.runs; ++run) {
    walk.offsets(run, target);
    for (int64_t i = 0; i < walk.run_length; ++i) f(at++, target[0] + i * walk.run_strides[0]);
  }
}

Result<void> evaluate(Evaluation& e) {
  const Tensor& x = e.input(0);
  const std::vector<int64_t> axes = e.attributes().integers("axes", {0, 2, 3});
  const ReducedAxes reduced = NACRE_TRY(ReducedAxes::of({}, axes, x.shape().size()));
  Shape groups = x.shape();
  int64_t count = 1;
  for (size_t d = 0; d < groups.size(); ++d)
    if (reduced.folded[d]) count *= std::exchange(groups[d], 1);
  Tensor* y = NACRE_TRY(e.output(0, x.shape()));
  if (y->size() == 0) return {};
  Tensor statistics = NACRE_TRY(e.scratch(DType::float64, {2, NACRE_TRY(checked_count(groups))}));
  double *mean = static_cast<double*>(statistics.mutable_raw()), *deviation = mean + statistics.shape()[1];
  std::fill_n(mean, statistics.size(), 0.0);
  const Shape* shapes[] = {&groups};
  const BroadcastWalk walk(x.shape(), shapes);
  std::vector<double> converted;
  const double* in = elements_as<double>(x, converted);
  for_each_in_group(walk, [&](int64_t at, int64_t group) { mean[group] += in[at] / static_cast<double>(count); });
  for_each_in_group(walk, [&](int64_t at, int64_t group) { deviation[group] += (in[at] - mean[group]) * (in[at] - mean[group]); });
  for (int64_t i = 0; i < statistics.shape()[1]; ++i) deviation[i] = std::sqrt(deviation[i] / static_cast<double>(count)) + 1e-9;
  Tensor wide = NACRE_TRY(e.scratch(DType::float64, x.shape()));
  double* out = static_cast<double*>(wide.mutable_raw());
  for_each_in_group(walk, [&](int64_t at, int64_t group) { out[at] = (in[at] - mean[group]) / deviation[group]; });
  store_from<double>(y->dtype(), y->mutable_raw(), 0, y->size(), out);
  return {};
}

}  // namespace

extern const Op op_mean_variance_normalization;
const Op op_mean_variance_normalization{.name = "MeanVarianceNormalization",
                                        .since = {9, 13},
                                        .types = float_types,
                                        .infer = same_as_input,
                                        .evaluate = evaluate,
                                        .kind = OpKind::normalisation};

}  // namespace nacre
