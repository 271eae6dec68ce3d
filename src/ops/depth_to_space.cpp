// DepthToSpace: blocks of channels become blocks of pixels; DCR takes the block from the channels' outside, CRD inside.
// https://onnx.ai/onnx/operators/onnx__DepthToSpace.html
#include "ops/movement.h"
#include "ops/op.h"

namespace nacre {
namespace {

Result<int64_t> block_size(const Attributes& attributes) {
  const int64_t block = attributes.integer("blocksize", 0);
  if (block < 1 || block > INT32_MAX) return fail(ErrorCode::invalid_model, "blocksize is ", block);
  return block;
}

Result<void> infer(Inference& inference) {
  const int64_t block = NACRE_TRY(block_size(inference.attributes()));
  const SymShape* shape = inference.shape(0);
  if (!shape) return inference.set(0, inference.dtype(0), inference.fresh_shape(4)), Result<void>();
  if (shape->size() != 4) return fail(ErrorCode::invalid_argument, "input ", *shape, " is not of rank 4");
  const SymShape& in = *shape;
  if (in[1].is_constant() && *in[1].constant() % (block * block) != 0)
    return fail(ErrorCode::invalid_argument, in[1], " channels do not divide by ", block, " * ", block);
  inference.set(0, inference.dtype(0), SymShape{in[0], floor_div(in[1], block * block), in[2] * block, in[3] * block});
  return {};
}

Result<void> evaluate(Evaluation& e) {
  const int64_t block = NACRE_TRY(block_size(e.attributes()));
  const Shape& in = e.shape(0);
  if (in.size() != 4 || in[1] % (block * block) != 0)
    return fail(ErrorCode::invalid_argument, "cannot take blocks of ", block, " from ", describe(e.input(0)));
  const int64_t channels = in[1] / (block * block), plane = in[2] * in[3];
  const bool column_first = e.attributes().string("mode", "DCR") == "CRD";
  const int64_t channel_step = column_first ? block * block * plane : plane, block_step = column_first ? plane : channels * plane;
  Tensor y = NACRE_TRY(e.scratch(e.dtype(0), {in[0], channels, in[2], block, in[3], block}));
  const std::vector<int64_t> steps{in[1] * plane, channel_step, in[3], block * block_step, 1, block_step};
  NACRE_TRY(copy_strided(e.input(0), 0, steps, y));
  e.set(0, y.reshaped({in[0], channels, in[2] * block, in[3] * block}));
  return {};
}

}  // namespace

extern const Op op_depth_to_space;
const Op op_depth_to_space{.name = "DepthToSpace", .since = {1, 11, 13}, .infer = infer, .evaluate = evaluate, .kind = OpKind::movement};

}  // namespace nacre
