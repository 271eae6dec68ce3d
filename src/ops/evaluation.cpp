#include "ops/evaluation.h"

namespace nacre {

Result<std::vector<int64_t>> Evaluation::integers(size_t i) const {
  const Tensor& tensor = input(i);
  if (!is_integer(tensor.dtype())) return fail(ErrorCode::invalid_argument, "input ", i, " is ", describe(tensor), ", not integers");
  std::vector<int64_t> out(static_cast<size_t>(tensor.size()));
  load_as<int64_t>(tensor.dtype(), tensor.raw(), 0, tensor.size(), out.data());
  return out;
}

Result<int64_t> Evaluation::integer(size_t i) const {
  const std::vector<int64_t> all = NACRE_TRY(integers(i));
  if (all.size() != 1) return fail(ErrorCode::invalid_argument, "input ", i, " is ", describe(input(i)), ", not one number");
  return all[0];
}

Result<double> Evaluation::real(size_t i) const {
  const Tensor& tensor = input(i);
  if (tensor.size() != 1 || tensor.dtype() == DType::string || is_complex(tensor.dtype()))
    return fail(ErrorCode::invalid_argument, "input ", i, " is ", describe(tensor), ", not one number");
  double out = 0;
  load_as<double>(tensor.dtype(), tensor.raw(), 0, 1, &out);
  return out;
}

Result<Tensor*> Evaluation::output(size_t i, DType dtype, const Shape& shape) {
  if (i >= outputs_.size()) {
    unwanted_.push_back(std::make_unique<Value>(NACRE_TRY(host_.allocate(dtype, shape))));
    return &unwanted_.back()->tensor();
  }
  outputs_[i] = Value(NACRE_TRY(host_.allocate_output(i, dtype, shape)));
  return &outputs_[i].tensor();
}

}  // namespace nacre
