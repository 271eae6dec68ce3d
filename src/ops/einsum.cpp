// Einsum: products summed over the labels that the output leaves out, as numpy.einsum.
// https://onnx.ai/onnx/operators/onnx__Einsum.html
#include <algorithm>

#include "ops/arithmetic.h"
#include "ops/einsum_equation.h"
#include "ops/einsum_matmul.h"
#include "ops/op.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) {
  std::vector<size_t> ranks;
  for (size_t i = 0; i < inference.input_count(); ++i) {
    if (!inference.shape(i)) return inference.set(0, inference.dtype(0)), Result<void>();
    ranks.push_back(inference.shape(i)->size());
  }
  const Equation equation = NACRE_TRY(Equation::parse(inference.attributes().string("equation", ""), ranks));
  std::vector<SymDim> dims(equation.labels, 1);
  for (size_t i = 0; i < ranks.size(); ++i)
    for (size_t d = 0; d < ranks[i]; ++d) {
      SymDim& dim = dims[equation.inputs[i][d]];
      dim = NACRE_TRY(broadcast(SymShape{dim}, SymShape{(*inference.shape(i))[d]}))[0];
    }
  SymShape out;
  for (int label : equation.output) out.push_back(dims[label]);
  inference.set(0, inference.dtype(0), std::move(out));
  return {};
}

// A tensor whose axes carry labels; `strides` by label, 0 for labels it does not have.
template <class T>
struct Operand {
  const T* data;
  std::vector<int64_t> strides;
  Tensor owner;
};

// Strides by label: a label that stands twice walks the diagonal, an axis of size 1 repeats.
std::vector<int64_t> label_strides(const std::vector<int>& labels, const Shape& shape, size_t count) {
  std::vector<int64_t> out(count, 0);
  int64_t stride = 1;
  for (size_t d = shape.size(); d-- > 0; stride *= shape[d])
    if (shape[d] != 1) out[labels[d]] += stride;
  return out;
}

// Steps an odometer over `labels`, keeping both operands' offsets.
struct Walk {
  const std::vector<int>& labels;
  const std::vector<int64_t>&dims, &a, &b;
  std::vector<int64_t> at = std::vector<int64_t>(labels.size(), 0);
  int64_t offset_a = 0, offset_b = 0;

  void next() {
    for (size_t k = labels.size(); k-- > 0;) {
      const int label = labels[k];
      offset_a += a[label], offset_b += b[label];
      if (++at[k] < dims[label]) return;
      offset_a -= a[label] * dims[label], offset_b -= b[label] * dims[label];
      at[k] = 0;
    }
  }
};

Result<int64_t> count_of(const std::vector<int>& labels, const std::vector<int64_t>& dims) {
  int64_t out = 1;
  for (int label : labels) out = NACRE_TRY(checked_mul(out, dims[label]));
  return out;
}

/// The sum of x[k step_x] y[k step_y]; neighbours are added in lanes, which become vector code.
template <class T>
T dot(const T* x, int64_t step_x, const T* y, int64_t step_y, int64_t length) {
  constexpr int64_t kLanes = 8;
  T lanes[kLanes] = {}, sum = 0;
  int64_t k = 0;
  for (; step_x == 1 && step_y <= 1 && k + kLanes <= length; k += kLanes)
    for (int64_t lane = 0; lane < kLanes; ++lane)
      lanes[lane] = wrapping_add(lanes[lane], wrapping_mul(x[k + lane], y[step_y ? k + lane : 0]));
  for (; k < length; ++k) sum = wrapping_add(sum, wrapping_mul(x[k * step_x], y[k * step_y]));
  for (T lane : lanes) sum = wrapping_add(sum, lane);
  return sum;
}

/// out[k] += x[k step_x] y[k step_y].
template <class T>
void add_products(const T* x, int64_t step_x, const T* y, int64_t step_y, T* out, int64_t length) {
  if (step_x == 1 && step_y == 0) {
    for (int64_t k = 0, n = length; k < n; ++k) out[k] = wrapping_add(out[k], wrapping_mul(x[k], *y));
  } else if (step_x == 1 && step_y == 1) {
    for (int64_t k = 0; k < length; ++k) out[k] = wrapping_add(out[k], wrapping_mul(x[k], y[k]));
  } else {
    for (int64_t k = 0; k < length; ++k) out[k] = wrapping_add(out[k], wrapping_mul(x[k * step_x], y[k * step_y]));
  }
}

/// Takes the last label off a list: how many there are along it, and what each is away from the one before.
template <class T>
struct Line {
  int64_t length = 1, step_a = 0, step_b = 0;

  Line(std::vector<int>& labels, const std::vector<int64_t>& dims, const Operand<T>& a, const Operand<T>& b) {
    if (labels.empty()) return;
    const int label = labels.back();
    labels.pop_back();
    length = dims[label], step_a = a.strides[label], step_b = b.strides[label];
  }
};

// The product of a and b summed over `summed`, laid out in the order of `kept`: dots along the last summed label, or products
// added along the last kept one where that has neighbours in memory (or there is nothing to sum).
template <class T>
Result<Operand<T>> contract(Evaluation& e, const Operand<T>& a, const Operand<T>& b, std::vector<int> kept, std::vector<int> summed,
                            const std::vector<int64_t>& dims) {
  const int64_t count = NACRE_TRY(count_of(kept, dims));
  Operand<T> out{nullptr, std::vector<int64_t>(dims.size(), 0), NACRE_TRY(e.scratch(dtype_of<T>, {count}))};
  T* target = static_cast<T*>(out.owner.mutable_raw());
  out.data = target;
  int64_t stride = 1;
  for (size_t k = kept.size(); k-- > 0; stride *= dims[kept[k]]) out.strides[kept[k]] = dims[kept[k]] == 1 ? 0 : stride;
  const bool along_kept = !kept.empty() && (summed.empty() || b.strides[kept.back()] == 1);
  const Line<T> line(along_kept ? kept : summed, dims, b, a);
  const int64_t sums = line.length == 0 ? 0 : NACRE_TRY(count_of(summed, dims)), run = along_kept ? line.length : 1;
  Walk outer{kept, dims, a.strides, b.strides};
  for (int64_t i = 0; i < count; i += run, outer.next()) {
    if (i / run % 1024 == 0) NACRE_TRY(e.checkpoint());
    std::fill_n(target + i, run, T(0));
    Walk walk{summed, dims, a.strides, b.strides};
    for (int64_t number = 0; number < sums; ++number, walk.next()) {
      const T *x = b.data + outer.offset_b + walk.offset_b, *y = a.data + outer.offset_a + walk.offset_a;
      if (along_kept)
        add_products(x, line.step_a, y, line.step_b, target + i, run);
      else
        target[i] = wrapping_add(target[i], dot(x, line.step_a, y, line.step_b, line.length));
    }
  }
  return out;
}

// The labels that anything after operand `i` still needs, and those of what is at hand that nothing does.
void split_labels(const Equation& equation, size_t i, std::vector<bool>& present, std::vector<int>& kept, std::vector<int>& summed) {
  std::vector<bool> needed(equation.labels, false);
  for (int label : equation.output) needed[label] = true;
  for (size_t later = i + 1; later < equation.inputs.size(); ++later)
    for (int label : equation.inputs[later]) needed[label] = true;
  kept.clear(), summed.clear();
  const bool last = i + 1 == equation.inputs.size();
  if (last) kept = equation.output;
  for (size_t label = 0; label < equation.labels; ++label) {
    if (!present[label]) continue;
    if (!needed[label])
      summed.push_back(static_cast<int>(label)), present[label] = false;
    else if (!last)
      kept.push_back(static_cast<int>(label));
  }
}

// Operands are multiplied from left to right, each label summed as soon as no later operand has it.
template <class T>
Result<void> contract_all(Evaluation& e, const Equation& equation, const std::vector<int64_t>& dims, Tensor& y) {
  const T one = 1;
  Operand<T> total{&one, std::vector<int64_t>(dims.size(), 0), Tensor()};
  std::vector<bool> present(equation.labels, false);
  std::vector<int> kept, summed;
  for (size_t i = 0; i < equation.inputs.size(); ++i) {
    for (int label : equation.inputs[i]) present[label] = true;
    split_labels(equation, i, present, kept, summed);
    std::vector<T> converted;
    const Operand<T> next{elements_as<T>(e.input(i), converted), label_strides(equation.inputs[i], e.shape(i), dims.size()), Tensor()};
    // Two operands at once where possible: the first alone would only be copied.
    if (i == 0 && summed.empty() && equation.inputs.size() > 1 && e.dtype(0) == dtype_of<T>)
      total = next;
    else
      total = NACRE_TRY(contract(e, total, next, kept, summed, dims));
  }
  store_from<T>(y.dtype(), y.mutable_raw(), 0, y.size(), total.data);
  return {};
}

Result<void> evaluate(Evaluation& e) {
  std::vector<size_t> ranks;
  for (size_t i = 0; i < e.input_count(); ++i) ranks.push_back(e.shape(i).size());
  const Equation equation = NACRE_TRY(Equation::parse(e.attributes().string("equation", ""), ranks));
  std::vector<int64_t> dims(equation.labels, 1);
  for (size_t i = 0; i < ranks.size(); ++i)
    for (size_t d = 0; d < ranks[i]; ++d) {
      int64_t& dim = dims[equation.inputs[i][d]];
      dim = NACRE_TRY(broadcast(Shape{dim}, Shape{e.shape(i)[d]}))[0];
    }
  Shape out;
  for (int label : equation.output) out.push_back(dims[label]);
  Tensor* y = NACRE_TRY(e.output(0, out));
  if (!is_float(e.dtype(0))) {
    if (is_signed(e.dtype(0))) return contract_all<int64_t>(e, equation, dims, *y);
    return contract_all<uint64_t>(e, equation, dims, *y);
  }
  return contract_all<double>(e, equation, dims, *y);
}

// Two operations for every combination of labels.
double cost(const NodeView& n) {
  std::vector<size_t> ranks;
  for (size_t i = 0; i < n.node.formal_inputs(); ++i) {
    if (!n.fact(i).has_constant_shape()) return 0;
    ranks.push_back(n.fact(i).shape->size());
  }
  const Result<Equation> equation = Equation::parse(n.attributes().string("equation", ""), ranks);
  if (!equation) return 0;
  std::vector<double> dims(equation->labels, 1);
  for (size_t i = 0; i < ranks.size(); ++i)
    for (size_t d = 0; d < ranks[i]; ++d)
      dims[equation->inputs[i][d]] = std::max(dims[equation->inputs[i][d]], static_cast<double>(*(*n.fact(i).shape)[d].constant()));
  double out = 2;
  for (double dim : dims) out *= dim;
  return out;
}

}  // namespace

extern const Op op_einsum;
const Op op_einsum{.name = "Einsum",
                   .since = {12},
                   .types = integer_types | TypeSet{DType::float16, DType::float32, DType::float64},
                   .inputs = {1, kMany},
                   .infer = infer,
                   .evaluate = evaluate,
                   .lower = lower_einsum,
                   .kind = OpKind::contraction,
                   .cost = cost};

}  // namespace nacre
