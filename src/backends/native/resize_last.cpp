// Resize of images with channels last: each output position weighs a few input positions, all its channels at once.
#include <algorithm>
#include <cstring>

#include "backends/native/kernel.h"
#include "backends/native/parallel.h"
#include "ops/interpolation.h"

namespace nacre::native {
namespace {

struct PreparedResize {
  int64_t in[2] = {1, 1}, out[2] = {1, 1}, channels = 0;
  AxisTable axis[2];
  bool copies = false;  // every position is one input position
};

Shape shape_of(const Fact& fact) { return *constant_shape(*fact.shape); }

/// The scale of each axis, when constants say it.
std::optional<std::vector<double>> scales_of(const NodeView& n, const Shape& in, const Shape& out) {
  const Tensor *scales = n.constant(2), *sizes = n.constant(3);
  std::vector<double> all(in.size());
  for (size_t d = 0; d < in.size(); ++d) all[d] = double(out[d]) / double(std::max<int64_t>(in[d], 1));
  if (sizes && sizes->size() > 0) return all;
  if (!scales || scales->size() != int64_t(in.size()) || scales->dtype() != DType::float32) return std::nullopt;
  for (size_t d = 0; d < in.size(); ++d) all[d] = double(scales->data<float>()[d]);
  return all;
}

bool matches(const NodeView& n) {
  const Attributes& a = n.attributes();
  if (n.node.op->name != "Resize" || !n.node.op->domain.empty() || n.fact(0).dtype != DType::float32 || a.has("axes")) return false;
  if (a.string("keep_aspect_ratio_policy", "stretch") != "stretch" || a.integer("antialias", 0) ||
      a.string("coordinate_transformation_mode", "half_pixel") == "tf_crop_and_resize")
    return false;
  const Shape in = shape_of(n.fact(0)), out = shape_of(n.graph.fact(n.node.outputs[0]));
  if ((in.size() != 3 && in.size() != 4) || in[0] != out[0] || in[1] != out[1]) return false;
  if (std::find(in.begin(), in.end(), 0) != in.end()) return false;
  const auto scales = scales_of(n, in, out);
  return scales && (*scales)[0] == 1 && (*scales)[1] == 1 && interpolation(a);
}

Result<std::shared_ptr<const void>> prepare(const NodeView& n, PackCache&) {
  const Shape in = shape_of(n.fact(0)), out = shape_of(n.graph.fact(n.node.outputs[0]));
  const std::vector<double> scales = *scales_of(n, in, out);
  const Interpolation method = NACRE_TRY(interpolation(n.attributes()));
  auto prepared = std::make_shared<PreparedResize>();
  prepared->channels = in[1];
  for (size_t axis = 2; axis < in.size(); ++axis) {
    const size_t d = axis - in.size() + 2;
    prepared->in[d] = in[axis], prepared->out[d] = out[axis];
    prepared->axis[d] = axis_table(method, in[axis], out[axis], scales[axis]);
  }
  if (in.size() == 3) prepared->axis[0] = {1, {0}, {1}};
  prepared->copies = prepared->axis[0].taps == 1 && prepared->axis[1].taps == 1;
  return prepared;
}

/// One output row.
void resize_row(const PreparedResize& p, const float* x, int64_t row, float* y) {
  const AxisTable &rows = p.axis[0], &columns = p.axis[1];
  for (int64_t column = 0; column < p.out[1]; ++column, y += p.channels) {
    std::fill_n(y, p.channels, 0.0f);
    for (int64_t r = row * rows.taps; r < (row + 1) * rows.taps; ++r)
      for (int64_t c = column * columns.taps; c < (column + 1) * columns.taps; ++c) {
        const float weight = rows.weights[size_t(r)] * columns.weights[size_t(c)];
        const float* from = x + (rows.index[size_t(r)] * p.in[1] + columns.index[size_t(c)]) * p.channels;
        if (weight != 0)
          for (int64_t channel = 0; channel < p.channels; ++channel) y[channel] += weight * from[channel];
      }
  }
}

void copy_row(const PreparedResize& p, const float* x, int64_t row, float* y) {
  const float* line = x + p.axis[0].index[size_t(row)] * p.in[1] * p.channels;
  for (int64_t column = 0; column < p.out[1]; ++column, y += p.channels)
    std::memcpy(y, line + p.axis[1].index[size_t(column)] * p.channels, size_t(p.channels) * 4);
}

Result<void> run(const Call& call) {
  const PreparedResize& p = *static_cast<const PreparedResize*>(call.prepared);
  if (call.output().size() == 0) return {};
  const int64_t rows = p.out[0], in_image = p.in[0] * p.in[1] * p.channels, out_row = p.out[1] * p.channels;
  const float* x = call.in(0);
  float* y = call.out();
  parallel(call.context, call.input(0).shape()[0] * rows, grain_for(out_row * 4), [&](int64_t begin, int64_t end) {
    for (int64_t item = begin; item < end; ++item)
      (p.copies ? copy_row : resize_row)(p, x + item / rows * in_image, item % rows, y + item * out_row);
  });
  return {};
}

}  // namespace

extern const Kernel kernel_resize_last;
const Kernel kernel_resize_last{"resize_last", matches, run, prepare, {.images = 1}};

}  // namespace nacre::native
