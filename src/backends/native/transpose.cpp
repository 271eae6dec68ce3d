// Transpose of 4-byte elements: whole runs where the last axis stays, else planes of two axes a block at a time.
#include <algorithm>
#include <cstring>

#include "backends/native/kernel.h"
#include "backends/native/kernels/kernels.h"
#include "backends/native/parallel.h"
#include "ops/movement.h"

namespace nacre::native {
namespace {

bool matches(const NodeView& n) {
  return n.node.op->domain.empty() && n.node.op->name == "Transpose" && bits_of(n.fact(0).dtype) == 32 && !n.fact(0).shape->empty();
}

/// The output's axes: size, and step in the input. Neighbours that stay together are one axis.
struct Axes {
  std::vector<int64_t> sizes, steps;
};

Result<std::shared_ptr<const void>> prepare(const NodeView& n, PackCache&) {
  const Shape shape = *constant_shape(*n.fact(0).shape);
  const std::vector<int64_t> strides = row_major_strides(shape);
  std::vector<int64_t> perm = n.attributes().integers("perm");
  if (perm.empty())
    for (size_t i = shape.size(); i-- > 0;) perm.push_back(int64_t(i));
  auto axes = std::make_shared<Axes>();
  for (int64_t axis : perm) {
    const int64_t size = shape[size_t(axis)], step = strides[size_t(axis)];
    if (size == 1) continue;
    if (!axes->sizes.empty() && axes->steps.back() == step * size) {
      axes->sizes.back() *= size, axes->steps.back() = step;
    } else {
      axes->sizes.push_back(size), axes->steps.push_back(step);
    }
  }
  if (axes->sizes.empty()) axes->sizes.push_back(1), axes->steps.push_back(1);
  return axes;
}

/// Offset in the input of position `index` of the axes [0, count) but `skip`, and in the output too.
struct Offsets {
  int64_t in = 0, out = 0;
};
Offsets locate(const Axes& axes, const std::vector<int64_t>& out_steps, size_t count, size_t skip, int64_t index) {
  Offsets at;
  for (size_t d = count; d-- > 0;) {
    if (d == skip) continue;
    const int64_t position = index % axes.sizes[d];
    index /= axes.sizes[d];
    at.in += position * axes.steps[d], at.out += position * out_steps[d];
  }
  return at;
}

Result<void> run(const Call& call) {
  const Axes& axes = *static_cast<const Axes*>(call.prepared);
  const float* x = call.in(0);
  float* y = call.out();
  const int64_t size = call.output().size();
  if (size == 0) return {};
  const size_t last = axes.sizes.size() - 1;
  const std::vector<int64_t> out_steps = row_major_strides(axes.sizes);
  const int64_t inner = axes.sizes[last];
  if (axes.steps[last] == 1) {
    parallel(call.context, size / inner, grain_for(inner * 4), [&](int64_t begin, int64_t end) {
      for (int64_t run = begin; run < end; ++run) {
        const Offsets at = locate(axes, out_steps, last, axes.sizes.size(), run);
        std::memcpy(y + at.out, x + at.in, size_t(inner) * 4);
      }
    });
    return {};
  }
  // The axis that is innermost in the input lies at `plane` in the output.
  const size_t plane = size_t(std::min_element(axes.steps.begin(), axes.steps.end()) - axes.steps.begin());
  const int64_t columns = axes.sizes[plane], planes = size / (inner * columns);
  parallel(call.context, planes, grain_for(inner * columns * 4), [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p) {
      const Offsets at = locate(axes, out_steps, last, plane, p);
      kernels().transpose(x + at.in, axes.steps[last], y + at.out, out_steps[plane], inner, columns);
    }
  });
  return {};
}

}  // namespace

extern const Kernel kernel_transpose;
const Kernel kernel_transpose{"transpose", matches, run, prepare};

}  // namespace nacre::native
