// DeformConv: convolution whose taps are moved by offsets (and weighed by a mask), read between pixels bilinearly.
// https://onnx.ai/onnx/operators/onnx__DeformConv.html
#include <cmath>

#include "ops/op.h"

namespace nacre {
namespace {

// Inputs: x [N,C,H,W], weights [M,C/group,kh,kw], offset [N,offset_group*kh*kw*2,oh,ow], bias [M], mask like offset / 2.
Result<void> infer(Inference& inference) {
  const SymShape *x = inference.shape(0), *w = inference.shape(1), *offset = inference.shape(2);
  if (x && x->size() != 4) return fail(ErrorCode::unsupported, "DeformConv of ", *x, ": only two spatial axes");
  inference.set(0, inference.dtype(0),
                SymShape{x ? (*x)[0] : inference.fresh(), w && w->size() == 4 ? (*w)[0] : inference.fresh(),
                         offset && offset->size() == 4 ? (*offset)[2] : inference.fresh(),
                         offset && offset->size() == 4 ? (*offset)[3] : inference.fresh()});
  return {};
}

struct Geometry {
  Shape x, w, offset;
  std::vector<int64_t> pads, strides, dilations;
  int64_t group, offset_group, taps;
};

Result<Geometry> geometry(Evaluation& e) {
  const Attributes& a = e.attributes();
  Geometry g{e.shape(0),
             e.shape(1),
             e.shape(2),
             a.integers("pads", {0, 0, 0, 0}),
             a.integers("strides", {1, 1}),
             a.integers("dilations", {1, 1}),
             a.integer("group", 1),
             a.integer("offset_group", 1),
             0};
  const auto misfit = [&] {
    return fail(ErrorCode::invalid_argument, "weights ", g.w, " and offsets ", g.offset, " do not fit input ", g.x);
  };
  if (g.x.size() != 4 || g.w.size() != 4 || g.offset.size() != 4 || g.pads.size() != 4 || g.strides.size() != 2 || g.dilations.size() != 2)
    return misfit();
  g.taps = g.w[2] * g.w[3];
  if (g.group < 1 || g.offset_group < 1 || g.x[1] != g.w[1] * g.group || g.w[0] % g.group != 0 || g.x[1] % g.offset_group != 0)
    return misfit();
  if (g.offset[0] != g.x[0] || g.offset[1] != g.offset_group * g.taps * 2) return misfit();
  for (int d = 0; d < 2; ++d) {
    for (int64_t part : {g.strides[d], g.dilations[d], g.pads[d] + 1, g.pads[d + 2] + 1})
      if (part < 1 || part > INT32_MAX) return fail(ErrorCode::invalid_model, "strides, dilations or pads are out of range: ", part);
    const int64_t room = g.x[2 + d] + g.pads[d] + g.pads[d + 2] - ((g.w[2 + d] - 1) * g.dilations[d] + 1);
    if (room < 0 || g.offset[2 + d] != room / g.strides[d] + 1) return misfit();
  }
  if (e.has(3) && e.shape(3) != Shape{g.w[0]}) return fail(ErrorCode::invalid_argument, "bias ", e.shape(3), " for ", g.w[0], " channels");
  if (e.has(4) && e.shape(4) != Shape{g.x[0], g.offset_group * g.taps, g.offset[2], g.offset[3]})
    return fail(ErrorCode::invalid_argument, "mask ", e.shape(4), " does not fit offsets ", g.offset);
  return g;
}

template <class T>
T read_between(const T* image, double y, double x, int64_t height, int64_t width) {
  if (!(y > -1 && x > -1 && y < static_cast<double>(height) && x < static_cast<double>(width))) return 0;
  const auto top = static_cast<int64_t>(std::floor(y)), left = static_cast<int64_t>(std::floor(x));
  const T v = static_cast<T>(y - static_cast<double>(top)), u = static_cast<T>(x - static_cast<double>(left));
  const auto pixel = [&](int64_t row, int64_t column) {
    return row >= 0 && row < height && column >= 0 && column < width ? image[row * width + column] : T(0);
  };
  return (1 - v) * ((1 - u) * pixel(top, left) + u * pixel(top, left + 1)) +
         v * ((1 - u) * pixel(top + 1, left) + u * pixel(top + 1, left + 1));
}

// Reads the input once per tap and position into columns [C * taps], then multiplies with every filter of the group.
template <class T>
Result<void> convolve(Evaluation& e, const Geometry& g, const T* x, const T* w, const T* offset, const T* bias, const T* mask, Tensor& y) {
  const int64_t height = g.x[2], width = g.x[3], channels = g.x[1], out = g.offset[2] * g.offset[3], per_offset = channels / g.offset_group,
                filters = g.w[0] / g.group;
  std::vector<T> column(static_cast<size_t>(channels * g.taps));
  for (int64_t n = 0; n < g.x[0]; ++n)
    for (int64_t at = 0; at < out; ++at) {
      if (at % 64 == 0) NACRE_TRY(e.checkpoint());
      for (int64_t c = 0; c < channels; ++c)
        for (int64_t tap = 0; tap < g.taps; ++tap) {
          const int64_t place = (n * g.offset_group + c / per_offset) * g.taps + tap;
          const double row = static_cast<double>(at / g.offset[3] * g.strides[0] - g.pads[0] + tap / g.w[3] * g.dilations[0]) +
                             static_cast<double>(offset[2 * place * out + at]);
          const double col = static_cast<double>(at % g.offset[3] * g.strides[1] - g.pads[1] + tap % g.w[3] * g.dilations[1]) +
                             static_cast<double>(offset[(2 * place + 1) * out + at]);
          column[c * g.taps + tap] =
              read_between(x + (n * channels + c) * height * width, row, col, height, width) * (mask ? mask[place * out + at] : T(1));
        }
      for (int64_t m = 0; m < g.w[0]; ++m) {
        const int64_t count = g.w[1] * g.taps;
        const T *filter = w + m * count, *part = column.data() + m / filters * count;
        double sum = bias ? static_cast<double>(bias[m]) : 0;
        for (int64_t k = 0; k < count; ++k) sum += static_cast<double>(filter[k]) * static_cast<double>(part[k]);
        store_from<double>(y.dtype(), y.mutable_raw(), (n * g.w[0] + m) * out + at, 1, &sum);
      }
    }
  return {};
}

template <class T>
Result<void> run(Evaluation& e, const Geometry& g, Tensor& y) {
  std::vector<T> copies[5];
  const T* inputs[5] = {};
  for (size_t i = 0; i < 5; ++i)
    if (e.has(i)) inputs[i] = elements_as<T>(e.input(i), copies[i]);
  return convolve<T>(e, g, inputs[0], inputs[1], inputs[2], inputs[3], inputs[4], y);
}

Result<void> evaluate(Evaluation& e) {
  const Geometry g = NACRE_TRY(geometry(e));
  Tensor* y = NACRE_TRY(e.output(0, {g.x[0], g.w[0], g.offset[2], g.offset[3]}));
  return e.dtype(0) == DType::float64 ? run<double>(e, g, *y) : run<float>(e, g, *y);
}

}  // namespace

extern const Op op_deform_conv;
const Op op_deform_conv{.name = "DeformConv",
                        .since = {19, 22},
                        .types = float_types,
                        .inputs = {3, 5},
                        .infer = infer,
                        .evaluate = evaluate,
                        .kind = OpKind::convolution};

}  // namespace nacre
