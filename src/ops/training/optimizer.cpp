#include "ops/training/optimizer.h"

namespace nacre {
namespace {

Result<size_t> tensor_count(size_t inputs, size_t outputs, size_t kinds) {
  const size_t n = inputs < 2 ? 0 : (inputs - 2) / kinds;
  if (n == 0 || inputs != 2 + n * kinds || outputs != n * (kinds - 1))
    return fail(ErrorCode::invalid_model, inputs, " inputs and ", outputs, " outputs; for n tensors it takes 2 + ", kinds, "n and gives ",
                kinds - 1, "n");
  return n;
}

}  // namespace

Result<void> infer_optimizer(Inference& inference, size_t kinds) {
  const size_t n = NACRE_TRY(tensor_count(inference.input_count(), inference.output_count(), kinds));
  for (size_t i = 0; i < n; ++i)
    for (size_t k = 0; k + 1 < kinds; ++k) {
      Fact fact = inference.input(2 + i + (k ? k + 1 : 0) * n);
      fact.values = nullptr;
      inference.set(i + k * n, std::move(fact));
    }
  return {};
}

Result<size_t> optimizer_tensors(const Evaluation& e, size_t kinds) {
  const size_t n = NACRE_TRY(tensor_count(e.input_count(), e.output_count(), kinds));
  for (size_t i = 0; i < n; ++i)
    for (size_t k = 0; k < kinds; ++k) {
      const size_t position = 2 + i + k * n;
      if (!e.has(position)) return fail(ErrorCode::invalid_model, "input ", position, " is absent");
      if (e.shape(position) != e.shape(2 + i))
        return fail(ErrorCode::invalid_argument, "input ", position, " is ", describe(e.input(position)), " for ",
                    describe(e.input(2 + i)));
    }
  return n;
}

}  // namespace nacre
