#include "ops/normalisation.h"

#include "ops/elementwise.h"

namespace nacre {

namespace {

/// The sum of term(x), in lanes, which become vector code.
template <class Term>
double sum_of(std::span<const double> row, Term term) {
  constexpr size_t kLanes = 8;
  double lanes[kLanes] = {}, sum = 0;
  size_t i = 0;
  for (; i + kLanes <= row.size(); i += kLanes)
    for (size_t k = 0; k < kLanes; ++k) lanes[k] += term(row[i + k]);
  for (; i < row.size(); ++i) sum += term(row[i]);
  for (double lane : lanes) sum += lane;
  return sum;
}

}  // namespace

Moments moments_of(std::span<const double> row) {
  const double count = static_cast<double>(row.size()), mean = sum_of(row, [](double x) { return x; }) / count;
  return {mean, sum_of(row, [mean](double x) { return (x - mean) * (x - mean); }) / count};
}

Result<std::vector<double>> parameters(const Evaluation& e, size_t i, int64_t count) {
  const Tensor& tensor = e.input(i);
  if (tensor.size() != count)
    return fail(ErrorCode::invalid_argument, "input ", i, " is ", describe(tensor), ", expected ", count, " elements");
  std::vector<double> out(static_cast<size_t>(count));
  load_as<double>(tensor.dtype(), tensor.raw(), 0, count, out.data());
  return out;
}

Result<RowParameter> row_parameter(const Evaluation& e, size_t i, const Shape& x, int64_t axis) {
  const Tensor& tensor = e.input(i);
  if (NACRE_TRY(broadcast(tensor.shape(), x)) != x)
    return fail(ErrorCode::invalid_argument, "input ", i, " of shape ", tensor.shape(), " does not broadcast to ", x);
  // Leading ones and axes before the row's that it does not have make it the same for every row.
  Shape own = tensor.shape();
  const int64_t behind = static_cast<int64_t>(x.size()) - axis;
  while (static_cast<int64_t>(own.size()) > behind && own.front() == 1) own.erase(own.begin());
  const bool varies = static_cast<int64_t>(own.size()) > behind;
  const Shape target = varies ? x : Shape(x.begin() + axis, x.end());
  std::vector<double> scratch;
  const double* values = elements_as<double>(tensor, scratch);
  RowParameter out;
  out.values.resize(static_cast<size_t>(NACRE_TRY(checked_count(target))));
  const Shape* shapes[] = {&own};
  const BroadcastWalk walk(target, shapes);
  int64_t at[1];
  size_t next = 0;
  for (int64_t run = 0; run < walk.runs; ++run) {
    walk.offsets(run, at);
    for (int64_t k = 0; k < walk.run_length; ++k) out.values[next++] = values[at[0] + k * walk.run_strides[0]];
  }
  if (varies) out.row_step = NACRE_TRY(checked_count(std::span(x).subspan(static_cast<size_t>(axis))));
  return out;
}

Result<void> check_parameter(const Inference& inference, size_t i, const SymDim& channels) {
  const SymShape* shape = inference.shape(i);
  if (!shape || product(*shape) == channels || !product(*shape).differs(channels)) return {};
  return fail(ErrorCode::invalid_argument, "input ", i, " of shape ", *shape, ": expected [", channels, "]");
}

}  // namespace nacre
