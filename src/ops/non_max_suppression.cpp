// NonMaxSuppression: per batch and class, the best boxes that do not overlap a better one by more than the threshold.
// https://onnx.ai/onnx/operators/onnx__NonMaxSuppression.html
#include <algorithm>

#include "ops/op.h"

namespace nacre {
namespace {

struct Box {
  float left, top, right, bottom;
  float area() const { return (right - left) * (bottom - top); }
};

// Corners come as y1 x1 y2 x2 in any order, or as x y of the centre, width and height.
Box box_at(const float* b, bool centered) {
  if (centered) return {b[0] - b[2] / 2, b[1] - b[3] / 2, b[0] + b[2] / 2, b[1] + b[3] / 2};
  return {std::min(b[1], b[3]), std::min(b[0], b[2]), std::max(b[1], b[3]), std::max(b[0], b[2])};
}

bool overlap(const Box& a, const Box& b, float threshold) {
  const float width = std::min(a.right, b.right) - std::max(a.left, b.left), height = std::min(a.bottom, b.bottom) - std::max(a.top, b.top);
  if (!(width > 0) || !(height > 0) || a.area() <= 0 || b.area() <= 0) return false;
  const float shared = width * height, joint = a.area() + b.area() - shared;
  return joint > 0 && shared / joint > threshold;
}

Result<void> infer(Inference& inference) {
  inference.set(0, DType::int64, SymShape{inference.fresh(), 3});
  return {};
}

struct Limits {
  int64_t most = 0;
  float overlap = 0;
  std::optional<float> score;
  bool centered = false;
};

Result<Limits> limits(Evaluation& e) {
  Limits out;
  if (e.has(2) && e.input(2).size()) out.most = NACRE_TRY(e.integer(2));
  if (e.has(3) && e.input(3).size()) out.overlap = static_cast<float>(NACRE_TRY(e.real(3)));
  if (e.has(4) && e.input(4).size()) out.score = static_cast<float>(NACRE_TRY(e.real(4)));
  out.centered = e.attributes().integer("center_point_box", 0) != 0;
  return out;
}

// Indices by falling score, the lower one first among equals.
std::vector<int64_t> candidates(std::span<const float> scores, std::optional<float> least) {
  std::vector<int64_t> out;
  for (size_t i = 0; i < scores.size(); ++i)
    if (least ? scores[i] > *least : scores[i] == scores[i]) out.push_back(static_cast<int64_t>(i));
  std::sort(out.begin(), out.end(), [&](int64_t a, int64_t b) { return scores[a] > scores[b] || (scores[a] == scores[b] && a < b); });
  return out;
}

Result<void> evaluate(Evaluation& e) {
  const Limits limit = NACRE_TRY(limits(e));
  const Shape &boxes = e.shape(0), &scores = e.shape(1);
  if (boxes.size() != 3 || scores.size() != 3 || boxes[2] != 4 || boxes[0] != scores[0] || boxes[1] != scores[2])
    return fail(ErrorCode::invalid_argument, "boxes ", boxes, " do not fit scores ", scores);
  const std::span<const float> all_boxes = e.input(0).data<float>(), all_scores = e.input(1).data<float>();
  std::vector<int64_t> rows;
  std::vector<Box> kept;
  const int64_t count = boxes[1];
  for (int64_t plane = 0; plane < scores[0] * scores[1]; ++plane) {
    NACRE_TRY(e.checkpoint());
    const int64_t batch = plane / scores[1];
    kept.clear();
    for (int64_t at : candidates(all_scores.subspan(plane * count, count), limit.score)) {
      if (static_cast<int64_t>(kept.size()) >= limit.most) break;
      const Box box = box_at(&all_boxes[(batch * count + at) * 4], limit.centered);
      if (std::any_of(kept.begin(), kept.end(), [&](const Box& better) { return overlap(box, better, limit.overlap); })) continue;
      kept.push_back(box);
      rows.insert(rows.end(), {batch, plane % scores[1], at});
    }
  }
  Tensor* y = NACRE_TRY(e.output(0, DType::int64, {static_cast<int64_t>(rows.size()) / 3, 3}));
  std::copy(rows.begin(), rows.end(), y->mutable_data<int64_t>().begin());
  return {};
}

}  // namespace

extern const Op op_non_max_suppression;
const Op op_non_max_suppression{
    .name = "NonMaxSuppression", .since = {10, 11}, .types = {DType::float32}, .inputs = {2, 5}, .infer = infer, .evaluate = evaluate};

}  // namespace nacre
