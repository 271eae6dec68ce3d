// MatMulNBits: y = a w^T + bias, w[n, k] = (bits of b - zero_point) * scale, one scale and zero point for each block of k.
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include "ops/contraction.h"
#include "ops/microsoft/n_bits.h"

namespace nacre {
namespace {

struct Format {
  int64_t depth, columns, bits, block;
  int64_t blocks() const { return (depth + block - 1) / block; }
  int64_t blob() const { return packed_size(block, bits); }  // bytes of one block
};

Result<Format> read_format(const Attributes& attributes) {
  const Format f{attributes.integer("K", 0), attributes.integer("N", 0), attributes.integer("bits", 4),
                 attributes.integer("block_size", 0)};
  if (f.depth < 1 || f.columns < 1 || f.depth > INT32_MAX || f.columns > INT32_MAX)
    return fail(ErrorCode::invalid_model, "K ", f.depth, " and N ", f.columns);
  if (f.block < 16 || f.block > INT32_MAX || (f.block & (f.block - 1)) != 0)
    return fail(ErrorCode::invalid_model, "block_size ", f.block, ": expected a power of two from 16");
  if (f.bits < 2 || f.bits > 8) return fail(ErrorCode::invalid_model, f.bits, " bits: expected 2 to 8");
  if (attributes.integer("weight_prepacked", 0) != 0) return fail(ErrorCode::unsupported, "weights packed for another engine");
  return f;
}

Result<void> infer(Inference& inference) {
  const Format f = NACRE_TRY(read_format(inference.attributes()));
  const SymShape* a = inference.shape(0);
  inference.set(0, inference.dtype(0));
  if (!a) return {};
  if (a->empty() || a->back().differs(f.depth))
    return fail(ErrorCode::invalid_argument, "A of shape ", *a, ": expected ", f.depth, " columns");
  SymShape y = *a;
  y.back() = f.columns;
  inference.set(0, inference.dtype(0), std::move(y));
  return {};
}

Result<void> expect_size(const Evaluation& e, size_t i, int64_t count) {
  if (!e.has(i) || e.input(i).size() == count) return {};
  return fail(ErrorCode::invalid_argument, "input ", i, " is ", describe(e.input(i)), ", expected ", count, " elements");
}

// Zero points as [columns, blocks]: packed like the weights, as numbers, or the middle of the range.
Result<std::vector<float>> zero_points(const Evaluation& e, const Format& f) {
  std::vector<float> out(static_cast<size_t>(f.columns * f.blocks()), static_cast<float>(1 << (f.bits - 1)));
  if (!e.has(3)) return out;
  if (e.dtype(3) != DType::uint8) {
    NACRE_TRY(expect_size(e, 3, f.columns * f.blocks()));
    load_as<float>(e.dtype(3), e.input(3).raw(), 0, e.input(3).size(), out.data());
    return out;
  }
  const int64_t row = packed_size(f.blocks(), f.bits);
  NACRE_TRY(expect_size(e, 3, f.columns * row));
  const uint8_t* bytes = e.input(3).data<uint8_t>().data();
  for (int64_t i = 0; i < f.columns * f.blocks(); ++i)
    out[i] = static_cast<float>(field(bytes + i / f.blocks() * row, f.bits, i % f.blocks()));
  return out;
}

// The block of each k: in order, or as g_idx says.
Result<std::vector<int64_t>> blocks_of(const Evaluation& e, const Format& f) {
  std::vector<int64_t> out(static_cast<size_t>(f.depth));
  for (size_t k = 0; k < out.size(); ++k) out[k] = static_cast<int64_t>(k) / f.block;
  if (!e.has(4) || e.input(4).size() == 0) return out;
  const std::vector<int64_t> given = NACRE_TRY(e.integers(4));
  if (given.size() < out.size())
    return fail(ErrorCode::invalid_argument, "g_idx ", describe(e.input(4)), ": expected ", f.depth, " entries");
  for (size_t k = 0; k < out.size(); ++k) {
    if (given[k] < 0 || given[k] >= f.blocks())
      return fail(ErrorCode::invalid_argument, "g_idx has ", given[k], " of ", f.blocks(), " groups");
    out[k] = given[k];
  }
  return out;
}

// The weights as [depth, columns].
Result<Tensor> dequantized(Evaluation& e, const Format& f) {
  if (e.dtype(1) != DType::uint8) return fail(ErrorCode::invalid_argument, "B is ", describe(e.input(1)), ", expected uint8");
  NACRE_TRY(expect_size(e, 1, f.columns * f.blocks() * f.blob()));
  NACRE_TRY(expect_size(e, 2, f.columns * f.blocks()));
  const std::vector<float> zeros = NACRE_TRY(zero_points(e, f));
  const std::vector<int64_t> groups = NACRE_TRY(blocks_of(e, f));
  std::vector<float> scratch;
  const float* scales = elements_as<float>(e.input(2), scratch);
  const uint8_t* bytes = e.input(1).data<uint8_t>().data();
  Tensor out = NACRE_TRY(e.scratch(DType::float32, {f.depth, f.columns}));
  float* w = static_cast<float*>(out.mutable_raw());
  for (int64_t column = 0; column < f.columns; ++column)
    for (int64_t k = 0; k < f.depth; ++k) {
      const int64_t block = column * f.blocks() + k / f.block, group = column * f.blocks() + groups[k];
      w[k * f.columns + column] = (static_cast<float>(field(bytes + block * f.blob(), f.bits, k % f.block)) - zeros[group]) * scales[group];
    }
  return out;
}

Result<void> evaluate(Evaluation& e) {
  const Format f = NACRE_TRY(read_format(e.attributes()));
  Shape shape = e.shape(0);
  if (shape.empty() || shape.back() != f.depth)
    return fail(ErrorCode::invalid_argument, "A of shape ", shape, ": expected ", f.depth, " columns");
  shape.back() = f.columns;
  NACRE_TRY(expect_size(e, 5, f.columns));
  const Tensor w = NACRE_TRY(dequantized(e, f));
  std::vector<float> scratch;
  std::vector<double> bias_scratch;
  const double* bias = e.has(5) ? elements_as<double>(e.input(5), bias_scratch) : nullptr;
  Tensor* y = NACRE_TRY(e.output(0, shape));
  Tensor wide = NACRE_TRY(e.scratch(DType::float64, shape));
  double* sums = static_cast<double*>(wide.mutable_raw());
  contract({elements_as<float>(e.input(0), scratch), f.depth, 1}, static_cast<const float*>(w.raw()), f.columns, y->size() / f.columns,
           f.depth, f.columns, sums, f.columns);
  for (int64_t i = 0; bias && i < y->size(); ++i) sums[i] += bias[i % f.columns];
  store_from<double>(y->dtype(), y->mutable_raw(), 0, y->size(), sums);
  return {};
}

}  // namespace

extern const Op op_microsoft_mat_mul_n_bits;
const Op op_microsoft_mat_mul_n_bits{
    .name = "MatMulNBits",
    .domain = "com.microsoft",
    .since = {1},
    .types = {DType::float32, DType::float16, DType::bfloat16},
    .inputs = {3, 6},
    .infer = infer,
    .evaluate = evaluate,
    .kind = OpKind::contraction,
    .cost = [](const NodeView& node) {
      const auto& a = node.fact(0).shape;
      const std::optional<int64_t> count = a ? product(*a).constant() : std::nullopt;
      return count ? 2.0 * static_cast<double>(*count) * static_cast<double>(node.attributes().integer("N", 0)) : 0;
    }};

}  // namespace nacre
