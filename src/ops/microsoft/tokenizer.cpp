// Tokenizer: each string divided into tokens along a new last axis: what matches `tokenexp`, or what lies between matches of
// `separators`; rows are padded to the longest.
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include <algorithm>

#include "ops/op.h"
#include "ops/regex.h"

namespace nacre {
namespace {

using Tokens = std::vector<std::string_view>;

struct Rules {
  bool mark, characters = false;
  std::string padding;
  size_t least;  // characters of a token
  std::vector<Regex> separators;
  std::vector<Regex> token;  // one, when given
};

Result<Rules> read_rules(const Attributes& a) {
  const std::vector<std::string> separators = a.strings("separators");
  const std::string token = a.string("tokenexp", "");
  const int64_t least = a.integer("mincharnum", 1);
  if (least < 1) return fail(ErrorCode::invalid_model, "mincharnum ", least, ": expected at least 1");
  if (separators.empty() == token.empty()) return fail(ErrorCode::invalid_model, "needs separators or tokenexp, and not both");
  Rules out{.mark = a.integer("mark", 0) != 0, .padding = a.string("pad_value", ""), .least = static_cast<size_t>(least)};
  out.characters = token == "." || (separators.size() == 1 && separators[0].empty());
  if (out.characters) return out;
  for (const std::string& pattern : separators) out.separators.push_back(NACRE_TRY(Regex::compile(pattern)));
  if (!token.empty()) out.token.push_back(NACRE_TRY(Regex::compile(token)));
  return out;
}

bool begins_character(char byte) { return (static_cast<unsigned char>(byte) & 0xc0) != 0x80; }
size_t character_count(std::string_view text) { return static_cast<size_t>(std::count_if(text.begin(), text.end(), begins_character)); }

void keep(const Rules& rules, std::string_view token, Tokens& out) {
  if (character_count(token) >= rules.least) out.push_back(token);
}

Tokens characters_of(std::string_view text) {
  Tokens out;
  for (size_t at = 0, end = 1; at < text.size(); at = end++) {
    while (end < text.size() && !begins_character(text[end])) ++end;
    out.push_back(text.substr(at, end - at));
  }
  return out;
}

// What lies before, between and behind the matches.
void split(const Rules& rules, const Regex& separator, std::string_view text, Tokens& out) {
  size_t at = 0;
  for (auto found = separator.find(text, 0); found.size > 0; found = separator.find(text, at)) {
    keep(rules, text.substr(at, found.first - at), out);
    at = found.first + found.size;
  }
  keep(rules, text.substr(at), out);
}

Tokens tokens_of(const Rules& rules, std::string_view text) {
  if (rules.characters) return characters_of(text);
  Tokens out;
  if (!rules.token.empty()) {
    for (auto found = rules.token[0].find(text, 0); found.size > 0; found = rules.token[0].find(text, found.first + found.size))
      keep(rules, text.substr(found.first, found.size), out);
    return out;
  }
  out.push_back(text);
  for (const Regex& separator : rules.separators)
    for (const std::string_view part : std::exchange(out, {})) split(rules, separator, part, out);
  return out;
}

Result<void> infer(Inference& inference) {
  (void)NACRE_TRY(read_rules(inference.attributes()));
  const SymShape* x = inference.shape(0);
  inference.set(0, DType::string);
  if (!x) return {};
  if (x->empty() || x->size() > 2) return fail(ErrorCode::invalid_argument, "strings of shape ", *x, ": expected rank 1 or 2");
  SymShape y = *x;
  if (y.back().is(0)) return inference.set(0, DType::string, std::move(y)), Result<void>();
  if (!y.back().is_constant()) return {};  // without strings there is no new axis
  y.push_back(inference.fresh());
  inference.set(0, DType::string, std::move(y));
  return {};
}

void store_row(const Rules& rules, const Tokens& tokens, std::span<std::string> row) {
  std::fill(row.begin(), row.end(), rules.padding);
  auto at = row.begin();
  if (rules.mark) *at++ = "\x02";
  for (const std::string_view token : tokens) *at++ = token;
  if (rules.mark) *at = "\x03";
}

Result<void> evaluate(Evaluation& e) {
  const Rules rules = NACRE_TRY(read_rules(e.attributes()));
  Shape shape = e.shape(0);
  if (e.dtype(0) != DType::string || shape.empty() || shape.size() > 2)
    return fail(ErrorCode::invalid_argument, "takes strings of rank 1 or 2, received ", describe(e.input(0)));
  std::vector<Tokens> all;
  size_t width = 0;
  for (const std::string& text : e.input(0).data<std::string>()) {
    NACRE_TRY(e.checkpoint());
    all.push_back(tokens_of(rules, text));
    width = std::max(width, all.back().size() + (rules.mark ? 2 : 0));
  }
  if (shape.back() != 0) shape.push_back(static_cast<int64_t>(width));
  Tensor* y = NACRE_TRY(e.output(0, DType::string, shape));
  const std::span<std::string> out = y->mutable_data<std::string>();
  for (size_t i = 0; i < all.size() && width > 0; ++i) store_row(rules, all[i], out.subspan(i * width, width));
  return {};
}

}  // namespace

extern const Op op_microsoft_tokenizer;
const Op op_microsoft_tokenizer{
    .name = "Tokenizer", .domain = "com.microsoft", .since = {1}, .types = {DType::string}, .infer = infer, .evaluate = evaluate};

}  // namespace nacre
