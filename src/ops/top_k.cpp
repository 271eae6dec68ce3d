// TopK: the k largest (or smallest) elements along an axis and where they are; of equal ones the lower index comes first.
// https://onnx.ai/onnx/operators/onnx__TopK.html
#include <algorithm>

#include "ops/shape_values.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) {
  const SymShape* shape = inference.shape(0);
  std::optional<SymShape> out;
  if (shape) {
    out = *shape;
    SymDim& dim = (*out)[NACRE_TRY(inference.axis(inference.attributes().integer("axis", -1), static_cast<int64_t>(shape->size())))];
    const std::optional<SymShape> k = NACRE_TRY(spelt_shape(inference, 1));
    const SymDim count = k && k->size() == 1 ? (*k)[0] : inference.fresh();
    if (count.is_constant() && dim.is_constant() && (*count.constant() < 0 || *count.constant() > *dim.constant()))
      return fail(ErrorCode::invalid_argument, "k is ", count, ", the axis has ", dim, " elements");
    dim = count;
  }
  inference.set(0, inference.dtype(0), out);
  inference.set(1, DType::int64, std::move(out));
  return {};
}

// NaN counts as larger than everything, as in numpy.
template <class T>
bool comes_first(T a, T b, bool largest) {
  if constexpr (std::is_floating_point_v<T>)
    if (a != a || b != b) return largest ? a != a && b == b : a == a && b != b;
  return largest ? a > b : a < b;
}

template <class T>
struct Candidate {
  T value;
  int64_t index;
};

/// The k first of a line, in order: a heap with the last of them on top, which most elements need no more than one look at.
template <class T>
void choose_line(const T* x, int64_t length, int64_t step, int64_t k, bool largest, std::vector<Candidate<T>>& heap) {
  const auto before = [=](const Candidate<T>& a, const Candidate<T>& b) {
    return comes_first(a.value, b.value, largest) || (!comes_first(b.value, a.value, largest) && a.index < b.index);
  };
  heap.clear();
  for (int64_t i = 0; i < k; ++i) heap.push_back({x[i * step], i});
  if (k < length) std::make_heap(heap.begin(), heap.end(), before);
  for (int64_t i = k; i < length; ++i) {
    if (!comes_first(x[i * step], heap.front().value, largest)) continue;  // of equal ones the earlier stays
    std::pop_heap(heap.begin(), heap.end(), before);
    heap.back() = {x[i * step], i};
    std::push_heap(heap.begin(), heap.end(), before);
  }
  std::sort(heap.begin(), heap.end(), before);
}

template <class T>
Result<void> choose(Evaluation& e, const T* x, const AxisView& view, int64_t k, bool largest, Tensor& values, int64_t* indices) {
  std::vector<Candidate<T>> heap;
  std::vector<T> chosen(static_cast<size_t>(k));
  for (int64_t outer = 0; outer < view.outer; ++outer) {
    NACRE_TRY(e.checkpoint());
    for (int64_t inner = 0; inner < view.inner; ++inner) {
      const int64_t base = outer * view.length * view.inner + inner, to = outer * k * view.inner + inner;
      choose_line(x + base, view.length, view.inner, k, largest, heap);
      for (int64_t i = 0; i < k; ++i) {
        indices[to + i * view.inner] = heap[static_cast<size_t>(i)].index;
        chosen[static_cast<size_t>(i)] = heap[static_cast<size_t>(i)].value;
      }
      for (int64_t i = 0; view.inner > 1 && i < k; ++i)
        store_from<T>(values.dtype(), values.mutable_raw(), to + i * view.inner, 1, &chosen[static_cast<size_t>(i)]);
      if (view.inner == 1) store_from<T>(values.dtype(), values.mutable_raw(), to, k, chosen.data());
    }
  }
  return {};
}

Result<void> evaluate(Evaluation& e) {
  const Tensor& x = e.input(0);
  const int64_t axis = NACRE_TRY(checked_index(e.attributes().integer("axis", -1), x.rank(), "axis")), k = NACRE_TRY(e.integer(1));
  Shape shape = x.shape();
  if (k < 0 || k > shape[axis]) return fail(ErrorCode::invalid_argument, "k is ", k, ", the axis has ", shape[axis], " elements");
  shape[axis] = k;
  Tensor* values = NACRE_TRY(e.output(0, shape));
  Tensor* indices = NACRE_TRY(e.output(1, DType::int64, shape));
  if (values->size() == 0) return {};
  return visit_compute(x.dtype(), [&]<class T>() -> Result<void> {
    std::vector<T> scratch;
    const bool largest = e.attributes().integer("largest", 1) != 0;
    return choose(e, elements_as<T>(x, scratch), AxisView(x.shape(), axis), k, largest, *values, indices->mutable_data<int64_t>().data());
  });
}

// Below opset 10 k was an attribute.
Result<void> upgrade(Upgrade& u) {
  if (!u.node.attributes.has("k")) return {};
  u.set_input(1, u.builder.ints({u.node.attributes.integer("k", 1)}));
  u.node.attributes.erase("k");
  return u.builder.status();
}

}  // namespace

extern const Op op_top_k;
const Op op_top_k{.name = "TopK",
                  .since = {1, 10, 11, 24},
                  .types = numeric_types,
                  .inputs = {2, 2},
                  .outputs = {1, 2},
                  .infer = infer,
                  .evaluate = evaluate,
                  .upgrade = upgrade};

}  // namespace nacre
