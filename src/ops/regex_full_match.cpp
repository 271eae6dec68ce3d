// RegexFullMatch: whether each string matches `pattern` (RE2 syntax) from its first byte to its last.
// https://onnx.ai/onnx/operators/onnx__RegexFullMatch.html
#include "ops/op.h"
#include "ops/regex.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) {
  NACRE_TRY(Regex::compile(inference.attributes().string("pattern", "")));
  inference.set(0, DType::boolean, inference.input(0).shape);
  return {};
}

Result<void> evaluate(Evaluation& e) {
  const Regex regex = NACRE_TRY(Regex::compile(e.attributes().string("pattern", "")));
  Tensor* y = NACRE_TRY(e.output(0, DType::boolean, e.shape(0)));
  bool* out = static_cast<bool*>(y->mutable_raw());
  for (const std::string& text : e.input(0).data<std::string>()) {
    NACRE_TRY(e.checkpoint());
    *out++ = regex.matches(text);
  }
  return {};
}

}  // namespace

extern const Op op_regex_full_match;
const Op op_regex_full_match{
    .name = "RegexFullMatch", .since = {20}, .types = TypeSet{DType::string}, .infer = infer, .evaluate = evaluate};

}  // namespace nacre
