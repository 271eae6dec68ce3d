// RotaryEmbedding: pairs (a, b) of each head's vector turn to (a cos - b sin, a sin + b cos) by their position's angles.
// https://onnx.ai/onnx/operators/onnx__RotaryEmbedding.html
#include "ops/rotary.h"

namespace nacre {
namespace {

Result<Rotary> read_rotary(const Attributes& attributes, const Shape& x) {
  Rotary r{};
  r.heads_first = x.size() == 4, r.interleaved = attributes.integer("interleaved", 0) != 0;
  if (x.size() != 3 && x.size() != 4) return fail(ErrorCode::invalid_argument, "X of shape ", x, ": expected rank 3 or 4");
  r.batch = x[0], r.length = x[r.heads_first ? 2 : 1];
  r.heads = r.heads_first ? x[1] : attributes.integer("num_heads", 0);
  if (!r.heads_first && (r.heads < 1 || x[2] % r.heads != 0))
    return fail(ErrorCode::invalid_model, x[2], " features do not divide into num_heads ", r.heads);
  r.size = r.heads_first ? x[3] : x[2] / r.heads;
  r.rotated = attributes.integer("rotary_embedding_dim", 0);
  if (r.rotated == 0) r.rotated = r.size;
  if (r.rotated < 0 || r.rotated > r.size || r.rotated % 2 != 0)
    return fail(ErrorCode::invalid_model, "cannot rotate ", r.rotated, " of ", r.size, " elements");
  return r;
}

Result<void> check_caches(const Evaluation& e, const Rotary& r) {
  const Shape& cosines = e.shape(1);
  const bool by_id = e.has(3);
  if (e.shape(2) != cosines) return fail(ErrorCode::invalid_argument, "cos_cache ", cosines, " and sin_cache ", e.shape(2), " differ");
  const bool fits = by_id ? cosines.size() == 2 : cosines.size() == 3 && cosines[0] == r.batch && cosines[1] == r.length;
  if (!fits || cosines.back() != r.rotated / 2)
    return fail(ErrorCode::invalid_argument, "caches of shape ", cosines, " for ", r.batch, " x ", r.length, " positions",
                by_id ? " by id" : "", " and ", r.rotated / 2, " pairs");
  if (by_id && e.input(3).size() != r.batch * r.length && e.input(3).size() != r.length)
    return fail(ErrorCode::invalid_argument, "position_ids of shape ", e.shape(3), ": expected ", Shape{r.batch, r.length});
  return {};
}

Result<void> evaluate(Evaluation& e) {
  const Rotary r = NACRE_TRY(read_rotary(e.attributes(), e.shape(0)));
  NACRE_TRY(check_caches(e, r));
  std::vector<int64_t> ids;
  if (e.has(3)) ids = NACRE_TRY(e.integers(3));
  for (int64_t id : ids)
    if (id < 0 || id >= e.shape(1)[0])
      return fail(ErrorCode::invalid_argument, "position ", id, " is outside [0, ", e.shape(1)[0], ") of the caches");
  std::vector<double> cosines, sines;
  Tensor* y = NACRE_TRY(e.output(0, e.shape(0)));
  rotate(
      r, e.input(0), elements_as<double>(e.input(1), cosines), elements_as<double>(e.input(2), sines),
      [&](int64_t b, int64_t t) { return ids.empty() ? b * r.length + t : ids[(b * r.length + t) % ids.size()]; }, *y);
  return {};
}

}  // namespace

extern const Op op_rotary_embedding;
const Op op_rotary_embedding{.name = "RotaryEmbedding",
                             .since = {23},
                             .types = {DType::float32, DType::float16, DType::bfloat16},
                             .inputs = {3, 4},
                             .infer = same_as_input,
                             .evaluate = evaluate};

}  // namespace nacre
