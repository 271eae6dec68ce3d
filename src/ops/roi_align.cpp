// RoiAlign: pools regions of interest from bilinear samples inside each bin (Mask R-CNN).
// https://onnx.ai/onnx/operators/onnx__RoiAlign.html
#include <cmath>

#include "ops/op.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) {
  const SymShape *x = inference.shape(0), *rois = inference.shape(1);
  const Attributes& attributes = inference.attributes();
  inference.set(0, inference.dtype(0),
                SymShape{rois && !rois->empty() ? (*rois)[0] : inference.fresh(), x && x->size() == 4 ? (*x)[1] : inference.fresh(),
                         attributes.integer("output_height", 1), attributes.integer("output_width", 1)});
  return {};
}

struct Sample {
  int64_t at[4];
  double weight[4];
};

// The four pixels around a position; outside the image nothing counts.
Sample sample_at(double y, double x, int64_t height, int64_t width) {
  if (!(y >= -1 && y <= static_cast<double>(height) && x >= -1 && x <= static_cast<double>(width))) return {};
  y = std::max(y, 0.0), x = std::max(x, 0.0);
  int64_t top = static_cast<int64_t>(y), left = static_cast<int64_t>(x), bottom = top + 1, right = left + 1;
  if (top >= height - 1) y = static_cast<double>(top = bottom = height - 1);
  if (left >= width - 1) x = static_cast<double>(left = right = width - 1);
  const double v = y - static_cast<double>(top), u = x - static_cast<double>(left);
  return {{top * width + left, top * width + right, bottom * width + left, bottom * width + right},
          {(1 - v) * (1 - u), (1 - v) * u, v * (1 - u), v * u}};
}

struct Setting {
  int64_t height, width, ratio;
  double scale, offset;
  bool half_pixel, takes_max;
};

Result<Setting> setting(const Attributes& attributes) {
  const bool half = attributes.string("coordinate_transformation_mode", "half_pixel") == "half_pixel";
  const Setting out{attributes.integer("output_height", 1),
                    attributes.integer("output_width", 1),
                    attributes.integer("sampling_ratio", 0),
                    attributes.real("spatial_scale", 1),
                    half ? 0.5 : 0,
                    half,
                    attributes.string("mode", "avg") == "max"};
  if (out.height < 1 || out.width < 1 || out.ratio > 4096)
    return fail(ErrorCode::invalid_model, "output ", out.height, " by ", out.width, " of ratio ", out.ratio);
  return out;
}

template <class T>
double pool(const T* image, std::span<const Sample> samples, bool takes_max) {
  double sum = 0, most = 0;
  for (size_t i = 0; i < samples.size(); ++i) {
    double best = -INFINITY;
    for (int k = 0; k < 4; ++k) {
      const double part = samples[i].weight[k] * static_cast<double>(image[samples[i].at[k]]);
      sum += part;
      best = std::max(best, part);
    }
    most = i == 0 ? best : std::max(most, best);
  }
  return takes_max ? most : sum / std::max<double>(static_cast<double>(samples.size()), 1);
}

// One region: the samples of a bin are shared by all channels.
template <class T>
Result<void> align(Evaluation& e, const Setting& s, const T* x, const double* roi, int64_t number, Tensor& y) {
  const Shape& in = e.shape(0);
  const double left = roi[0] * s.scale - s.offset, top = roi[1] * s.scale - s.offset;
  double width = roi[2] * s.scale - s.offset - left, height = roi[3] * s.scale - s.offset - top;
  if (!s.half_pixel) width = std::max(width, 1.0), height = std::max(height, 1.0);
  const double bin_height = height / static_cast<double>(s.height), bin_width = width / static_cast<double>(s.width);
  if (!(std::abs(bin_height) < 4096 && std::abs(bin_width) < 4096))
    return fail(ErrorCode::invalid_argument, "region ", number, " is ", width, " by ", height);
  const int64_t down = s.ratio > 0 ? s.ratio : static_cast<int64_t>(std::ceil(bin_height)),
                across = s.ratio > 0 ? s.ratio : static_cast<int64_t>(std::ceil(bin_width));
  std::vector<Sample> samples;
  for (int64_t bin = 0; bin < s.height * s.width; ++bin) {
    NACRE_TRY(e.checkpoint());
    samples.clear();
    for (int64_t i = 0; i < down; ++i)
      for (int64_t j = 0; j < across; ++j)
        samples.push_back(sample_at(
            top + (static_cast<double>(bin / s.width) + (static_cast<double>(i) + 0.5) / static_cast<double>(down)) * bin_height,
            left + (static_cast<double>(bin % s.width) + (static_cast<double>(j) + 0.5) / static_cast<double>(across)) * bin_width, in[2],
            in[3]));
    for (int64_t channel = 0; channel < in[1]; ++channel) {
      const double value = pool<T>(x + channel * in[2] * in[3], samples, s.takes_max);
      store_from<double>(y.dtype(), y.mutable_raw(), (number * in[1] + channel) * s.height * s.width + bin, 1, &value);
    }
  }
  return {};
}

Result<void> evaluate(Evaluation& e) {
  const Setting s = NACRE_TRY(setting(e.attributes()));
  const Shape &x = e.shape(0), &rois = e.shape(1);
  if (x.size() != 4 || rois.size() != 2 || rois[1] != 4 || e.shape(2) != Shape{rois[0]})
    return fail(ErrorCode::invalid_argument, "regions ", rois, " of batch entries ", e.shape(2), " do not fit input ", x);
  const std::vector<int64_t> batches = NACRE_TRY(e.integers(2));
  Tensor* y = NACRE_TRY(e.output(0, {rois[0], x[1], s.height, s.width}));
  if (y->size() == 0) return {};
  if (e.input(0).size() == 0) return fail(ErrorCode::invalid_argument, "no pixels in ", x);
  std::vector<double> scratch;
  const double* corners = elements_as<double>(e.input(1), scratch);
  return visit_compute(e.dtype(0), [&]<class T>() -> Result<void> {
    std::vector<T> copy;
    const T* images = elements_as<T>(e.input(0), copy);
    for (int64_t n = 0; n < rois[0]; ++n) {
      if (batches[n] < 0 || batches[n] >= x[0])
        return fail(ErrorCode::invalid_argument, "batch index ", batches[n], " is outside [0, ", x[0], ")");
      NACRE_TRY(align(e, s, images + batches[n] * x[1] * x[2] * x[3], corners + n * 4, n, *y));
    }
    return {};
  });
}

// Before opset 16 positions were not moved by half a pixel.
Result<void> upgrade(Upgrade& u) {
  if (u.version < 16) u.node.attributes.set("coordinate_transformation_mode", std::string("output_half_pixel"));
  return {};
}

}  // namespace

extern const Op op_roi_align;
const Op op_roi_align{.name = "RoiAlign",
                      .since = {10, 16, 22},
                      .types = float_types,
                      .inputs = {3, 3},
                      .infer = infer,
                      .evaluate = evaluate,
                      .upgrade = upgrade};

}  // namespace nacre
