#include "backends/onnxruntime/trial.h"

#include <algorithm>
#include <cmath>

#include "backends/onnxruntime/messages.h"
#include "backends/onnxruntime/values.h"

namespace nacre::onnxruntime {
namespace {

// Large enough for the matrix units whose absence killed a provider's first run.
constexpr int64_t kRows = 32, kSize = 64;

Result<void> run(const Library& library, const SessionOptions* options) {
  const std::string model = matmul_model(kRows, kSize);
  Session* raw = nullptr;
  NACRE_TRY(library.api.call(kCreateSessionFromArray, library.env, model.data(), model.size(), options, &raw));
  const auto session = library.api.own(raw, kReleaseSession);
  const std::vector<float> halves(size_t(kRows * kSize), 0.5f);
  const Value x(Tensor::of<float>({kRows, kSize}, std::span<const float>(halves)));
  const Handle input = NACRE_TRY(to_ort(library, x, Fact::of(x)));
  const char *const in = "x", *const out = "y";
  const OrtValue* const given = input.get();
  OrtValue* made = nullptr;
  NACRE_TRY(library.api.call(kRun, raw, nullptr, &in, &given, size_t{1}, &out, size_t{1}, &made));
  const Value y = NACRE_TRY(from_ort(library, library.api.own(made, kReleaseValue), {}, nullptr));
  for (float value : y.tensor().data<float>())
    if (std::abs(value - 0.5f * kSize) > 0.5f)
      return fail(ErrorCode::unavailable, "its first product is wrong: ", double(value), " instead of ", 0.5 * kSize);
  return {};
}

}  // namespace

Result<void> run_trial(const Library& library, const SessionOptions* options) {
  if (options) return run(library, options);
  SessionOptions* raw = nullptr;
  NACRE_TRY(library.api.call(kCreateSessionOptions, &raw));
  const auto defaults = library.api.own(raw, kReleaseSessionOptions);
  NACRE_TRY(library.api.call(kSetIntraOpNumThreads, raw, 1));
  return run(library, raw);
}

}  // namespace nacre::onnxruntime
