// Shared by the optimiser operators: inputs are the rate, the step, then `kinds` groups of n tensors (x, gradient, state);
// outputs the new x and the new states, n of each.
#pragma once

#include "ops/elementwise.h"

namespace nacre {

Result<void> infer_optimizer(Inference& inference, size_t kinds);

/// How many tensors are trained, after checking that counts and shapes agree.
Result<size_t> optimizer_tensors(const Evaluation& e, size_t kinds);

/// Calls update(rate, step, values) for every element, values = {x, gradient, states...} to be changed in place.
template <class Update>
Result<void> update_all(Evaluation& e, size_t kinds, Update update) {
  const size_t n = NACRE_TRY(optimizer_tensors(e, kinds));
  const double rate = NACRE_TRY(e.real(0)), step = NACRE_TRY(e.real(1));
  std::vector<double> values(kinds);
  for (size_t tensor = 0; tensor < n; ++tensor) {
    NACRE_TRY(e.checkpoint());
    std::vector<Tensor*> out(kinds - 1);
    for (size_t k = 0; k < out.size(); ++k) {
      const size_t input = 2 + tensor + (k ? k + 1 : 0) * n;
      out[k] = NACRE_TRY(e.output(tensor + k * n, e.dtype(input), e.shape(input)));
    }
    for (int64_t i = 0; i < out[0]->size(); ++i) {
      for (size_t k = 0; k < kinds; ++k) {
        const Tensor& in = e.input(2 + tensor + k * n);
        load_as<double>(in.dtype(), in.raw(), i, 1, &values[k]);
      }
      update(rate, step, std::span<double>(values));
      for (size_t k = 0; k < out.size(); ++k) store_from<double>(out[k]->dtype(), out[k]->mutable_raw(), i, 1, &values[k ? k + 1 : 0]);
    }
  }
  return {};
}

}  // namespace nacre
