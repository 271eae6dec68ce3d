// Pools of 8-bit codes with channels last: MaxPool, and averages of codes.
#include <algorithm>

#include "backends/native/codes.h"
#include "backends/native/convolution.h"
#include "backends/native/parallel.h"

namespace nacre::native {
namespace {

struct PreparedPool : PoolSpec {
  CodeScale x, y;
};

bool is_average(const NodeView& n) {
  const std::string_view op = n.node.op->name;
  return n.node.op->domain == "nacre" && (op == "QLinearAveragePool" || op == "QLinearGlobalAveragePool");
}

bool matches_pool(const NodeView& n) {
  const bool is_max = n.node.op->domain.empty() && n.node.op->name == "MaxPool" && !n.node.has_output(1);
  if ((!is_max && !is_average(n)) || !is_codes(n.fact(0)) || n.attributes().integer("ceil_mode", 0) != 0) return false;
  const size_t rank = n.fact(0).shape->size();
  return (rank == 3 || rank == 4) && (is_max || (has_code_scale(n, 1) && has_code_scale(n, 3)));
}

Result<std::shared_ptr<const void>> prepare_pool(const NodeView& n, PackCache&) {
  auto out = std::make_shared<PreparedPool>();
  if (n.node.op->name == "QLinearGlobalAveragePool") {
    const Shape x = *constant_shape(*n.fact(0).shape);
    for (size_t axis = 2; axis < x.size(); ++axis)
      out->window.input[axis + 2 - x.size()] = out->window.kernel[axis + 2 - x.size()] = x[axis];
    out->pooling = Pooling::average;
  } else {
    static_cast<PoolSpec&>(*out) = NACRE_TRY(read_pool(n));
  }
  out->x.is_signed = n.fact(0).dtype == DType::int8;
  if (is_average(n)) out->x = code_scale(n, 1, n.fact(0).dtype), out->y = code_scale(n, 3, n.fact(0).dtype);
  return out;
}

Result<void> run_pool(const Call& call) {
  const PreparedPool& p = *static_cast<const PreparedPool*>(call.prepared);
  if (call.output().size() == 0) return {};
  const Shape& shape = call.input(0).shape();
  const int64_t channels = shape[1], in_image = p.window.input[0] * p.window.input[1] * channels,
                out_image = p.window.output[0] * p.window.output[1] * channels, rows = p.window.output[0];
  Tensor scratch = NACRE_TRY(call.scratch(workers(call.context) * channels * 4));
  int32_t* sums = static_cast<int32_t*>(scratch.mutable_raw());
  parallel_with_thread(call.context, shape[0] * rows, 1, [&](int64_t begin, int64_t end, int thread) {
    for (int64_t item = begin; item < end; ++item)
      kernels().pool_codes({.window = p.window,
                            .pooling = p.pooling,
                            .x = call.in<uint8_t>(0) + item / rows * in_image,
                            .y = call.out<uint8_t>() + item / rows * out_image,
                            .channels = channels,
                            .row_begin = item % rows,
                            .row_end = item % rows + 1,
                            .x_scale = p.x,
                            .y_scale = p.y,
                            .sums = sums + thread * channels});
  });
  return {};
}

}  // namespace

extern const Kernel kernel_pool_codes;
const Kernel kernel_pool_codes{"pool_codes", matches_pool, run_pool, prepare_pool, {.images = 1, .starts = true}};

}  // namespace nacre::native
