// GatherElements: y[i][j][k] = data[indices[i][j][k]][j][k] (for axis 0).
// https://onnx.ai/onnx/operators/onnx__GatherElements.html
#include "ops/indexing.h"
#include "ops/movement.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) {
  const SymShape *data = inference.shape(0), *indices = inference.shape(1);
  if (data) (void)NACRE_TRY(inference.axis(inference.attributes().integer("axis", 0), static_cast<int64_t>(data->size())));
  if (data && indices && data->size() != indices->size())
    return fail(ErrorCode::invalid_model, "data ", *data, " and indices ", *indices, " differ in rank");
  inference.set(0, inference.dtype(0), indices ? std::optional(*indices) : std::nullopt);
  return {};
}

struct Layout {
  Shape lines;                   // the axes before the last of the indices
  std::vector<int64_t> strides;  // of data
  size_t axis;
  int64_t size, count;  // of data along the axis; of the indices along the last one
};

Result<void> refuse(int64_t at, int64_t size) {
  return fail(ErrorCode::invalid_argument, "index ", at, " is outside [", -size, ", ", size, ")");
}

/// One line of the indices: out[i] = data[index[i] stride + i step], where step is 0 along the axis itself.
template <class T, class I>
bool gather_line(const T* data, const I* index, T* out, const Layout& at, int64_t step) {
  const int64_t size = at.size, stride = at.strides[at.axis];
  bool inside = true;
  for (int64_t i = 0; i < at.count; ++i) inside &= index[i] >= -size && index[i] < size;
  if (!inside) return false;
  for (int64_t i = 0; i < at.count; ++i) {
    const int64_t place = index[i] < 0 ? index[i] + size : index[i];
    out[i] = data[place * stride + i * step];
  }
  return true;
}

template <class T, class I>
Result<void> gather(const Tensor& data, const Tensor& indices, Tensor& y, const Layout& at) {
  const T* in = static_cast<const T*>(data.raw());
  const I* index = static_cast<const I*>(indices.raw());
  T* out = static_cast<T*>(y.mutable_raw());
  const int64_t step = at.axis + 1 == at.strides.size() ? 0 : 1;
  bool inside = true;
  if (y.size() == 0) return {};
  walk_positions(at.lines, at.strides, static_cast<int64_t>(at.axis), [&](int64_t line, int64_t offset) {
    inside = inside && gather_line(in + offset, index + line * at.count, out + line * at.count, at, step);
  });
  for (int64_t i = 0; !inside && i < indices.size(); ++i)
    if (index[i] < -at.size || index[i] >= at.size) return refuse(index[i], at.size);
  return {};
}

template <class T>
Result<void> gather(const Tensor& data, const Tensor& indices, Tensor& y, const Layout& at) {
  return indices.dtype() == DType::int32 ? gather<T, int32_t>(data, indices, y, at) : gather<T, int64_t>(data, indices, y, at);
}

/// Strings, and elements that share a byte.
Result<void> gather_one_by_one(Evaluation& e, Tensor& y, const Layout& at) {
  std::vector<int64_t> places = NACRE_TRY(checked_indices(e, 1, at.size));
  walk_positions(e.shape(1), at.strides, static_cast<int64_t>(at.axis),
                 [&](int64_t number, int64_t offset) { places[number] = offset + places[number] * at.strides[at.axis]; });
  gather_elements(e.input(0), 0, places, y, 0);
  return {};
}

Result<void> evaluate(Evaluation& e) {
  const Tensor& data = e.input(0);
  const Shape& shape = e.shape(1);
  const int64_t axis = NACRE_TRY(checked_index(e.attributes().integer("axis", 0), data.rank(), "axis"));
  bool inside = shape.size() == data.shape().size();
  for (size_t d = 0; inside && d < shape.size(); ++d) inside = static_cast<int64_t>(d) == axis || shape[d] <= data.shape()[d];
  if (!inside) return fail(ErrorCode::invalid_argument, "indices ", shape, " reach outside data ", data.shape());
  const Layout at{Shape(shape.begin(), shape.end() - 1), row_major_strides(data.shape()), static_cast<size_t>(axis), data.shape()[axis],
                  shape.back()};
  Tensor& y = *NACRE_TRY(e.output(0, shape));
  const bool plain = data.dtype() != DType::string && (e.dtype(1) == DType::int64 || e.dtype(1) == DType::int32);
  switch (plain ? bits_of(data.dtype()) : 0) {
    case 8: return gather<uint8_t>(data, e.input(1), y, at);
    case 16: return gather<uint16_t>(data, e.input(1), y, at);
    case 32: return gather<uint32_t>(data, e.input(1), y, at);
    case 64: return gather<uint64_t>(data, e.input(1), y, at);
  }
  return gather_one_by_one(e, y, at);
}

}  // namespace

extern const Op op_gather_elements;
const Op op_gather_elements{
    .name = "GatherElements", .since = {11, 13}, .inputs = {2, 2}, .infer = infer, .evaluate = evaluate, .kind = OpKind::movement};

}  // namespace nacre
