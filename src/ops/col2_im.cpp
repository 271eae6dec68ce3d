// Col2Im: adds columns of blocks [N, C * block, L] back into images [N, C, image...].
// https://onnx.ai/onnx/operators/onnx__Col2Im.html
#include <algorithm>
#include <cstring>

#include "ops/indexing.h"
#include "ops/movement.h"
#include "ops/shape_values.h"

namespace nacre {
namespace {

/// How many axes an image has, by whatever says so: the length of its shape or of the block's, or of an attribute.
std::optional<int64_t> image_axes(const Inference& inference) {
  for (size_t i : {1, 2})
    if (const SymShape* list = inference.shape(i); list && list->size() == 1 && (*list)[0].is_constant()) return *(*list)[0].constant();
  for (const char* name : {"strides", "dilations", "pads"})
    if (const int64_t length = std::ssize(inference.attributes().integers(name, {})); length > 0)
      return name == std::string_view("pads") ? length / 2 : length;
  return std::nullopt;
}

Result<void> infer(Inference& inference) {
  const SymShape* shape = inference.shape(0);
  const std::optional<SymShape> image = NACRE_TRY(spelt_shape(inference, 1)), block = NACRE_TRY(spelt_shape(inference, 2));
  if (shape && shape->size() != 3) return fail(ErrorCode::invalid_argument, "input ", *shape, " is not of rank 3");
  if (!image) {
    const std::optional<int64_t> axes = image_axes(inference);
    if (!axes || *axes < 0 || *axes > 64) return inference.set(0, inference.dtype(0)), Result<void>();
    SymShape out = inference.fresh_shape(static_cast<size_t>(*axes) + 2);
    if (shape) out[0] = (*shape)[0];
    return inference.set(0, inference.dtype(0), std::move(out)), Result<void>();
  }
  const SymDim channels = shape && block && !product(*block).is(0) ? floor_div((*shape)[1], product(*block)) : inference.fresh();
  SymShape out{shape ? (*shape)[0] : inference.fresh(), channels};
  out.insert(out.end(), image->begin(), image->end());
  inference.set(0, inference.dtype(0), std::move(out));
  return {};
}

struct Geometry {
  Shape image, block, columns;
  std::vector<int64_t> strides, dilations, pads;
};

Result<Geometry> geometry(Evaluation& e) {
  Geometry g{NACRE_TRY(e.integers(1)), NACRE_TRY(e.integers(2)), {}, {}, {}, {}};
  const size_t axes = g.image.size();
  if (axes == 0) return fail(ErrorCode::invalid_argument, "image_shape is empty");
  g.strides = e.attributes().integers("strides", std::vector<int64_t>(axes, 1));
  g.dilations = e.attributes().integers("dilations", std::vector<int64_t>(axes, 1));
  g.pads = e.attributes().integers("pads", std::vector<int64_t>(2 * axes, 0));
  if (e.input(0).rank() != 3 || g.block.size() != axes || g.strides.size() != axes || g.dilations.size() != axes ||
      g.pads.size() != 2 * axes)
    return fail(ErrorCode::invalid_argument, "image ", g.image, " and block ", g.block, " do not fit ", describe(e.input(0)));
  for (size_t d = 0; d < axes; ++d) {
    for (int64_t part : {g.image[d], g.block[d], g.strides[d], g.dilations[d], g.pads[d] + 1, g.pads[axes + d] + 1})
      if (part < 1 || part > INT32_MAX) return fail(ErrorCode::invalid_argument, "sizes on axis ", d, " must lie in [1, 2^31): ", part);
    const int64_t room = g.image[d] + g.pads[d] + g.pads[axes + d] - (g.dilations[d] * (g.block[d] - 1) + 1);
    g.columns.push_back(room < 0 ? 0 : room / g.strides[d] + 1);
  }
  return g;
}

/// From every `step`-th element to every `step`-th, the last axis in a plain loop over the columns that meet the image.
template <class T>
void add_columns(const Geometry& g, const T* x, T* y, int64_t step) {
  const size_t last = g.image.size() - 1;
  const std::vector<int64_t> strides = row_major_strides(g.image), none(g.image.size(), 0);
  const Shape lines(g.columns.begin(), g.columns.end() - 1);
  std::vector<int64_t> tap(g.image.size());
  walk_positions(g.block, none, -1, [&](int64_t number, int64_t) {
    for (size_t d = tap.size(); d-- > 0; number /= g.block[d]) tap[d] = number % g.block[d];
    const int64_t shift = tap[last] * g.dilations[last] - g.pads[last], stride = g.strides[last];
    const int64_t first = std::min(g.columns[last], shift < 0 ? (-shift + stride - 1) / stride : 0);
    const int64_t end = std::clamp(shift >= g.image[last] ? 0 : (g.image[last] - 1 - shift) / stride + 1, first, g.columns[last]);
    walk_positions(lines, none, -1, [&](int64_t line, int64_t) {
      int64_t offset = shift;
      bool inside = true;
      for (size_t d = last; d-- > 0; line /= g.columns[d]) {
        const int64_t at = line % g.columns[d] * g.strides[d] - g.pads[d] + tap[d] * g.dilations[d];
        inside = inside && at >= 0 && at < g.image[d];
        offset += at * strides[d];
      }
      for (int64_t column = first; inside && column < end; ++column) y[(offset + column * stride) * step] += x[column * step];
      x += g.columns[last] * step;
    });
  });
}

Result<void> evaluate(Evaluation& e) {
  const Geometry g = NACRE_TRY(geometry(e));
  const Shape& shape = e.shape(0);
  const int64_t block = NACRE_TRY(checked_count(g.block)), columns = NACRE_TRY(checked_count(g.columns));
  if (shape[1] % block != 0 || shape[2] != columns)
    return fail(ErrorCode::invalid_argument, "input ", shape, " does not hold blocks of ", block, " for ", columns, " positions");
  Shape out{shape[0], shape[1] / block};
  out.insert(out.end(), g.image.begin(), g.image.end());
  Tensor* y = NACRE_TRY(e.output(0, out));
  const int64_t planes = out[0] * out[1], image = planes ? y->size() / planes : 0;
  // A complex number is two floats side by side, each with a sum of its own.
  const bool complex = complex_types.has(e.dtype(0));
  const DType part = e.dtype(0) == DType::complex64 ? DType::float32 : complex ? DType::float64 : e.dtype(0);
  const int64_t parts = complex ? 2 : 1;
  return visit_compute(part, [&]<class T>() -> Result<void> {
    Tensor in = NACRE_TRY(e.scratch(dtype_of<T>, {e.input(0).size() * parts})),
           wide = NACRE_TRY(e.scratch(dtype_of<T>, {y->size() * parts}));
    T *x = static_cast<T*>(in.mutable_raw()), *sums = static_cast<T*>(wide.mutable_raw());
    load_as<T>(part, e.input(0).raw(), 0, in.size(), x);
    std::fill_n(sums, wide.size(), T(0));
    for (int64_t plane = 0; plane < planes; ++plane)
      for (int64_t i = 0; i < parts; ++i) add_columns(g, x + plane * block * columns * parts + i, sums + plane * image * parts + i, parts);
    store_from<T>(part, y->mutable_raw(), 0, wide.size(), sums);
    return {};
  });
}

}  // namespace

extern const Op op_col2_im;
const Op op_col2_im{.name = "Col2Im",
                    .since = {18},
                    .types = numeric_types | complex_types | TypeSet{DType::boolean},
                    .inputs = {3, 3},
                    .infer = infer,
                    .evaluate = evaluate};

}  // namespace nacre
