#include "text/spoken_text.h"

#include <algorithm>

#include "text/category.h"
#include "text/normal_forms.h"
#include "text/unicode.h"

namespace nacre {
namespace {

constexpr char32_t kCapitalSigma = 0x3A3, kFinalSigma = 0x3C2;

struct Letters {
  char32_t code;
  std::string_view plain;
};
/// Letters that do not decompose.
constexpr Letters kPlain[] = {{0x152, "OE"}, {0x153, "oe"},  {0xD8, "O"},  {0xF8, "o"},  {0xC6, "AE"}, {0xE6, "ae"},
                              {0xDF, "ss"},  {0x1E9E, "SS"}, {0x110, "D"}, {0x111, "d"}, {0xD0, "D"},  {0xF0, "d"},
                              {0xDE, "TH"},  {0xFE, "th"},   {0x141, "L"}, {0x142, "l"}};

void append(std::string& out, char32_t code) {
  char bytes[4];
  out.append(bytes, static_cast<size_t>(encode_utf8(code, bytes)));
}

bool is_letter(char32_t code) { return in_category(code, Category::letter); }

/// A sigma behind a letter and before none is a final one.
std::string lowered(std::string_view text) {
  std::string out;
  char32_t before = 0, codes[kMostCodes];
  for (const char* at = text.data(); at < text.data() + text.size();) {
    const char32_t code = next_code(at);
    const char* ahead = at;
    const char32_t next = at < text.data() + text.size() ? next_code(ahead) : 0;
    if (code == kCapitalSigma && is_letter(before) && !is_letter(next)) {
      append(out, kFinalSigma);
    } else {
      for (int i = 0, count = lower_case(code, codes); i < count; ++i) append(out, codes[i]);
    }
    before = code;
  }
  return out;
}

/// What brackets of the opening kinds hold, up to the first closing one; round ones only where they hold something.
std::string without_remarks(std::string_view text, std::string_view opening, std::string_view closing, bool may_be_empty) {
  std::string out;
  while (!text.empty()) {
    const size_t begin = text.find_first_of(opening);
    const size_t inside = std::min(begin, text.size() - 1) + 1;
    const size_t end = begin == text.npos ? text.npos : text.find_first_of(closing, inside);
    if (end == text.npos) return out.append(text);
    out += text.substr(0, begin);
    if (end == inside && !may_be_empty) {
      out += text[begin];
      text.remove_prefix(inside);
      continue;
    }
    text.remove_prefix(end + 1);
  }
  return out;
}

std::string with_plain_letters(std::string_view text, bool without_diacritics) {
  constexpr uint8_t not_spoken = Category::mark | Category::symbol | Category::punctuation;
  Normalized normalized;
  normalized.reset(text);
  to_normal_form(normalized, without_diacritics ? NormalForm::nfkd : NormalForm::nfkc);
  const std::string_view form = normalized.text();
  std::string out;
  for (const char* at = form.data(); at < form.data() + form.size();) {
    const char32_t code = next_code(at);
    const auto plain = std::find_if(std::begin(kPlain), std::end(kPlain), [&](const Letters& each) { return each.code == code; });
    if (without_diacritics && plain != std::end(kPlain)) {
      out += plain->plain;
    } else if (without_diacritics && has_class(code, CharClass::mark)) {
      continue;
    } else {
      append(out, in_category(code, not_spoken) ? U' ' : code);
    }
  }
  return out;
}

/// Python's \s has four separators that White_Space has not.
bool is_space(char32_t code) { return has_class(code, CharClass::whitespace) || (code >= 0x1C && code <= 0x1F); }

std::string with_single_spaces(std::string_view text) {
  std::string out;
  bool after_space = false;
  for (const char* at = text.data(); at < text.data() + text.size();) {
    const char32_t code = next_code(at);
    const bool space = is_space(code);
    if (!space) append(out, code);
    if (space && !after_space) out += ' ';
    after_space = space;
  }
  return out;
}

}  // namespace

std::string normalize_spoken(std::string_view text, bool without_diacritics) {
  const std::string bare = without_remarks(without_remarks(lowered(text), "<[", ">]", true), "(", ")", false);
  return with_single_spaces(lowered(with_plain_letters(bare, without_diacritics)));
}

}  // namespace nacre
