#include "ops/elementwise.h"

namespace nacre {
namespace {

std::vector<int64_t> aligned_strides(const Shape& shape, size_t rank) {
  std::vector<int64_t> out(rank, 0);
  int64_t stride = 1;
  for (size_t i = 0; i < shape.size(); ++i) {
    const int64_t dim = shape[shape.size() - 1 - i];
    out[rank - 1 - i] = dim == 1 ? 0 : stride;
    stride *= dim;
  }
  return out;
}

}  // namespace

BroadcastWalk::BroadcastWalk(const Shape& out, std::span<const Shape* const> shapes) {
  std::vector<std::vector<int64_t>> strides;
  for (const Shape* shape : shapes) strides.push_back(aligned_strides(*shape, out.size()));
  // Axes of size 1 vanish; axis d joins the one inside it when every operand steps over it evenly.
  Shape dims;
  std::vector<std::vector<int64_t>> steps(shapes.size());
  for (size_t d = out.size(); d-- > 0;) {
    if (out[d] == 1) continue;
    bool joins = !dims.empty();
    for (size_t k = 0; joins && k < steps.size(); ++k) joins = strides[k][d] == steps[k].back() * dims.back();
    if (joins) {
      dims.back() *= out[d];
      continue;
    }
    dims.push_back(out[d]);
    for (size_t k = 0; k < steps.size(); ++k) steps[k].push_back(strides[k][d]);
  }
  run_strides.assign(shapes.size(), 0);
  if (!dims.empty()) {
    run_length = dims[0];
    for (size_t k = 0; k < steps.size(); ++k) run_strides[k] = steps[k][0];
    outer_.assign(dims.begin() + 1, dims.end());  // innermost first
    for (auto& step : steps) outer_strides_.emplace_back(step.begin() + 1, step.end());
  } else {
    outer_strides_.resize(shapes.size());
  }
  for (int64_t dim : outer_) runs *= dim;
  if (run_length == 0) runs = 0;
}

void BroadcastWalk::offsets(int64_t run, std::span<int64_t> out) const {
  for (int64_t& offset : out) offset = 0;
  for (size_t d = 0; d < outer_.size(); ++d) {
    const int64_t position = run % outer_[d];
    run /= outer_[d];
    for (size_t k = 0; k < out.size(); ++k) out[k] += position * outer_strides_[k][d];
  }
}

}  // namespace nacre
