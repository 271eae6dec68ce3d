// fp32 elementwise kernels: unary functions, activations, and binary operators with broadcasting.
#include "ops/elementwise.h"

#include <algorithm>
#include <iterator>

#include "backends/native/activation.h"
#include "backends/native/kernel.h"
#include "backends/native/kernels/kernels.h"
#include "backends/native/layout.h"
#include "backends/native/parallel.h"

namespace nacre::native {
namespace {

bool is_float(const NodeView& n, size_t i) { return n.has(i) && n.fact(i).dtype == DType::float32; }

struct UnaryName {
  std::string_view op;
  Unary kernel;
};
constexpr UnaryName kUnary[] = {{"Neg", Unary::neg},     {"Abs", Unary::abs},   {"Sqrt", Unary::sqrt},   {"Reciprocal", Unary::reciprocal},
                                {"Floor", Unary::floor}, {"Ceil", Unary::ceil}, {"Round", Unary::round}, {"Exp", Unary::exp},
                                {"Log", Unary::log},     {"Erf", Unary::erf},   {"Sin", Unary::sin},     {"Cos", Unary::cos},
                                {"Asin", Unary::asin},   {"Acos", Unary::acos}, {"Atan", Unary::atan}};

const UnaryName* find_unary(const NodeView& n) {
  if (!n.node.op->domain.empty()) return nullptr;
  const auto found = std::find_if(std::begin(kUnary), std::end(kUnary), [&](const UnaryName& row) { return row.op == n.node.op->name; });
  return found == std::end(kUnary) ? nullptr : found;
}

bool matches_unary(const NodeView& n) { return is_float(n, 0) && find_unary(n); }

Result<std::shared_ptr<const void>> prepare_unary(const NodeView& n, PackCache&) {
  return std::make_shared<UnaryKernel>(kernels().unary[int(find_unary(n)->kernel)]);
}

Result<void> run_unary(const Call& call) {
  const UnaryKernel kernel = *static_cast<const UnaryKernel*>(call.prepared);
  const float* x = call.in(0);
  float* y = call.out();
  parallel(call.context, call.output().size(), 4096, [=](int64_t begin, int64_t end) { kernel(x + begin, y + begin, end - begin); });
  return {};
}

bool matches_activation(const NodeView& n) { return is_float(n, 0) && activation_of(n).has_value(); }

Result<std::shared_ptr<const void>> prepare_activation(const NodeView& n, PackCache&) {
  return std::make_shared<ActivationSpec>(*activation_of(n));
}

Result<void> run_activation(const Call& call) {
  const ActivationSpec spec = *static_cast<const ActivationSpec*>(call.prepared);
  const float* x = call.in(0);
  float* y = call.out();
  constexpr int64_t kWarm = 4096;  // what is scaled is still in the cache
  parallel(call.context, call.output().size(), 2048, [=](int64_t begin, int64_t end) {
    for (int64_t at = begin, count; at < end; at += count) {
      count = spec.scale == 1 ? end - at : std::min(kWarm, end - at);
      kernels().activate(spec.kind, spec.alpha, spec.beta, x + at, y + at, count);
      if (spec.scale != 1) kernels().binary[int(Binary::mul)](y + at, 1, &spec.scale, 0, y + at, count);
    }
  });
  return {};
}

struct BinaryName {
  std::string_view op;
  Binary kernel;
};
constexpr BinaryName kBinary[] = {{"Add", Binary::add}, {"Sub", Binary::sub}, {"Mul", Binary::mul}, {"Div", Binary::div},
                                  {"Min", Binary::min}, {"Max", Binary::max}, {"Pow", Binary::pow}};

const BinaryName* find_binary(const NodeView& n) {
  if (!n.node.op->domain.empty()) return nullptr;
  const auto found = std::find_if(std::begin(kBinary), std::end(kBinary), [&](const BinaryName& row) { return row.op == n.node.op->name; });
  return found == std::end(kBinary) ? nullptr : found;
}

bool matches_binary(const NodeView& n) { return n.node.formal_inputs() == 2 && is_float(n, 0) && is_float(n, 1) && find_binary(n); }

struct PreparedBinary {
  BinaryKernel kernel;
  BroadcastWalk walk;
};

Result<std::shared_ptr<const void>> prepare_binary(const NodeView& n, PackCache&) {
  const Shape a = *constant_shape(*n.fact(0).shape), b = *constant_shape(*n.fact(1).shape), out = NACRE_TRY(broadcast(a, b));
  const Shape* shapes[] = {&a, &b};
  return std::make_shared<PreparedBinary>(PreparedBinary{kernels().binary[int(find_binary(n)->kernel)], BroadcastWalk(out, shapes)});
}

/// Each operand of an operator on images is one too, or lies the same in both layouts.
bool matches_binary_last(const NodeView& n) {
  if (!matches_binary(n)) return false;
  const size_t rank = n.graph.fact(n.node.outputs[0]).shape->size();
  for (size_t i = 0; i < 2; ++i) {
    Shape shape = *constant_shape(*n.fact(i).shape);
    if (shape.size() == rank) continue;
    shape.insert(shape.begin(), rank - shape.size(), 1);
    if (!is_layout_free(shape)) return false;
  }
  return rank >= 3;
}

Result<std::shared_ptr<const void>> prepare_binary_last(const NodeView& n, PackCache&) {
  Shape a = *constant_shape(*n.fact(0).shape), b = *constant_shape(*n.fact(1).shape);
  const size_t rank = std::max(a.size(), b.size());
  for (Shape* shape : {&a, &b}) {
    shape->insert(shape->begin(), rank - shape->size(), 1);
    *shape = with_channels_last(*shape);
  }
  const Shape* shapes[] = {&a, &b};
  const Shape out = NACRE_TRY(broadcast(a, b));
  return std::make_shared<PreparedBinary>(PreparedBinary{kernels().binary[int(find_binary(n)->kernel)], BroadcastWalk(out, shapes)});
}

Result<void> run_binary(const Call& call) {
  const auto& [kernel, walk] = *static_cast<const PreparedBinary*>(call.prepared);
  const float *x = call.in(0), *z = call.in(1);
  float* y = call.out();
  const int64_t sx = walk.run_strides[0], sz = walk.run_strides[1], length = walk.run_length;
  auto run = [&, kernel = kernel](int64_t which, int64_t begin, int64_t end) {
    int64_t at[2];
    walk.offsets(which, at);
    kernel(x + at[0] + begin * sx, sx, z + at[1] + begin * sz, sz, y + which * length + begin, end - begin);
  };
  if (walk.runs == 1) {
    parallel(call.context, length, 4096, [&](int64_t begin, int64_t end) { run(0, begin, end); });
  } else {
    parallel(call.context, walk.runs, grain_for(length * 4), [&](int64_t begin, int64_t end) {
      for (int64_t which = begin; which < end; ++which) run(which, 0, length);
    });
  }
  return {};
}

}  // namespace

extern const Kernel kernel_unary, kernel_activation, kernel_binary, kernel_unary_last, kernel_activation_last, kernel_binary_last;
const Kernel kernel_unary{"unary", matches_unary, run_unary, prepare_unary};
const Kernel kernel_activation{"activation", matches_activation, run_activation, prepare_activation};
const Kernel kernel_binary{"binary", matches_binary, run_binary, prepare_binary};
// Element by element, the layout does not matter as long as it is kept.
const Kernel kernel_unary_last{"unary", matches_unary, run_unary, prepare_unary};
const Kernel kernel_activation_last{"activation", matches_activation, run_activation, prepare_activation, {.images = 1}};
const Kernel kernel_binary_last{"binary_last", matches_binary_last, run_binary, prepare_binary_last};

}  // namespace nacre::native
