// nacre.QLinearGlobalAveragePool: y = quantize(GlobalAveragePool(dequantize(x))), of x's dtype. Inputs as QLinearAveragePool's.
#include "ops/nacre/codes.h"
#include "ops/pooling.h"

namespace nacre {
namespace {

Result<void> evaluate(Evaluation& e) {
  const float x_scale = NACRE_TRY(scale_of(e, 1)), y_scale = NACRE_TRY(scale_of(e, 3));
  const int32_t x_zero = NACRE_TRY(zero_of(e, 2)), y_zero = NACRE_TRY(zero_of(e, 4));
  const Tensor& x = e.input(0);
  if (x.rank() < 2) return fail(ErrorCode::invalid_argument, "takes [n, c, ...], not ", x.shape());
  Shape shape(x.shape().size(), 1);
  shape[0] = x.shape()[0], shape[1] = x.shape()[1];
  Tensor* y = NACRE_TRY(e.output(0, shape));
  const int64_t planes = y->size(), plane = planes ? x.size() / planes : 0;
  std::vector<int64_t> codes(static_cast<size_t>(x.size())), out(static_cast<size_t>(planes));
  load_as<int64_t>(x.dtype(), x.raw(), 0, x.size(), codes.data());
  const float unit = x_scale / (y_scale * static_cast<float>(plane));
  for (int64_t p = 0; p < planes; ++p) {
    int64_t sum = 0;
    for (int64_t i = 0; i < plane; ++i) sum += codes[p * plane + i] - x_zero;
    out[p] = nearest_code(static_cast<float>(sum) * unit, y_zero, y->dtype());
  }
  store_from<int64_t>(y->dtype(), y->mutable_raw(), 0, planes, out.data());
  return {};
}

}  // namespace

extern const Op op_nacre_q_linear_global_average_pool;
const Op op_nacre_q_linear_global_average_pool{.name = "QLinearGlobalAveragePool",
                                               .domain = "nacre",
                                               .since = {1},
                                               .types = kCodes,
                                               .inputs = {5, 5},
                                               .infer = infer_global_pool,
                                               .evaluate = evaluate,
                                               .kind = OpKind::pooling};

}  // namespace nacre
