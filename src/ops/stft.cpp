// STFT: the Fourier transform of windows of a signal, `frame_step` apart.
// https://onnx.ai/onnx/operators/onnx__STFT.html
#include <algorithm>

#include "ops/fourier.h"
#include "ops/op.h"

namespace nacre {
namespace {

// The frame's length, as far as the inputs that may say it are known.
std::optional<SymDim> frame_length(const Inference& inference) {
  if (inference.has(3)) {
    const std::vector<SymDim>* given = inference.values(3);
    return given && given->size() == 1 ? std::optional((*given)[0]) : std::nullopt;
  }
  const SymShape* window = inference.shape(2);
  return window && window->size() == 1 ? std::optional((*window)[0]) : std::nullopt;
}

Result<void> infer(Inference& inference) {
  const SymShape* shape = inference.shape(0);
  if (shape && shape->size() != 3 && shape->size() != 2)
    return fail(ErrorCode::invalid_argument, "takes [batch, signal, 1 or 2], given ", *shape);
  const std::optional<SymDim> length = frame_length(inference);
  const std::optional<std::vector<int64_t>> step = inference.integers(1);
  SymShape out = inference.fresh_shape(4);
  if (shape) out[0] = (*shape)[0];
  if (shape && length && step && step->size() == 1 && (*step)[0] > 0) out[1] = floor_div((*shape)[1] - *length, (*step)[0]) + 1;
  if (length) out[2] = inference.attributes().integer("onesided", 1) != 0 ? floor_div(*length, 2) + 1 : *length;
  out[3] = 2;
  inference.set(0, inference.dtype(0), std::move(out));
  return {};
}

struct Framing {
  int64_t batch, signal, parts, step, length, frames, bins;
};

Result<Framing> framing(Evaluation& e) {
  const Shape& shape = e.shape(0);
  const bool fits = shape.size() == 2 || (shape.size() == 3 && (shape[2] == 1 || shape[2] == 2));
  if (!fits || (e.has(2) && e.input(2).rank() != 1))
    return fail(ErrorCode::invalid_argument, "takes [batch, signal, 1 or 2] and a window, given ", describe(e.input(0)));
  Framing out{shape[0], shape[1], shape.size() == 3 ? shape[2] : 1, NACRE_TRY(e.integer(1)), 0, 0, 0};
  out.length = e.has(3) ? NACRE_TRY(e.integer(3)) : e.has(2) ? e.input(2).size() : out.signal;
  if (out.step < 1 || out.length < 1 || out.length > out.signal || (e.has(2) && e.input(2).size() > out.length))
    return fail(ErrorCode::invalid_argument, "frames of ", out.length, ", ", out.step, " apart, in a signal of ", out.signal);
  const bool onesided = e.attributes().integer("onesided", 1) != 0;
  if (onesided && out.parts == 2) return fail(ErrorCode::invalid_argument, "onesided needs a real signal, given ", describe(e.input(0)));
  out.frames = 1 + (out.signal - out.length) / out.step;
  out.bins = onesided ? out.length / 2 + 1 : out.length;
  return out;
}

Result<void> evaluate(Evaluation& e) {
  const Framing f = NACRE_TRY(framing(e));
  Tensor* y = NACRE_TRY(e.output(0, {f.batch, f.frames, f.bins, 2}));
  std::vector<double> converted, window_scratch, spectrum(static_cast<size_t>(2 * f.bins));
  const double* x = elements_as<double>(e.input(0), converted);
  const double* window = e.has(2) ? elements_as<double>(e.input(2), window_scratch) : nullptr;
  const int64_t taps = window ? e.input(2).size() : f.length;
  Fourier fourier(static_cast<size_t>(f.length), false);
  ComplexLine line(static_cast<size_t>(f.length));
  for (int64_t frame = 0; frame < f.batch * f.frames; ++frame) {
    NACRE_TRY(e.checkpoint());
    const double* begin = x + (frame / f.frames * f.signal + frame % f.frames * f.step) * f.parts;
    std::fill(line.begin(), line.end(), 0);
    for (int64_t i = 0; i < taps; ++i) {
      const std::complex<double> sample{begin[i * f.parts], f.parts == 2 ? begin[2 * i + 1] : 0};
      line[i] = window ? sample * window[i] : sample;
    }
    fourier.transform(line);
    for (int64_t i = 0; i < f.bins; ++i) spectrum[2 * i] = line[i].real(), spectrum[2 * i + 1] = line[i].imag();
    store_from<double>(y->dtype(), y->mutable_raw(), frame * 2 * f.bins, 2 * f.bins, spectrum.data());
  }
  return {};
}

}  // namespace

extern const Op op_stft;
const Op op_stft{.name = "STFT", .since = {17}, .types = float_types, .inputs = {2, 4}, .infer = infer, .evaluate = evaluate};

}  // namespace nacre
