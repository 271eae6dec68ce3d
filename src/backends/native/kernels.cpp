// The kernel table, in order of preference. What no row matches is evaluated plainly.
#include <algorithm>
#include <iterator>

#include "backends/native/kernel.h"

namespace nacre::native {

extern const Kernel kernel_linear, kernel_matmul_fixed, kernel_matmul, kernel_activation, kernel_unary, kernel_binary, kernel_softmax,
    kernel_norm, kernel_reduce, kernel_transpose, kernel_conv, kernel_pool, kernel_attention, kernel_gather, kernel_concat, kernel_split,
    kernel_slice, kernel_expand, kernel_lstm, kernel_where, kernel_cast;

namespace {

const Kernel* const kTable[] = {
    &kernel_conv,   &kernel_pool,       &kernel_linear, &kernel_matmul_fixed, &kernel_matmul,    &kernel_softmax,   &kernel_norm,
    &kernel_reduce, &kernel_activation, &kernel_unary,  &kernel_binary,       &kernel_transpose, &kernel_attention, &kernel_gather,
    &kernel_concat, &kernel_split,      &kernel_slice,  &kernel_expand,       &kernel_lstm,      &kernel_where,     &kernel_cast,
};

constexpr std::string_view kViews[] = {"Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity"};

}  // namespace

const Kernel* find_kernel(const NodeView& node) {
  for (const Kernel* kernel : kTable)
    if (kernel->matches(node)) return kernel;
  return nullptr;
}

// A shape or axes that only the run knows are left to the reference, which checks them.
bool is_view(const NodeView& n) {
  const Op& op = *n.node.op;
  if (!op.domain.empty() || std::find(std::begin(kViews), std::end(kViews), op.name) == std::end(kViews)) return false;
  return !n.has(1) || (n.fact(1).values && constant_shape(*n.fact(1).values));
}

}  // namespace nacre::native
