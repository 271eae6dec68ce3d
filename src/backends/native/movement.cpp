// Operators that only move elements, as copies of runs of bytes: Gather, Concat, Split, Slice with step 1, Expand.
#include "ops/movement.h"

#include <algorithm>
#include <cstring>

#include "backends/native/kernel.h"
#include "backends/native/layout.h"
#include "backends/native/parallel.h"

namespace nacre::native {
namespace {

bool is(const NodeView& n, std::string_view name) {
  if (!n.node.op->domain.empty() || n.node.op->name != name || n.node.formal_inputs() == 0 || !n.has(0)) return false;
  const DType dtype = n.fact(0).dtype;
  return dtype != DType::string && bits_of(dtype) >= 8;
}

size_t bytes_of(const Fact& fact) { return bits_of(fact.dtype) / 8; }
Shape shape_of(const Fact& fact) { return *constant_shape(*fact.shape); }
int64_t count_of(const Shape& shape, size_t begin, size_t end) {
  int64_t count = 1;
  for (size_t d = begin; d < end; ++d) count *= shape[d];
  return count;
}

size_t axis_of(const NodeView& n, const Shape& shape) {
  const int64_t axis = n.attributes().integer("axis", 0);
  return size_t(axis < 0 ? axis + int64_t(shape.size()) : axis);
}

// --- Gather: rows by number. The table may lie in a file unaligned: only the rows that are asked for are read ---

struct PreparedGather {
  int64_t outer, length;
  size_t row;  // bytes
};

bool matches_gather(const NodeView& n) {
  return is(n, "Gather") && !n.fact(0).shape->empty() && (n.fact(1).dtype == DType::int64 || n.fact(1).dtype == DType::int32);
}

Result<std::shared_ptr<const void>> prepare_gather(const NodeView& n, PackCache&) {
  const Shape shape = shape_of(n.fact(0));
  const size_t axis = axis_of(n, shape);
  return std::make_shared<PreparedGather>(
      PreparedGather{count_of(shape, 0, axis), shape[axis], size_t(count_of(shape, axis + 1, shape.size())) * bytes_of(n.fact(0))});
}

template <class T>
Result<void> gather(const Call& call, const PreparedGather& p) {
  const int64_t count = call.input(1).size();
  const T* indices = call.in<T>(1);
  for (int64_t i = 0; i < count; ++i)
    if (indices[i] < -p.length || indices[i] >= p.length)
      return fail(ErrorCode::invalid_argument, "index ", int64_t(indices[i]), " is outside [", -p.length, ", ", p.length,
                  ") in input 1 at ", i);
  if (call.output().byte_size() == 0) return {};
  const char* from = static_cast<const char*>(call.input(0).stored());
  char* to = call.out<char>();
  parallel(call.context, p.outer * count, grain_for(int64_t(p.row)), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t at = indices[i % count], row = i / count * p.length + (at < 0 ? at + p.length : at);
      std::memcpy(to + size_t(i) * p.row, from + size_t(row) * p.row, p.row);
    }
  });
  return {};
}

Result<void> run_gather(const Call& call) {
  const auto& p = *static_cast<const PreparedGather*>(call.prepared);
  return call.input(1).dtype() == DType::int64 ? gather<int64_t>(call, p) : gather<int32_t>(call, p);
}

// --- Concat and Split: the whole is `outer` rows of runs, one of each part ---

struct PreparedParts {
  int64_t outer;
  size_t row;                // bytes of the whole
  std::vector<size_t> runs;  // bytes of each part
};

size_t axis_with_channels_last(size_t axis, size_t rank) { return axis == 0 ? 0 : axis == 1 ? rank - 1 : axis - 1; }

/// `last`: of images with channels last.
PreparedParts parts(const NodeView& n, std::span<const Edge> edges, Shape whole, bool last = false) {
  const size_t own = axis_of(n, whole), axis = last ? axis_with_channels_last(own, whole.size()) : own;
  if (last) whole = with_channels_last(whole);
  const size_t inner = size_t(count_of(whole, axis + 1, whole.size())) * bytes_of(n.fact(0));
  PreparedParts p{count_of(whole, 0, axis), size_t(whole[axis]) * inner, {}};
  for (Edge edge : edges) p.runs.push_back(size_t(shape_of(n.graph.fact(edge))[own]) * inner);
  return p;
}

bool all_known(const NodeView& n, std::span<const Edge> edges) {
  return std::all_of(edges.begin(), edges.end(), [&](Edge edge) {
    return edge != kAbsent && n.graph.fact(edge).dtype == n.fact(0).dtype && n.graph.fact(edge).has_constant_shape();
  });
}

bool add_up(const NodeView& n, std::span<const Edge> edges, const Shape& whole) {
  const PreparedParts p = parts(n, edges, whole);
  size_t sum = 0;
  for (size_t run : p.runs) sum += run;
  return sum == p.row;
}

bool matches_concat(const NodeView& n) {
  return is(n, "Concat") && all_known(n, n.node.inputs) && add_up(n, n.node.inputs, shape_of(n.graph.fact(n.node.outputs[0])));
}

Result<std::shared_ptr<const void>> prepare_concat(const NodeView& n, PackCache&) {
  return std::make_shared<PreparedParts>(parts(n, n.node.inputs, shape_of(n.graph.fact(n.node.outputs[0]))));
}

bool matches_concat_last(const NodeView& n) { return matches_concat(n) && has_layouts(n.fact(0).dtype) && n.fact(0).shape->size() >= 3; }

Result<std::shared_ptr<const void>> prepare_concat_last(const NodeView& n, PackCache&) {
  return std::make_shared<PreparedParts>(parts(n, n.node.inputs, shape_of(n.graph.fact(n.node.outputs[0])), true));
}

Result<void> run_concat(const Call& call) {
  const auto& p = *static_cast<const PreparedParts*>(call.prepared);
  char* to = call.out<char>();
  parallel(call.context, p.outer, grain_for(int64_t(p.row)), [&](int64_t begin, int64_t end) {
    size_t offset = 0;
    for (size_t part = 0; part < p.runs.size(); offset += p.runs[part++]) {
      const char* from = call.in<char>(part);
      if (p.runs[part] == 0) continue;
      for (int64_t row = begin; row < end; ++row)
        std::memcpy(to + size_t(row) * p.row + offset, from + size_t(row) * p.runs[part], p.runs[part]);
    }
  });
  return {};
}

bool matches_split(const NodeView& n) {
  return is(n, "Split") && all_known(n, n.node.outputs) && add_up(n, n.node.outputs, shape_of(n.fact(0)));
}

Result<std::shared_ptr<const void>> prepare_split(const NodeView& n, PackCache&) {
  return std::make_shared<PreparedParts>(parts(n, n.node.outputs, shape_of(n.fact(0))));
}

bool matches_split_last(const NodeView& n) { return matches_split(n) && has_layouts(n.fact(0).dtype) && n.fact(0).shape->size() >= 3; }

Result<std::shared_ptr<const void>> prepare_split_last(const NodeView& n, PackCache&) {
  return std::make_shared<PreparedParts>(parts(n, n.node.outputs, shape_of(n.fact(0)), true));
}

Result<void> run_split(const Call& call) {
  const auto& p = *static_cast<const PreparedParts*>(call.prepared);
  const char* from = call.in<char>(0);
  parallel(call.context, p.outer, grain_for(int64_t(p.row)), [&](int64_t begin, int64_t end) {
    size_t offset = 0;
    for (size_t part = 0; part < p.runs.size(); offset += p.runs[part++]) {
      if (p.runs[part] == 0) continue;
      char* to = call.out<char>(part);
      for (int64_t row = begin; row < end; ++row)
        std::memcpy(to + size_t(row) * p.runs[part], from + size_t(row) * p.row + offset, p.runs[part]);
    }
  });
  return {};
}

// --- Slice with steps of 1: a box; Expand: axes of 1 repeat ---

/// Runs of `run` bytes; run number i of the output lies at the sum of position times stride, from `start` on.
struct PreparedBox {
  Shape sizes;                   // of the axes before the run
  std::vector<int64_t> strides;  // in bytes of the input
  int64_t start = 0;
  size_t run = 0;
  bool repeats = false;  // the run is one element many times over
  size_t element = 1;

  int64_t locate(int64_t number) const {
    int64_t at = start;
    for (size_t d = sizes.size(); d-- > 0; number /= sizes[d]) at += number % sizes[d] * strides[d];
    return at;
  }
};

/// A box of `size` at `start` in an array with these strides (elements; 0: repeats).
PreparedBox box(Shape size, std::vector<int64_t> strides, int64_t start, size_t element) {
  PreparedBox p{.start = start * int64_t(element), .element = element};
  int64_t run = 1;
  while (!size.empty() && (size.back() == 1 || strides.back() == run)) run *= size.back(), size.pop_back(), strides.pop_back();
  if (run == 1 && !size.empty() && strides.back() == 0) {
    p.repeats = true;
    while (!size.empty() && strides.back() == 0) run *= size.back(), size.pop_back(), strides.pop_back();
  }
  p.run = size_t(run) * element;
  for (int64_t& stride : strides) stride *= int64_t(element);
  p.sizes = std::move(size), p.strides = std::move(strides);
  return p;
}

struct Bounds {
  std::vector<int64_t> begin;  // by axis
};

/// Where the slice begins on each axis; empty when a bound is not known or a step is not 1.
std::optional<Bounds> bounds(const NodeView& n, const Shape& shape) {
  const auto values = [&](size_t i) -> std::optional<std::vector<int64_t>> {
    const Tensor* constant = n.constant(i);
    if (!constant || (constant->dtype() != DType::int64 && constant->dtype() != DType::int32)) return std::nullopt;
    std::vector<int64_t> out(size_t(constant->size()));
    for (size_t k = 0; k < out.size(); ++k)
      out[k] = constant->dtype() == DType::int64 ? constant->data<int64_t>()[k] : constant->data<int32_t>()[k];
    return out;
  };
  const auto starts = values(1);
  const auto axes = n.has(3) ? values(3) : std::nullopt;
  if (!starts || (n.has(4) && !values(4)) || (n.has(3) && (!axes || axes->size() != starts->size()))) return std::nullopt;
  for (int64_t step : n.has(4) ? *values(4) : std::vector<int64_t>())
    if (step != 1) return std::nullopt;
  Bounds out{std::vector<int64_t>(shape.size(), 0)};
  for (size_t k = 0; k < starts->size(); ++k) {
    int64_t axis = axes ? (*axes)[k] : int64_t(k);
    if (axis < 0) axis += int64_t(shape.size());
    if (axis < 0 || axis >= int64_t(shape.size())) return std::nullopt;
    const int64_t start = (*starts)[k], dim = shape[size_t(axis)];
    out.begin[size_t(axis)] = std::clamp<int64_t>(start < 0 ? start + dim : start, 0, dim);
  }
  const Shape size = shape_of(n.graph.fact(n.node.outputs[0]));
  for (size_t d = 0; d < shape.size(); ++d)
    if (size.size() != shape.size() || out.begin[d] + size[d] > shape[d]) return std::nullopt;
  return out;
}

bool matches_slice(const NodeView& n) { return is(n, "Slice") && bounds(n, shape_of(n.fact(0))).has_value(); }

Result<std::shared_ptr<const void>> prepare_slice(const NodeView& n, PackCache&) {
  const Shape shape = shape_of(n.fact(0));
  const std::vector<int64_t> strides = row_major_strides(shape), begin = bounds(n, shape)->begin;
  int64_t start = 0;
  for (size_t d = 0; d < shape.size(); ++d) start += begin[d] * strides[d];
  return std::make_shared<PreparedBox>(box(shape_of(n.graph.fact(n.node.outputs[0])), strides, start, bytes_of(n.fact(0))));
}

// A shape that only the run knows is left to the reference, which checks it.
bool matches_expand(const NodeView& n) { return is(n, "Expand") && n.fact(1).values && constant_shape(*n.fact(1).values); }

Result<std::shared_ptr<const void>> prepare_expand(const NodeView& n, PackCache&) {
  Shape shape = shape_of(n.fact(0)), out = shape_of(n.graph.fact(n.node.outputs[0]));
  while (shape.size() < out.size()) shape.insert(shape.begin(), 1);
  std::vector<int64_t> strides = row_major_strides(shape);
  for (size_t d = 0; d < shape.size(); ++d)
    if (shape[d] == 1) strides[d] = 0;
  return std::make_shared<PreparedBox>(box(out, strides, 0, bytes_of(n.fact(0))));
}

void repeat(char* to, const char* element, size_t size, size_t bytes) {
  size_t done = std::min(size, bytes);
  std::memcpy(to, element, done);
  for (; done < bytes; done += std::min(done, bytes - done)) std::memcpy(to + done, to, std::min(done, bytes - done));
}

Result<void> run_box(const Call& call) {
  const auto& p = *static_cast<const PreparedBox*>(call.prepared);
  if (call.output().byte_size() == 0) return {};
  const char* from = call.in<char>(0);
  char* to = call.out<char>();
  parallel(call.context, int64_t(call.output().byte_size() / p.run), grain_for(int64_t(p.run)), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      char* run = to + size_t(i) * p.run;
      if (p.repeats)
        repeat(run, from + p.locate(i), p.element, p.run);
      else
        std::memcpy(run, from + p.locate(i), p.run);
    }
  });
  return {};
}

}  // namespace

extern const Kernel kernel_gather, kernel_concat, kernel_split, kernel_slice, kernel_expand, kernel_concat_last, kernel_split_last;
const Kernel kernel_gather{"gather_rows", matches_gather, run_gather, prepare_gather};
const Kernel kernel_concat{"concat", matches_concat, run_concat, prepare_concat};
const Kernel kernel_split{"split", matches_split, run_split, prepare_split};
const Kernel kernel_slice{"slice", matches_slice, run_box, prepare_slice};
const Kernel kernel_expand{"expand", matches_expand, run_box, prepare_expand};
const Kernel kernel_concat_last{"concat_last", matches_concat_last, run_concat, prepare_concat_last};
const Kernel kernel_split_last{"split_last", matches_split_last, run_split, prepare_split_last, {.images = 1}};

}  // namespace nacre::native
