#include "ops/pooling.h"

#include <algorithm>
#include <cmath>

namespace nacre {

Result<Pool> plan_pool(const Evaluation& e) {
  const Shape& x = e.shape(0);
  if (x.size() < 3) return fail(ErrorCode::invalid_argument, "takes [n, c, ...] with a spatial axis, not ", x);
  Pool out{NACRE_TRY(lay_windows(NACRE_TRY(read_windows(e.attributes(), x.size() - 2, {})), x)), x[0] * x[1], {x[0], x[1]}};
  out.shape.insert(out.shape.end(), out.grid.output.begin(), out.grid.output.end());
  return out;
}

Result<void> infer_global_pool(Inference& inference) {
  const SymShape* x = inference.shape(0);
  inference.set(0, inference.dtype(0));
  if (!x) return {};
  if (x->size() < 2) return fail(ErrorCode::invalid_argument, "takes [n, c, ...], not ", *x);
  SymShape y(x->size(), 1);
  y[0] = (*x)[0], y[1] = (*x)[1];
  inference.set(0, inference.dtype(0), std::move(y));
  return {};
}

Result<void> global_pool(Evaluation& e, double (*reduce)(std::span<const double>, const Attributes&)) {
  const Tensor& x = e.input(0);
  if (x.rank() < 2) return fail(ErrorCode::invalid_argument, "takes [n, c, ...], not ", x.shape());
  Shape shape(x.shape().size(), 1);
  shape[0] = x.shape()[0], shape[1] = x.shape()[1];
  Tensor* y = NACRE_TRY(e.output(0, shape));
  const int64_t plane = NACRE_TRY(checked_count(std::span(x.shape()).subspan(2)));
  Tensor buffer = NACRE_TRY(e.scratch(DType::float64, {plane}));
  double* row = static_cast<double*>(buffer.mutable_raw());
  for (int64_t i = 0; i < y->size(); ++i) {
    load_as<double>(x.dtype(), x.raw(), i * plane, plane, row);
    const double value = reduce({row, static_cast<size_t>(plane)}, e.attributes());
    store_from<double>(y->dtype(), y->mutable_raw(), i, 1, &value);
  }
  return {};
}

Result<void> upgrade_float_p(Upgrade& upgrade) {
  const AttributeValue* p = upgrade.node.attributes.find("p");
  const float* value = p ? std::get_if<float>(p) : nullptr;
  if (!value) return {};
  if (*value != std::floor(*value) || *value < 1)
    return fail(ErrorCode::unsupported, "p = ", static_cast<double>(*value), ", not a whole number from 1");
  upgrade.node.attributes.set("p", static_cast<int64_t>(*value));
  return {};
}

}  // namespace nacre
