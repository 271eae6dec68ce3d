// ReverseSequence: reverses the first sequence_lens[b] steps of each batch entry b.
// https://onnx.ai/onnx/operators/onnx__ReverseSequence.html
#include "ops/movement.h"
#include "ops/op.h"

namespace nacre {
namespace {

Result<void> evaluate(Evaluation& e) {
  const Tensor& x = e.input(0);
  const Shape& shape = x.shape();
  const int64_t batch = NACRE_TRY(checked_index(e.attributes().integer("batch_axis", 1), x.rank(), "batch_axis"));
  const int64_t time = NACRE_TRY(checked_index(e.attributes().integer("time_axis", 0), x.rank(), "time_axis"));
  if (batch + time != 1) return fail(ErrorCode::invalid_model, "batch_axis ", batch, " and time_axis ", time, " are not 0 and 1");
  const std::vector<int64_t> lengths = NACRE_TRY(e.integers(1));
  if (static_cast<int64_t>(lengths.size()) != shape[batch])
    return fail(ErrorCode::invalid_argument, lengths.size(), " lengths for a batch of ", shape[batch]);
  Tensor* y = NACRE_TRY(e.output(0, shape));
  if (x.size() == 0) return {};
  const std::vector<int64_t> strides = row_major_strides(shape);
  const int64_t run = strides[1];
  for (int64_t b = 0; b < shape[batch]; ++b) {
    if (lengths[b] < 0 || lengths[b] > shape[time])
      return fail(ErrorCode::invalid_argument, "length ", lengths[b], " of ", shape[time], " steps");
    for (int64_t t = 0; t < shape[time]; ++t) {
      const int64_t from = t < lengths[b] ? lengths[b] - 1 - t : t, base = b * strides[batch];
      copy_elements(x, base + from * strides[time], *y, base + t * strides[time], run);
    }
  }
  return {};
}

}  // namespace

extern const Op op_reverse_sequence;
const Op op_reverse_sequence{
    .name = "ReverseSequence", .since = {10}, .inputs = {2, 2}, .infer = same_as_input, .evaluate = evaluate, .kind = OpKind::movement};

}  // namespace nacre
