// StringSplit: each string cut at `delimiter`, or at runs of white space; shorter lists are padded with empty strings.
// https://onnx.ai/onnx/operators/onnx__StringSplit.html
#include <algorithm>

#include "ops/op.h"

namespace nacre {
namespace {

Result<void> infer(Inference& inference) {
  std::optional<SymShape> pieces = inference.input(0).shape;
  if (pieces) pieces->push_back(inference.fresh());
  inference.set(0, DType::string, std::move(pieces));
  inference.set(1, DType::int64, inference.input(0).shape);
  return {};
}

using Pieces = std::vector<std::string_view>;

Pieces split_at(std::string_view text, std::string_view delimiter, int64_t limit) {
  Pieces out;
  for (size_t found; limit-- > 0 && (found = text.find(delimiter)) != std::string_view::npos; text.remove_prefix(found + delimiter.size()))
    out.push_back(text.substr(0, found));
  out.push_back(text);
  return out;
}

// As Python's str.split(None): the rest that the limit leaves keeps its trailing white space.
Pieces split_at_space(std::string_view text, int64_t limit) {
  constexpr std::string_view kSpace = " \t\n\r\v\f";
  Pieces out;
  for (size_t begin; (begin = text.find_first_not_of(kSpace)) != std::string_view::npos;) {
    text.remove_prefix(begin);
    const size_t end = limit-- > 0 ? std::min(text.find_first_of(kSpace), text.size()) : text.size();
    out.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return out;
}

Result<void> evaluate(Evaluation& e) {
  const std::string delimiter = e.attributes().string("delimiter", "");
  const int64_t asked = e.attributes().integer("maxsplit", -1), limit = asked < 0 ? INT64_MAX : asked;
  const std::span<const std::string> x = e.input(0).data<std::string>();
  std::vector<Pieces> all;
  size_t most = 0;
  for (const std::string& text : x) {
    all.push_back(delimiter.empty() ? split_at_space(text, limit) : split_at(text, delimiter, limit));
    most = std::max(most, all.back().size());
  }
  Shape shape = e.shape(0);
  Tensor* counts = NACRE_TRY(e.output(1, DType::int64, shape));
  shape.push_back(static_cast<int64_t>(most));
  Tensor* y = NACRE_TRY(e.output(0, DType::string, shape));
  std::string* out = static_cast<std::string*>(y->mutable_raw());
  for (size_t i = 0; i < all.size(); ++i, out += most) {
    static_cast<int64_t*>(counts->mutable_raw())[i] = static_cast<int64_t>(all[i].size());
    std::copy(all[i].begin(), all[i].end(), out);
  }
  return {};
}

}  // namespace

extern const Op op_string_split;
const Op op_string_split{
    .name = "StringSplit", .since = {20}, .types = TypeSet{DType::string}, .outputs = {2, 2}, .infer = infer, .evaluate = evaluate};

}  // namespace nacre
