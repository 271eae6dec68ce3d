// Unique: the distinct elements, or slices along an axis; sorted or as they first come; with where each came from.
// https://onnx.ai/onnx/operators/onnx__Unique.html
#include <algorithm>
#include <complex>
#include <numeric>

#include "ops/movement.h"
#include "ops/shape_values.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) {
  const SymDim count = inference.fresh();
  std::optional<SymShape> out = SymShape{count};
  if (inference.attributes().has("axis")) {
    out = inference.shape(0) ? std::optional(*inference.shape(0)) : std::nullopt;
    if (out) (*out)[NACRE_TRY(inference.axis(inference.attributes().integer("axis", 0), static_cast<int64_t>(out->size())))] = count;
  }
  inference.set(0, inference.dtype(0), std::move(out));
  inference.set(1, DType::int64, SymShape{count});
  inference.set(2, DType::int64, SymShape{inference.fresh()});
  inference.set(3, DType::int64, SymShape{count});
  return {};
}

struct Groups {
  std::vector<int64_t> first, inverse, counts;
};

// NaN is the largest element and equal to itself, as in numpy.
template <class T>
int compare(const T& a, const T& b) {
  if constexpr (std::is_floating_point_v<T>)
    if (a != a || b != b) return (a != a) - (b != b);
  return (b < a) - (a < b);
}

// Complex numbers: by the real parts, then by the imaginary ones, as in numpy.
int compare(const std::complex<double>& a, const std::complex<double>& b) {
  const int by_real = compare(a.real(), b.real());
  return by_real != 0 ? by_real : compare(a.imag(), b.imag());
}

template <class T>
int compare_slices(const T* x, const AxisView& view, int64_t a, int64_t b) {
  for (int64_t outer = 0; outer < view.outer; ++outer)
    for (int64_t inner = 0; inner < view.inner; ++inner)
      if (int order = compare(x[(outer * view.length + a) * view.inner + inner], x[(outer * view.length + b) * view.inner + inner]))
        return order;
  return 0;
}

template <class T>
Groups group(const T* x, const AxisView& view, bool sorted) {
  std::vector<int64_t> order(static_cast<size_t>(view.length));
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    const int by_value = compare_slices(x, view, a, b);
    return by_value < 0 || (by_value == 0 && a < b);
  });
  std::vector<int64_t> leaders;  // the first of each run of equal slices
  Groups out;
  out.inverse.resize(order.size());
  for (int64_t at : order) {
    if (leaders.empty() || compare_slices(x, view, leaders.back(), at) != 0) leaders.push_back(at), out.counts.push_back(0);
    out.inverse[at] = static_cast<int64_t>(leaders.size()) - 1;
    ++out.counts.back();
  }
  out.first = leaders;
  if (sorted) return out;
  std::vector<int64_t> by_place(leaders.size()), place(leaders.size());
  std::iota(by_place.begin(), by_place.end(), 0);
  std::sort(by_place.begin(), by_place.end(), [&](int64_t a, int64_t b) { return leaders[a] < leaders[b]; });
  Groups moved{{}, std::move(out.inverse), {}};
  for (int64_t from : by_place) {
    place[from] = static_cast<int64_t>(moved.first.size());
    moved.first.push_back(leaders[from]);
    moved.counts.push_back(out.counts[from]);
  }
  for (int64_t& at : moved.inverse) at = place[at];
  return moved;
}

Result<Groups> groups_of(const Tensor& x, const AxisView& view, bool sorted) {
  if (x.dtype() == DType::string) return group(static_cast<const std::string*>(x.raw()), view, sorted);
  if (complex_types.has(x.dtype())) {
    std::vector<std::complex<double>> values(static_cast<size_t>(x.size()));
    const DType part = x.dtype() == DType::complex64 ? DType::float32 : DType::float64;
    load_as<double>(part, x.raw(), 0, 2 * x.size(), reinterpret_cast<double*>(values.data()));
    return group(values.data(), view, sorted);
  }
  Groups out;
  NACRE_TRY(visit_compute(x.dtype(), [&]<class T>() -> Result<void> {
    std::vector<T> scratch;
    out = group(elements_as<T>(x, scratch), view, sorted);
    return {};
  }));
  return out;
}

Result<void> give(Evaluation& e, size_t i, const std::vector<int64_t>& values) {
  if (!e.has_output(i)) return {};
  Tensor* y = NACRE_TRY(e.output(i, DType::int64, {static_cast<int64_t>(values.size())}));
  std::copy(values.begin(), values.end(), y->mutable_data<int64_t>().begin());
  return {};
}

Result<void> evaluate(Evaluation& e) {
  const Tensor& x = e.input(0);
  Shape shape = e.attributes().has("axis") ? x.shape() : Shape{x.size()};
  const int64_t axis = NACRE_TRY(checked_index(e.attributes().integer("axis", 0), static_cast<int64_t>(shape.size()), "axis"));
  const AxisView view(shape, axis);
  const Groups groups = NACRE_TRY(groups_of(x, view, e.attributes().integer("sorted", 1) != 0));
  shape[axis] = static_cast<int64_t>(groups.first.size());
  Tensor* y = NACRE_TRY(e.output(0, shape));
  int64_t to = 0;
  for (int64_t outer = 0; outer < view.outer; ++outer)
    for (int64_t at : groups.first)
      copy_elements(x, (outer * view.length + at) * view.inner, *y, std::exchange(to, to + view.inner), view.inner);
  NACRE_TRY(give(e, 1, groups.first));
  NACRE_TRY(give(e, 2, groups.inverse));
  return give(e, 3, groups.counts);
}

}  // namespace

extern const Op op_unique;
const Op op_unique{.name = "Unique", .since = {11}, .outputs = {1, 4}, .infer = infer, .evaluate = evaluate};

}  // namespace nacre
