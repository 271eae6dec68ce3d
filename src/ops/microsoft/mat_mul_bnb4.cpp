// MatMulBnb4: y = a w^T, or a w, with 4-bit weights of bitsandbytes: w = table[code] * absmax of its block.
// The tables: Dettmers et al., "QLoRA" (2023), appendix E for NF4; FP4 has one sign, two exponent and one mantissa bit.
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include <array>

#include "ops/contraction.h"

namespace nacre {
namespace {

using Table = std::array<float, 16>;

constexpr Table kFp4{0.0f, 0.0052083333f,  0.6666667f,  1.0f,  0.33333333f,  0.5f,  0.16666667f,  0.25f,
                     0.0f, -0.0052083333f, -0.6666667f, -1.0f, -0.33333333f, -0.5f, -0.16666667f, -0.25f};
constexpr Table kNf4{-1.0f,
                     -0.6961928009986877f,
                     -0.5250730514526367f,
                     -0.39491748809814453f,
                     -0.28444138169288635f,
                     -0.18477343022823334f,
                     -0.09105003625154495f,
                     0.0f,
                     0.07958029955625534f,
                     0.16093020141124725f,
                     0.24611230194568634f,
                     0.33791524171829224f,
                     0.44070982933044434f,
                     0.5626170039176941f,
                     0.7229568362236023f,
                     1.0f};

struct Format {
  int64_t inputs, outputs, block;  // w is [outputs, inputs]
  bool transposed;
  const Table* table;
  int64_t depth() const { return transposed ? inputs : outputs; }
  int64_t columns() const { return transposed ? outputs : inputs; }
};

Result<Format> read_format(const Attributes& a) {
  const int64_t type = a.integer("quant_type", 1);
  const Format f{a.integer("K", 0), a.integer("N", 0), a.integer("block_size", 0), a.integer("transB", 1) != 0, type == 0 ? &kFp4 : &kNf4};
  if (f.inputs < 1 || f.outputs < 1 || f.inputs > INT32_MAX || f.outputs > INT32_MAX)
    return fail(ErrorCode::invalid_model, "K ", f.inputs, " and N ", f.outputs);
  if (f.block < 16 || f.block > INT32_MAX || (f.block & (f.block - 1)) != 0)
    return fail(ErrorCode::invalid_model, "block_size ", f.block, ": expected a power of two from 16");
  if (type != 0 && type != 1) return fail(ErrorCode::invalid_model, "quant_type ", type, ": expected 0 (FP4) or 1 (NF4)");
  return f;
}

Result<void> infer(Inference& inference) {
  const Format f = NACRE_TRY(read_format(inference.attributes()));
  const SymShape* a = inference.shape(0);
  inference.set(0, inference.dtype(0));
  if (!a) return {};
  if (a->empty() || a->back().differs(f.depth()))
    return fail(ErrorCode::invalid_argument, "A of shape ", *a, ": expected ", f.depth(), " columns");
  SymShape y = *a;
  y.back() = f.columns();
  inference.set(0, inference.dtype(0), std::move(y));
  return {};
}

// The weights as [depth, columns]. The first of two codes in a byte has the high bits.
Result<Tensor> dequantized(Evaluation& e, const Format& f) {
  const int64_t count = f.inputs * f.outputs;
  if (e.dtype(1) != DType::uint8 || e.input(1).size() != (count + 1) / 2 || e.input(2).size() != (count + f.block - 1) / f.block)
    return fail(ErrorCode::invalid_argument, "B ", describe(e.input(1)), " and absmax ", describe(e.input(2)), " for ", count,
                " weights in blocks of ", f.block);
  std::vector<float> scratch;
  const float* scales = elements_as<float>(e.input(2), scratch);
  const uint8_t* codes = e.input(1).data<uint8_t>().data();
  Tensor out = NACRE_TRY(e.scratch(DType::float32, {f.depth(), f.columns()}));
  float* w = static_cast<float*>(out.mutable_raw());
  for (int64_t i = 0; i < count; ++i) {
    const float value = (*f.table)[i % 2 == 0 ? codes[i / 2] >> 4 : codes[i / 2] & 15] * scales[i / f.block];
    w[f.transposed ? i % f.inputs * f.outputs + i / f.inputs : i] = value;
  }
  return out;
}

Result<void> evaluate(Evaluation& e) {
  const Format f = NACRE_TRY(read_format(e.attributes()));
  Shape shape = e.shape(0);
  if (shape.empty() || shape.back() != f.depth())
    return fail(ErrorCode::invalid_argument, "A of shape ", shape, ": expected ", f.depth(), " columns");
  shape.back() = f.columns();
  const Tensor w = NACRE_TRY(dequantized(e, f));
  std::vector<float> scratch;
  Tensor* y = NACRE_TRY(e.output(0, shape));
  Tensor wide = NACRE_TRY(e.scratch(DType::float64, shape));
  double* sums = static_cast<double*>(wide.mutable_raw());
  contract({elements_as<float>(e.input(0), scratch), f.depth(), 1}, static_cast<const float*>(w.raw()), f.columns(),
           y->size() / f.columns(), f.depth(), f.columns(), sums, f.columns());
  store_from<double>(y->dtype(), y->mutable_raw(), 0, y->size(), sums);
  return {};
}

}  // namespace

extern const Op op_microsoft_mat_mul_bnb4;
const Op op_microsoft_mat_mul_bnb4{.name = "MatMulBnb4",
                                   .domain = "com.microsoft",
                                   .since = {1},
                                   .types = {DType::float32, DType::float16, DType::bfloat16},
                                   .inputs = {3, 3},
                                   .infer = infer,
                                   .evaluate = evaluate,
                                   .kind = OpKind::contraction};

}  // namespace nacre
