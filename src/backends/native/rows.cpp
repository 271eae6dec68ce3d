// fp32 kernels over rows of contiguous values: softmax, norms, reductions over the last axes.
#include <algorithm>
#include <iterator>

#include "backends/native/kernel.h"
#include "backends/native/kernels/kernels.h"
#include "backends/native/parallel.h"
#include "core/checked.h"
#include "graph/op.h"

namespace nacre::native {
namespace {

bool is_standard(const NodeView& n, std::string_view name) {
  return n.node.op->domain.empty() && n.node.op->name == name && n.has(0) && n.fact(0).dtype == DType::float32;
}

int64_t counted_axis(const NodeView& n, int64_t otherwise) {
  const int64_t rank = int64_t(n.fact(0).shape->size()), axis = n.attributes().integer("axis", otherwise);
  return axis < 0 ? axis + rank : axis;
}

// --- softmax ---

bool over_last_axis(const NodeView& n) {
  const int64_t rank = int64_t(n.fact(0).shape->size());
  return rank > 0 && counted_axis(n, -1) == rank - 1;
}
bool is_softmax(const NodeView& n) { return is_standard(n, "Softmax") || is_standard(n, "LogSoftmax"); }
bool matches_softmax(const NodeView& n) { return is_softmax(n) && over_last_axis(n); }
bool matches_softmax_columns(const NodeView& n) {
  if (!is_softmax(n) || over_last_axis(n)) return false;
  const int64_t axis = counted_axis(n, -1);
  return axis >= 0 && axis < int64_t(n.fact(0).shape->size());
}

Result<void> run_softmax(const Call& call) {
  const int64_t n = call.input(0).shape().back(), rows = n ? call.input(0).size() / n : 0;
  const auto kernel = call.node.op->name == "Softmax" ? kernels().softmax : kernels().log_softmax;
  const float* x = call.in(0);
  float* y = call.out();
  parallel(call.context, rows, grain_for(n * 8),
           [=](int64_t begin, int64_t end) { kernel({.x = x + begin * n, .y = y + begin * n, .rows = end - begin, .n = n}); });
  return {};
}

/// Some neighbouring columns at a time, turned into rows and back.
Result<void> run_softmax_columns(const Call& call) {
  constexpr int64_t kColumns = 16;
  const Shape& shape = call.input(0).shape();
  int64_t axis = call.node.attributes.integer("axis", -1), inner = 1;
  if (axis < 0) axis += int64_t(shape.size());
  for (size_t d = size_t(axis) + 1; d < shape.size(); ++d) inner *= shape[d];
  const int64_t n = shape[size_t(axis)], size = call.output().size();
  if (size == 0) return {};
  const auto kernel = call.node.op->name == "Softmax" ? kernels().softmax : kernels().log_softmax;
  const int64_t bundles = (inner + kColumns - 1) / kColumns;
  Tensor space = NACRE_TRY(call.scratch(NACRE_TRY(checked_mul(workers(call.context) * kColumns * int64_t(sizeof(float)), n))));
  float* rows = static_cast<float*>(space.mutable_raw());
  const float* x = call.in(0);
  float* y = call.out();
  parallel_with_thread(
      call.context, size / (n * inner) * bundles, grain_for(n * kColumns * 8), [=](int64_t begin, int64_t end, int thread) {
        float* own = rows + thread * kColumns * n;
        for (int64_t i = begin; i < end; ++i) {
          const int64_t first = i % bundles * kColumns, columns = std::min(kColumns, inner - first), at = i / bundles * n * inner + first;
          kernels().transpose(x + at, inner, own, n, n, columns);
          kernel({.x = own, .y = own, .rows = columns, .n = n});
          kernels().transpose(own, n, y + at, inner, columns, n);
        }
      });
  return {};
}

// --- norms ---

// Leading ones broadcast away; a row that is repeated inside the axes has another shape.
bool same_but_for_ones(Shape a, Shape b) {
  for (Shape* shape : {&a, &b})
    shape->erase(shape->begin(), std::find_if(shape->begin(), shape->end(), [](int64_t dim) { return dim != 1; }));
  return a == b;
}

bool matches_norm(const NodeView& n) {
  if (!is_standard(n, "LayerNormalization") && !is_standard(n, "RMSNormalization")) return false;
  if (n.node.has_output(1) || n.node.has_output(2)) return false;
  const Shape shape = *constant_shape(*n.fact(0).shape);
  const int64_t axis = counted_axis(n, -1);
  if (axis < 0 || axis >= int64_t(shape.size())) return false;
  const Shape row(shape.begin() + axis, shape.end());
  for (size_t i = 1; i < n.node.formal_inputs(); ++i) {
    if (!n.has(i)) continue;
    if (n.fact(i).dtype != DType::float32) return false;
    const Shape own = *constant_shape(*n.fact(i).shape);
    if (own.size() > shape.size() || !same_but_for_ones(own, row)) return false;
  }
  return std::find(row.begin(), row.end(), 0) == row.end();
}

Result<void> run_norm(const Call& call) {
  const Shape& shape = call.input(0).shape();
  int64_t axis = call.node.attributes.integer("axis", -1), n = 1;
  if (axis < 0) axis += int64_t(shape.size());
  for (size_t d = size_t(axis); d < shape.size(); ++d) n *= shape[d];
  const auto kernel = call.node.op->name == "LayerNormalization" ? kernels().layer_norm : kernels().rms_norm;
  const NormArgs all{.x = call.in(0),
                     .gamma = call.in(1),
                     .beta = call.in(2),
                     .y = call.out(),
                     .rows = call.input(0).size() / n,
                     .n = n,
                     .epsilon = call.node.attributes.real("epsilon", 1e-5f)};
  parallel(call.context, all.rows, grain_for(n * 8), [&](int64_t begin, int64_t end) {
    NormArgs part = all;
    part.x += begin * n, part.y += begin * n, part.rows = end - begin;
    kernel(part);
  });
  return {};
}

// --- reductions ---

struct ReductionName {
  std::string_view op;
  Reduction kernel;
};
constexpr ReductionName kReductions[] = {{"ReduceSum", Reduction::sum},
                                         {"ReduceMean", Reduction::mean},
                                         {"ReduceMax", Reduction::max},
                                         {"ReduceMin", Reduction::min},
                                         {"ReduceSumSquare", Reduction::sum_square}};

const ReductionName* find_reduction(const NodeView& n) {
  if (!n.node.op->domain.empty() || !n.has(0) || n.fact(0).dtype != DType::float32) return nullptr;
  const auto found =
      std::find_if(std::begin(kReductions), std::end(kReductions), [&](const ReductionName& row) { return row.op == n.node.op->name; });
  return found == std::end(kReductions) ? nullptr : found;
}

std::optional<Reduction> global_reduction(const NodeView& n) {
  if (is_standard(n, "GlobalAveragePool")) return Reduction::mean;
  if (is_standard(n, "GlobalMaxPool")) return Reduction::max;
  return std::nullopt;
}

/// Length of a row when the reduced axes are the last ones; 0 otherwise.
int64_t reduced_row(const NodeView& n) {
  const Shape shape = *constant_shape(*n.fact(0).shape);
  const int64_t rank = int64_t(shape.size());
  if (global_reduction(n)) return rank > 2 ? product(*n.fact(0).shape, 2).constant().value_or(0) : 0;
  const Tensor* axes = n.constant(1);
  if (!axes || axes->dtype() != DType::int64 || axes->size() == 0) return 0;
  std::vector<bool> reduced(shape.size());
  for (int64_t axis : axes->data<int64_t>()) {
    if (axis < -rank || axis >= rank) return 0;
    reduced[size_t(axis < 0 ? axis + rank : axis)] = true;
  }
  int64_t row = 1;
  size_t d = shape.size();
  while (d > 0 && reduced[d - 1]) row *= shape[--d];
  return std::find(reduced.begin(), reduced.begin() + long(d), true) == reduced.begin() + long(d) ? row : 0;
}

bool matches_reduce(const NodeView& n) { return (find_reduction(n) || global_reduction(n)) && reduced_row(n) > 0; }

struct PreparedReduce {
  ReductionKernel kernel;
  int64_t row;
};

Result<std::shared_ptr<const void>> prepare_reduce(const NodeView& n, PackCache&) {
  const std::optional<Reduction> global = global_reduction(n);
  const Reduction kind = global ? *global : find_reduction(n)->kernel;
  return std::make_shared<PreparedReduce>(PreparedReduce{kernels().reduce[int(kind)], reduced_row(n)});
}

Result<void> run_reduce(const Call& call) {
  const auto& [kernel, row] = *static_cast<const PreparedReduce*>(call.prepared);
  const float* x = call.in(0);
  float* y = call.out();
  parallel(call.context, call.output().size(), grain_for(row * 4), [=, kernel = kernel, row = row](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) y[i] = kernel(x + i * row, row);
  });
  return {};
}

}  // namespace

extern const Kernel kernel_softmax, kernel_softmax_columns, kernel_norm, kernel_reduce;
const Kernel kernel_softmax{"softmax_rows", matches_softmax, run_softmax};
const Kernel kernel_softmax_columns{"softmax_columns", matches_softmax_columns, run_softmax_columns};
const Kernel kernel_norm{"norm_rows", matches_norm, run_norm};
const Kernel kernel_reduce{"reduce_rows", matches_reduce, run_reduce, prepare_reduce};

}  // namespace nacre::native
