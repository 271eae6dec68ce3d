// The row type of the operator table. Rows live in ops/, one file each.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

#include "core/result.h"
#include "graph/graph.h"

namespace nacre {

class Builder;
class Inference;
class Evaluation;
class Upgrade;

/// A set of dtypes.
struct TypeSet {
  uint32_t bits = 0;
  constexpr TypeSet() = default;
  constexpr TypeSet(std::initializer_list<DType> list) {
    for (DType d : list) bits |= 1u << static_cast<int>(d);
  }
  constexpr bool has(DType d) const noexcept { return bits >> static_cast<int>(d) & 1; }
  constexpr TypeSet operator|(TypeSet other) const noexcept {
    TypeSet out;
    out.bits = bits | other.bits;
    return out;
  }
};

inline constexpr TypeSet float_types{DType::float16, DType::float32, DType::float64, DType::bfloat16};
inline constexpr TypeSet signed_types{DType::int8, DType::int16, DType::int32, DType::int64};
inline constexpr TypeSet unsigned_types{DType::uint8, DType::uint16, DType::uint32, DType::uint64};
inline constexpr TypeSet integer_types = signed_types | unsigned_types;
inline constexpr TypeSet numeric_types = float_types | integer_types;
inline constexpr TypeSet float8_types{DType::float8e4m3fn, DType::float8e4m3fnuz, DType::float8e5m2, DType::float8e5m2fnuz,
                                      DType::float8e8m0};
inline constexpr TypeSet packed_types{DType::int4, DType::uint4, DType::int2, DType::uint2, DType::float4e2m1};
inline constexpr TypeSet complex_types{DType::complex64, DType::complex128};
inline constexpr TypeSet all_types = numeric_types | float8_types | packed_types | complex_types | TypeSet{DType::boolean, DType::string};

enum class OpKind : uint8_t { other, elementwise, reduction, movement, shape, contraction, convolution, pooling, normalisation, control };

inline constexpr int kMany = 1 << 20;  // variadic

struct Arity {
  int least = 1, most = 1;
};

/// A node with its graph, as rules read it.
struct NodeView {
  const Graph& graph;
  const Node& node;
  Edge input(size_t i) const { return node.has_input(i) ? node.inputs[i] : kAbsent; }
  bool has(size_t i) const { return node.has_input(i); }
  const Fact& fact(size_t i) const { return graph.fact(node.inputs[i]); }
  const Tensor* constant(size_t i) const { return graph.constant(input(i)); }
  const Attributes& attributes() const { return node.attributes; }
};

/// What an operator means. `infer` and `evaluate` are required, the rest where it applies.
struct Op {
  std::string_view name;
  std::string_view domain = "";      ///< "" is ai.onnx
  std::initializer_list<int> since;  ///< the domain's versions that changed it; the last one is our canonical form
  TypeSet types = all_types;         ///< dtypes of the first input (of the output, where there is none)
  Arity inputs{1, 1};                ///< least and most; absent optional inputs count by position
  Arity outputs{1, 1};
  Result<void> (*infer)(Inference&) = nullptr;         ///< sets the outputs' facts
  Result<void> (*evaluate)(Evaluation&) = nullptr;     ///< plain loops, every dtype: the oracle
  Result<void> (*upgrade)(Upgrade&) = nullptr;         ///< an older version's node -> canonical form
  Edge (*lower)(Builder&, const NodeView&) = nullptr;  ///< the same in simpler operators; kAbsent: not this node
  OpKind kind = OpKind::other;
  uint32_t may_alias = 0;                     ///< bit i: output 0 may be written over input i when it dies there
  bool deterministic = true;                  ///< false: never folded or merged (random operators)
  double (*cost)(const NodeView&) = nullptr;  ///< FLOPs when shapes are constant; default: output elements
};

/// Finds a row; null when there is none. "ai.onnx" is spelt "". Defined by the table in ops/.
const Op* find_op(std::string_view domain, std::string_view name);
/// All rows, sorted by domain and name.
std::span<const Op* const> all_ops();

}  // namespace nacre
