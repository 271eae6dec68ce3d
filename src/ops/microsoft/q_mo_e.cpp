// QMoE: MoE with weights of 2, 4 or 8 bits, w = (code - zero_point) * scale, one scale for each row or each block of a row; or
// of small floats, w = value * scale of its block * scale of its expert.
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include "ops/microsoft/experts.h"
#include "ops/microsoft/n_bits.h"

namespace nacre {
namespace {

// How quant_type stores weights: blocks of `rows` x `columns` share an element of fcN_scales.
struct SmallFloat {
  DType dtype, scales;  // undefined: float32, float16 or bfloat16
  int64_t rows, columns;
  bool global;  // the expert has a scale too
};

Result<std::optional<SmallFloat>> small_float(const Attributes& a) {
  const std::string type = a.string("quant_type", "int");
  const int64_t block = std::max<int64_t>(a.integer("block_size", 0), 0);
  if (type == "int") return std::optional<SmallFloat>();
  if (type == "fp4") return std::optional(SmallFloat{DType::float4e2m1, DType::float8e8m0, 1, 32, true});
  if (type == "nvfp4") return std::optional(SmallFloat{DType::float4e2m1, DType::float8e4m3fn, 1, 16, true});
  if (type == "fp8") return std::optional(SmallFloat{DType::float8e4m3fn, DType::undefined, block, block, block == 0});
  // Which block of which activation a scale of 'wfp4afp8' is for is not written down.
  return fail(ErrorCode::unsupported, "quant_type '", type, "': there are int, fp4, nvfp4 and fp8");
}

Result<void> check_format(const Attributes& a) {
  if (NACRE_TRY(small_float(a))) return {};
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
  size_t weights, scales, bias, zeros, global;
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

// The scale of an expert's weights over that of their blocks.
Result<std::vector<float>> global_scales(const Evaluation& e, const Inputs& in, const SmallFloat& type, int64_t experts) {
  if (!type.global) return std::vector<float>(static_cast<size_t>(experts), 1.0f);
  if (!e.has(in.global) || e.dtype(in.global) != DType::float32 || e.input(in.global).size() != experts)
    return fail(ErrorCode::invalid_argument, "quant_type '", e.attributes().string("quant_type", ""),
                "' needs a float32 scale for each of ", experts, " experts");
  const std::span<const float> given = e.input(in.global).data<float>();
  return std::vector<float>(given.begin(), given.end());
}

Result<ExpertLayer> read_small_floats(Evaluation& e, const Inputs& in, const SmallFloat& type) {
  Shape shape = e.shape(in.weights);
  const DType stored = type.dtype == DType::float4e2m1 ? DType::uint8 : type.dtype;
  if (shape.size() != 3 || e.dtype(in.weights) != stored || e.has(in.zeros))
    return fail(ErrorCode::invalid_argument, "weights ", describe(e.input(in.weights)), ": expected ", stored, " [experts, rows, columns]",
                " without zero points");
  if (type.dtype == DType::float4e2m1) shape[2] = NACRE_TRY(checked_mul(shape[2], 2));
  const bool blocked = type.rows > 0;
  const int64_t across = blocked ? (shape[1] + type.rows - 1) / type.rows : 1,
                along = blocked ? (shape[2] + type.columns - 1) / type.columns : 1;
  std::vector<float> scales(blocked ? static_cast<size_t>(shape[0] * across * along) : 0);
  if (blocked) {
    if (!e.has(in.scales) || e.shape(in.scales) != Shape{shape[0], across, along} ||
        (type.scales == DType::undefined ? !float_types.has(e.dtype(in.scales)) : e.dtype(in.scales) != type.scales))
      return fail(ErrorCode::invalid_argument, "scales ", e.has(in.scales) ? describe(e.input(in.scales)) : "(absent)", ": expected ",
                  Shape{shape[0], across, along}, " for weights ", shape);
    load_as<float>(e.dtype(in.scales), e.input(in.scales).raw(), 0, e.input(in.scales).size(), scales.data());
  }
  const std::vector<float> global = NACRE_TRY(global_scales(e, in, type, shape[0]));
  ExpertLayer out{.rows = shape[1], .depth = shape[2], .present = true};
  out.weights = NACRE_TRY(e.scratch(DType::float32, shape));
  float* w = static_cast<float*>(out.weights.mutable_raw());
  load_as<float>(type.dtype, e.input(in.weights).raw(), 0, out.weights.size(), w);
  for (int64_t row = 0; row < shape[0] * out.rows; ++row)
    for (int64_t k = 0; k < out.depth; ++k) {
      const int64_t expert = row / out.rows,
                    block = blocked ? (expert * across + row % out.rows / type.rows) * along + k / type.columns : 0;
      *w++ *= global[expert] * (blocked ? scales[block] : 1);
    }
  return out;
}

std::vector<float> read_bias(const Evaluation& e, size_t i) {
  std::vector<float> out(e.has(i) ? static_cast<size_t>(e.input(i).size()) : 0);
  if (e.has(i)) load_as<float>(e.dtype(i), e.input(i).raw(), 0, e.input(i).size(), out.data());
  return out;
}

Result<ExpertLayer> read_integers(Evaluation& e, const Inputs& in) {
  const Format f = NACRE_TRY(read_format(e, in));
  ExpertLayer out{.rows = f.shape[1], .depth = f.shape[2], .present = true};
  out.weights = NACRE_TRY(e.scratch(DType::float32, f.shape));
  std::vector<float> scratch;
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

Result<ExpertLayer> read_layer(Evaluation& e, const Inputs& in) {
  if (!e.has(in.weights)) return ExpertLayer();
  const std::optional<SmallFloat> type = NACRE_TRY(small_float(e.attributes()));
  ExpertLayer out = type ? NACRE_TRY(read_small_floats(e, in, *type)) : NACRE_TRY(read_integers(e, in));
  out.bias = read_bias(e, in.bias);
  return out;
}

Result<void> evaluate(Evaluation& e) {
  NACRE_TRY(check_format(e.attributes()));
  const ExpertRules rules = NACRE_TRY(read_expert_rules(e.attributes()));
  const ExpertTokens tokens = NACRE_TRY(read_tokens(e));
  for (size_t i = 17; i < e.input_count(); ++i)
    if (e.has(i)) return fail(ErrorCode::unsupported, "input ", i, " (scales of activations)");
  Experts experts{.count = tokens.experts};
  experts.first = NACRE_TRY(read_layer(e, {"fc1_expert_weight_bits", 2, 3, 4, 11, 15}));
  experts.second = NACRE_TRY(read_layer(e, {"fc2_expert_weight_bits", 5, 6, 7, 12, 16}));
  experts.gate = NACRE_TRY(read_layer(e, {"fc3_expert_weight_bits", 8, 9, 10, 13, SIZE_MAX}));
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
