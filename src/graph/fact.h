// What is known of an edge before anything runs.
#pragma once

#include <memory>
#include <optional>

#include "graph/symdim.h"

namespace nacre {

/// A tensor of a dtype and a symbolic shape; or a sequence, optional or map of facts; or nothing known at all.
struct Fact {
  enum class Kind : uint8_t { unknown, tensor, sequence, optional, map };

  Kind kind = Kind::unknown;
  DType dtype = DType::undefined;  // tensor: elements; map: values. `undefined` when not known
  DType key_dtype = DType::undefined;
  std::optional<SymShape> shape;                      // empty: the rank is not known
  std::shared_ptr<const Fact> element;                // of a sequence or optional
  std::shared_ptr<const std::vector<SymDim>> values;  // small integer tensors: the elements, row-major

  static Fact tensor(DType dtype, std::optional<SymShape> shape = std::nullopt) {
    Fact out;
    out.kind = Kind::tensor, out.dtype = dtype, out.shape = std::move(shape);
    return out;
  }
  static Fact sequence_of(Fact element) { return nested(Kind::sequence, std::move(element)); }
  static Fact optional_of(Fact element) { return nested(Kind::optional, std::move(element)); }
  static Fact map(DType keys, DType values) {
    Fact out;
    out.kind = Kind::map, out.key_dtype = keys, out.dtype = values;
    return out;
  }
  /// The fact of a value that is at hand: constant dims, and the elements if it is a small integer tensor.
  static Fact of(const Tensor& tensor);
  static Fact of(const Value& value);

  bool is_tensor() const noexcept { return kind == Kind::tensor; }
  bool has_constant_shape() const { return shape && constant_shape(*shape); }
  /// "float32[batch,384]", "seq(int64[?])", "?".
  std::string text() const;

 private:
  static Fact nested(Kind kind, Fact element) {
    Fact out;
    out.kind = kind, out.element = std::make_shared<const Fact>(std::move(element));
    return out;
  }
};
inline void append(std::string& out, const Fact& fact) { out += fact.text(); }

/// Integer tensors up to this many elements carry their values through inference.
inline constexpr int64_t kMaxTrackedValues = 512;

}  // namespace nacre
