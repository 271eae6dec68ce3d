// MeanVarianceNormalization: y = (x - mean) / (deviation + 1e-9) over `axes`.
// https://onnx.ai/onnx/operators/onnx__MeanVarianceNormalization.html
#include <algorithm>

#include "ops/reduction.h"

namespace nacre {
namespace {

/// f(doubles, first element, first group, count, step): a piece of a run, whose groups are `step` (0 or 1) apart.
template <class F>
void for_each_piece(const Tensor& x, const BroadcastWalk& walk, F f) {
  double block[kBlock];
  int64_t group[1];
  for (int64_t run = 0; run < walk.runs; ++run) {
    walk.offsets(run, group);
    for (int64_t begin = 0; begin < walk.run_length; begin += kBlock) {
      const int64_t count = std::min(kBlock, walk.run_length - begin), at = run * walk.run_length + begin;
      load_as<double>(x.dtype(), x.raw(), at, count, block);
      f(block, at, group[0] + begin * walk.run_strides[0], count, walk.run_strides[0]);
    }
  }
}

/// sums[group] += term(x, group) for a piece; sums of one group in lanes, which become vector code.
template <class Term>
void add_piece(const double* x, double* sums, int64_t count, int64_t step, Term term) {
  if (step != 0) {
    for (int64_t i = 0; i < count; ++i) sums[i] += term(x[i], i);
    return;
  }
  constexpr int64_t kLanes = 8;
  double lanes[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes)
    for (int64_t k = 0; k < kLanes; ++k) lanes[k] += term(x[i + k], 0);
  for (; i < count; ++i) lanes[0] += term(x[i], 0);
  for (double lane : lanes) sums[0] += lane;
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
  const int64_t group_count = statistics.shape()[1];
  double *mean = static_cast<double*>(statistics.mutable_raw()), *deviation = mean + group_count;
  std::fill_n(mean, statistics.size(), 0.0);
  const Shape* shapes[] = {&groups};
  const BroadcastWalk walk(x.shape(), shapes);
  const double all = static_cast<double>(count);
  for_each_piece(x, walk, [&](const double* in, int64_t, int64_t group, int64_t n, int64_t step) {
    add_piece(in, mean + group, n, step, [](double value, int64_t) { return value; });
  });
  for (int64_t i = 0; i < group_count; ++i) mean[i] /= all;
  for_each_piece(x, walk, [&](const double* in, int64_t, int64_t group, int64_t n, int64_t step) {
    add_piece(in, deviation + group, n, step, [at = mean + group](double value, int64_t i) { return (value - at[i]) * (value - at[i]); });
  });
  for (int64_t i = 0; i < group_count; ++i) deviation[i] = std::sqrt(deviation[i] / all) + 1e-9;
  for_each_piece(x, walk, [&](double* in, int64_t at, int64_t group, int64_t n, int64_t step) {
    for (int64_t i = 0; i < n; ++i) in[i] = (in[i] - mean[group + i * step]) / deviation[group + i * step];
    store_from<double>(y->dtype(), y->mutable_raw(), at, n, in);
  });
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
