#include "ops/ml/kernel_function.h"

#include <cmath>

namespace nacre {

double KernelFunction::operator()(std::span<const double> x, const float* vector) const {
  double sum = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double other = vector[i], apart = x[i] - other;
    sum += kind == rbf ? apart * apart : x[i] * other;
  }
  switch (kind) {
    case poly: return std::pow(gamma * sum + offset, degree);
    case rbf: return std::exp(-gamma * sum);
    case sigmoid: return std::tanh(gamma * sum + offset);
    default: return sum;
  }
}

Result<KernelFunction> read_kernel_function(const Attributes& attributes) {
  const std::string name = attributes.string("kernel_type", "LINEAR");
  const std::vector<float> given = attributes.reals("kernel_params");
  if (!given.empty() && given.size() != 3) return fail(ErrorCode::invalid_model, given.size(), " kernel_params: expected 3");
  KernelFunction out;
  if (!given.empty()) out = {KernelFunction::linear, given[0], given[1], given[2]};
  if (name == "POLY")
    out.kind = KernelFunction::poly;
  else if (name == "RBF")
    out.kind = KernelFunction::rbf;
  else if (name == "SIGMOID")
    out.kind = KernelFunction::sigmoid;
  else if (name != "LINEAR")
    return fail(ErrorCode::invalid_model, "kernel_type '", name, "' is none of LINEAR, POLY, RBF, SIGMOID");
  return out;
}

}  // namespace nacre
