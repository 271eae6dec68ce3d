// QMoE: MoE with weights of 2, 4 or 8 bits, w = (code - zero_point) * scale, one scale for each row or each block of a row.
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include "ops/microsoft/experts.h"
#include "ops/microsoft/n_bits.h"

namespace nacre {
namespace {

Result<void> check_format(const Attributes& a) {
  if (a.string("quant_type", "int") != "int") return fail(ErrorCode::unsupported, "quant_type '", a.string("quant_type", ""), "'");
  if (a.integer("weights_prepacked", -1) > 0) return fail(ErrorCode::unsupported, "weights packed for another engine");
  const int64_t block = a.integer("block_size", 0);
  if (block != 0 && (block < 16 || block > INT32_MAX || (block & (block - 1)) != 0))
    return fail(ErrorCode::invalid_model, "block_size ", block, ": expected a power of two from 16");
  return {};
}

Result<void> infer(Inference& inference) {
  NACRE_TRY(check_format(inference.attributes()));
  return infer_experts(inference);
}

struct Inputs {
  std::string_view bits;  // the attribute that overrides expert_weight_bits
  size_t weights, scales, bias, zeros;
};

struct Format {
  int64_t bits, blocks, block;  // blocks of a row
  Shape shape;                  // of the weights, unpacked
};

Result<Format> read_format(const Evaluation& e, const Inputs& in) {
  const Attributes& a = e.attributes();
  const int64_t bits = a.integer(in.bits, a.integer("expert_weight_bits", 4));
  if (bits != 2 && bits != 4 && bits != 8) return fail(ErrorCode::invalid_model, bits, " bits: expected 2, 4 or 8");
  Shape shape = e.shape(in.weights);
  if (shape.size() != 3 || e.dtype(in.weights) != DType::uint8 || !e.has(in.scales))
    return fail(ErrorCode::invalid_argument, "weights ", describe(e.input(in.weights)),
                ": expected uint8 [experts, rows, bytes] and scales");
  shape[2] = NACRE_TRY(checked_mul(shape[2], 8 / bits));
  Format f{bits, 1, std::max<int64_t>(shape[2], 1), shape};
  if (const int64_t block = a.integer("block_size", 0); block > 0) f.block = block, f.blocks = shape[2] / block;
  if (f.blocks * f.block != shape[2] && shape[2] != 0)
    return fail(ErrorCode::invalid_argument, shape[2], " columns in blocks of ", f.block);
  const int64_t rows = shape[0] * shape[1];
  // Without blocks the zero points of an expert's rows are packed one behind the other, else those of a row's blocks.
  const int64_t zeros = a.integer("block_size", 0) > 0 ? rows * packed_size(f.blocks, bits) : shape[0] * packed_size(shape[1], bits);
  if (e.input(in.scales).size() != rows * f.blocks || (e.has(in.zeros) && e.input(in.zeros).size() != zeros))
    return fail(ErrorCode::invalid_argument, "scales ", describe(e.input(in.scales)), " for weights ", shape, " in blocks of ", f.block);
  return f;
}

Result<ExpertLayer> read_layer(Evaluation& e, const Inputs& in) {
  if (!e.has(in.weights)) return ExpertLayer();
  const Format f = NACRE_TRY(read_format(e, in));
  ExpertLayer out{.rows = f.shape[1], .depth = f.shape[2], .present = true};
  out.weights = NACRE_TRY(e.scratch(DType::float32, f.shape));
  std::vector<float> scratch;
  if (e.has(in.bias)) {
    out.bias.resize(static_cast<size_t>(e.input(in.bias).size()));
    load_as<float>(e.dtype(in.bias), e.input(in.bias).raw(), 0, e.input(in.bias).size(), out.bias.data());
  }
  const float* scales = elements_as<float>(e.input(in.scales), scratch);
  if (e.has(in.zeros) && e.dtype(in.zeros) != DType::uint8)
    return fail(ErrorCode::invalid_argument, "zero points ", describe(e.input(in.zeros)), ": expected uint8");
  const uint8_t* codes = e.input(in.weights).data<uint8_t>().data();
  const uint8_t* zeros = e.has(in.zeros) ? e.input(in.zeros).data<uint8_t>().data() : nullptr;
  const bool blocked = e.attributes().integer("block_size", 0) > 0;
  float* w = static_cast<float*>(out.weights.mutable_raw());
  for (int64_t row = 0; row < f.shape[0] * out.rows; ++row, codes += packed_size(out.depth, f.bits))
    for (int64_t k = 0; k < out.depth; ++k) {
      const int64_t block = k / f.block, expert = row / out.rows;
      int64_t zero = int64_t{1} << (f.bits - 1);
      if (zeros && blocked) zero = field(zeros + row * packed_size(f.blocks, f.bits), f.bits, block);
      if (zeros && !blocked) zero = field(zeros + expert * packed_size(out.rows, f.bits), f.bits, row % out.rows);
      *w++ = static_cast<float>(field(codes, f.bits, k) - zero) * scales[row * f.blocks + block];
    }
  return out;
}

Result<void> evaluate(Evaluation& e) {
  NACRE_TRY(check_format(e.attributes()));
  const ExpertRules rules = NACRE_TRY(read_expert_rules(e.attributes()));
  const ExpertTokens tokens = NACRE_TRY(read_tokens(e));
  for (size_t i = 15; i < e.input_count(); ++i)
    if (e.has(i)) return fail(ErrorCode::unsupported, "input ", i, " (scales of activations)");
  Experts experts{.count = tokens.experts};
  experts.first = NACRE_TRY(read_layer(e, {"fc1_expert_weight_bits", 2, 3, 4, 11}));
  experts.second = NACRE_TRY(read_layer(e, {"fc2_expert_weight_bits", 5, 6, 7, 12}));
  experts.gate = NACRE_TRY(read_layer(e, {"fc3_expert_weight_bits", 8, 9, 10, 13}));
  return mix_experts(e, rules, experts, 14);
}

}  // namespace

extern const Op op_microsoft_q_mo_e;
const Op op_microsoft_q_mo_e{.name = "QMoE",
                             .domain = "com.microsoft",
                             .since = {1},
                             .types = {DType::float32, DType::float16, DType::bfloat16},
                             .inputs = {3, 21},
                             .infer = infer,
                             .evaluate = evaluate,
                             .kind = OpKind::contraction};

}  // namespace nacre
