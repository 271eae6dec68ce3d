// The kernel table, in order of preference. What no row matches is evaluated plainly.
#include <algorithm>
#include <iterator>

#include "backends/native/kernel.h"

namespace nacre::native {

extern const Kernel kernel_linear, kernel_matmul_fixed, kernel_matmul, kernel_activation, kernel_unary, kernel_binary, kernel_softmax,
    kernel_norm, kernel_reduce, kernel_transpose, kernel_conv, kernel_pool, kernel_attention, kernel_gather, kernel_concat, kernel_split,
    kernel_slice, kernel_expand, kernel_lstm, kernel_where, kernel_cast, kernel_typed_unary, kernel_typed_binary, kernel_swish,
    kernel_cast_blocks, kernel_softmax_columns;
extern const Kernel kernel_integer_linear, kernel_matmul_integer, kernel_q_linear_matmul, kernel_dynamic_quantize;
extern const Kernel kernel_conv_last, kernel_depthwise_last, kernel_pool_last, kernel_unary_last, kernel_activation_last,
    kernel_binary_last, kernel_concat_last, kernel_split_last, kernel_resize_last, kernel_conv_transpose_last;
extern const Kernel kernel_quantize, kernel_dequantize, kernel_lookup, kernel_binary_codes;
extern const Kernel kernel_conv_codes, kernel_depthwise_codes, kernel_conv_sums, kernel_depthwise_sums, kernel_pool_codes,
    kernel_quantize_last, kernel_dequantize_last, kernel_lookup_last, kernel_binary_codes_last, kernel_dynamic_quantize_last;

namespace {

const Kernel* const kTable[] = {
    &kernel_conv,
    &kernel_pool,
    &kernel_linear,
    &kernel_matmul_fixed,
    &kernel_matmul,
    &kernel_softmax,
    &kernel_softmax_columns,
    &kernel_norm,
    &kernel_reduce,
    &kernel_activation,
    &kernel_unary,
    &kernel_binary,
    &kernel_transpose,
    &kernel_attention,
    &kernel_gather,
    &kernel_concat,
    &kernel_split,
    &kernel_slice,
    &kernel_expand,
    &kernel_lstm,
    &kernel_where,
    &kernel_cast,
    &kernel_cast_blocks,
    &kernel_typed_unary,
    &kernel_typed_binary,
    &kernel_swish,
    &kernel_integer_linear,
    &kernel_matmul_integer,
    &kernel_q_linear_matmul,
    &kernel_dynamic_quantize,
    &kernel_quantize,
    &kernel_dequantize,
    &kernel_lookup,
    &kernel_binary_codes,
};

const Kernel* const kChannelsLast[] = {
    &kernel_depthwise_last,  &kernel_conv_last,         &kernel_pool_last,      &kernel_unary_last,    &kernel_activation_last,
    &kernel_binary_last,     &kernel_concat_last,       &kernel_split_last,     &kernel_resize_last,   &kernel_conv_transpose_last,
    &kernel_depthwise_codes, &kernel_conv_codes,        &kernel_pool_codes,     &kernel_quantize_last, &kernel_dequantize_last,
    &kernel_lookup_last,     &kernel_binary_codes_last, &kernel_depthwise_sums, &kernel_conv_sums,     &kernel_dynamic_quantize_last};

const Kernel* find_in(std::span<const Kernel* const> table, const NodeView& node) {
  for (const Kernel* kernel : table)
    if (kernel->matches(node)) return kernel;
  return nullptr;
}

constexpr std::string_view kViews[] = {"Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity"};

}  // namespace

const Kernel* find_kernel(const NodeView& node) { return find_in(kTable, node); }
const Kernel* find_channels_last(const NodeView& node) { return find_in(kChannelsLast, node); }

// A shape or axes that only the run knows are left to the reference, which checks them.
bool is_view(const NodeView& n) {
  const Op& op = *n.node.op;
  if (!op.domain.empty() || std::find(std::begin(kViews), std::end(kViews), op.name) == std::end(kViews)) return false;
  return !n.has(1) || (n.fact(1).values && constant_shape(*n.fact(1).values));
}

}  // namespace nacre::native
