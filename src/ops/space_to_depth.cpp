// SpaceToDepth: blocks of pixels become blocks of channels.
// https://onnx.ai/onnx/operators/onnx__SpaceToDepth.html
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
  for (size_t d : {2, 3})
    if (in[d].is_constant() && *in[d].constant() % block != 0)
      return fail(ErrorCode::invalid_argument, *shape, " does not divide by blocks of ", block);
  inference.set(0, inference.dtype(0), SymShape{in[0], in[1] * (block * block), floor_div(in[2], block), floor_div(in[3], block)});
  return {};
}

Result<void> evaluate(Evaluation& e) {
  const int64_t block = NACRE_TRY(block_size(e.attributes()));
  const Shape& in = e.shape(0);
  if (in.size() != 4 || in[2] % block != 0 || in[3] % block != 0)
    return fail(ErrorCode::invalid_argument, "cannot take blocks of ", block, " from ", describe(e.input(0)));
  const int64_t height = in[2] / block, width = in[3] / block, plane = in[2] * in[3];
  const int64_t channels = NACRE_TRY(checked_mul(in[1], block * block));
  Tensor y = NACRE_TRY(e.scratch(e.dtype(0), {in[0], block, block, in[1], height, width}));
  const std::vector<int64_t> steps{in[1] * plane, in[3], 1, plane, block * in[3], block};
  NACRE_TRY(copy_strided(e.input(0), 0, steps, y));
  e.set(0, y.reshaped({in[0], channels, height, width}));
  return {};
}

}  // namespace

extern const Op op_space_to_depth;
const Op op_space_to_depth{.name = "SpaceToDepth", .since = {1, 13}, .infer = infer, .evaluate = evaluate, .kind = OpKind::movement};

}  // namespace nacre
