#include "ops/dtype_attribute.h"

namespace nacre {

Result<DType> dtype_attribute(const Attributes& attributes, std::string_view name) {
  const int64_t number = attributes.integer(name, 0);
  if (number <= 0 || number >= kDTypeCount)
    return fail(ErrorCode::invalid_model, "attribute '", name, "' is ", number, ", not an element type");
  return static_cast<DType>(number);
}

Result<DType> dtype_attribute(const Attributes& attributes, std::string_view name, DType otherwise) {
  if (!attributes.has(name)) return otherwise;
  return dtype_attribute(attributes, name);
}

namespace {

Result<RoundMode> round_mode(const Attributes& attributes) {
  const std::string name = attributes.string("round_mode", "up");
  if (name == "up") return RoundMode::up;
  if (name == "down") return RoundMode::down;
  if (name == "nearest") return RoundMode::nearest;
  return fail(ErrorCode::invalid_model, "round_mode is \"", name, "\", not \"up\", \"down\" or \"nearest\"");
}

}  // namespace

Result<void> convert_input(Evaluation& e, DType to) {
  const ConvertOptions options{.saturate = e.attributes().integer("saturate", 1) != 0, .round_mode = NACRE_TRY(round_mode(e.attributes()))};
  if (to == e.dtype(0)) return e.set(0, e.value(0)), Result<void>();
  Tensor* y = NACRE_TRY(e.output(0, to, e.shape(0)));
  return convert(e.input(0), *y, options);
}

}  // namespace nacre
