// StringNormalizer: removes stop words, then changes the case of what is left.
// https://onnx.ai/onnx/operators/onnx__StringNormalizer.html
#include <utf8proc.h>

#include <algorithm>
#include <unordered_set>

#include "ops/op.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) {
  const SymShape* shape = inference.shape(0);
  if (!shape) return inference.set(0, DType::string), Result<void>();
  const bool row = shape->size() == 2;
  if ((!row && shape->size() != 1) || (row && (*shape)[0].differs(1)))
    return fail(ErrorCode::invalid_argument, "takes [C] or [1, C], given ", *shape);
  inference.set(0, DType::string, row ? SymShape{1, inference.fresh()} : SymShape{inference.fresh()});
  return {};
}

// One code point stays one, as in C's towupper: utf8proc alone would make U+1E9E of a sharp s.
utf8proc_int32_t upper(utf8proc_int32_t code) { return code == 0xdf ? code : utf8proc_toupper(code); }

// Code point by code point; bytes that are no UTF-8 stay as they are.
std::string change_case(std::string_view text, utf8proc_int32_t (*change)(utf8proc_int32_t)) {
  std::string out;
  while (!text.empty()) {
    utf8proc_int32_t code;
    const utf8proc_ssize_t used =
        utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()), &code);
    utf8proc_uint8_t bytes[4];
    const utf8proc_ssize_t written = used > 0 ? utf8proc_encode_char(change(code), bytes) : 0;
    if (written > 0)
      out.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(written));
    else
      out += text[0];
    text.remove_prefix(used > 0 ? static_cast<size_t>(used) : 1);
  }
  return out;
}

Result<void> evaluate(Evaluation& e) {
  const Attributes& attributes = e.attributes();
  const std::string action = attributes.string("case_change_action", "NONE");
  const bool sensitive = attributes.integer("is_case_sensitive", 0) != 0;
  if (action != "NONE" && action != "LOWER" && action != "UPPER")
    return fail(ErrorCode::invalid_model, "case_change_action is \"", action, "\", not \"NONE\", \"LOWER\" or \"UPPER\"");
  if (e.input(0).rank() != 1 && (e.input(0).rank() != 2 || e.shape(0)[0] != 1))
    return fail(ErrorCode::invalid_argument, "takes [C] or [1, C], given ", describe(e.input(0)));
  auto key = [&](const std::string& word) { return sensitive ? word : change_case(word, utf8proc_tolower); };
  std::unordered_set<std::string> stopwords;
  for (const std::string& word : attributes.strings("stopwords")) stopwords.insert(key(word));
  std::vector<std::string> kept;
  for (const std::string& word : e.input(0).data<std::string>()) {
    if (stopwords.contains(key(word))) continue;
    kept.push_back(action == "NONE" ? word : change_case(word, action == "LOWER" ? utf8proc_tolower : upper));
  }
  if (kept.empty()) kept.emplace_back();  // the specification wants one empty string then
  Shape shape = e.shape(0);
  shape.back() = static_cast<int64_t>(kept.size());
  Tensor* y = NACRE_TRY(e.output(0, shape));
  std::move(kept.begin(), kept.end(), static_cast<std::string*>(y->mutable_raw()));
  return {};
}

}  // namespace

extern const Op op_string_normalizer;
const Op op_string_normalizer{
    .name = "StringNormalizer", .since = {10}, .types = TypeSet{DType::string}, .infer = infer, .evaluate = evaluate};

}  // namespace nacre
