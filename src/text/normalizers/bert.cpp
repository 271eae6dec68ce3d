// BertNormalizer: control characters out, white space to spaces, spaces around ideographs, accents off, lower case.
// https://github.com/google-research/bert/blob/master/tokenization.py
#include <array>

#include "text/component.h"
#include "text/normal_forms.h"
#include "text/rewrite.h"
#include "text/unicode.h"

namespace nacre {
namespace {

constexpr uint8_t kRemoved = 0xFF;  // in the table of ASCII

bool is_dropped(char32_t code) {
  const bool kept_control = code == '\t' || code == '\n' || code == '\r';
  return code == 0 || code == 0xFFFD || (!kept_control && has_class(code, CharClass::other));
}

class BertNormalizer final : public Normalizer {
 public:
  BertNormalizer(bool clean, bool ideographs, bool strip, bool lower)
      : clean_(clean), ideographs_(ideographs), strip_(strip), lower_(lower) {
    for (int code = 0; code < 128; ++code) ascii_[code] = ascii_result(static_cast<char32_t>(code));
    if (clean_) interesting_ |= CharClass::whitespace | CharClass::other;
    if (ideographs_) interesting_ |= CharClass::ideograph;
    if (strip_) interesting_ |= CharClass::mark | CharClass::changes;
    if (lower_) interesting_ |= CharClass::changes;
  }

  void apply(Normalized& text) const override {
    if (strip_ && needs_reordering(text.text())) return apply_steps(text);
    const std::string_view present = text.text();
    rewrite_each(text, [&](Rewrite& out, char32_t code, ByteRange range) {
      if (code >= 0x80) return put_other(out, code, present.substr(range.begin, range.size()), range);
      const char mapped = static_cast<char>(ascii_[code]);
      if (ascii_[code] != kRemoved) out.put(std::string_view(&mapped, 1), range);
    });
  }

 private:
  uint8_t ascii_result(char32_t code) const {
    if (clean_ && is_dropped(code)) return kRemoved;
    if (clean_ && has_class(code, CharClass::whitespace)) return ' ';
    char32_t lowered;
    return static_cast<uint8_t>(lower_ && lower_case(code, &lowered) == 1 ? lowered : code);
  }

  // Code points are independent of each other but where decomposition sorts marks, and marks vanish: only what has a
  // combining class and stays makes a difference.
  static bool needs_reordering(std::string_view text) {
    const char* const end = text.data() + text.size();
    for (const char* at = text.data(); at < end;) {
      const char32_t code = next_code(at);
      if (code >= 0x300 && has_class(code, CharClass::reorders)) return true;
    }
    return false;
  }

  void put_other(Rewrite& rewrite, char32_t code, std::string_view bytes, ByteRange range) const {
    const uint8_t classes = char_class(code);
    if (!(classes & interesting_) && code != 0xFFFD) return rewrite.put(bytes, range);
    if (clean_ && is_dropped(code)) return;
    if (clean_ && (classes & CharClass::whitespace)) return rewrite.put(U' ', range);
    const bool spaced = ideographs_ && (classes & CharClass::ideograph);
    if (spaced) rewrite.put(U' ', range);
    put_changed(rewrite, code, range);
    if (spaced) rewrite.put(U' ', range);
  }

  void put_changed(Rewrite& rewrite, char32_t code, ByteRange range) const {
    char32_t codes[kMostCodes] = {code};
    const int count = strip_ ? decompose(code, codes) : 1;
    for (int i = 0; i < count; ++i) {
      if (strip_ && has_class(codes[i], CharClass::mark)) continue;
      char32_t lowered[kMostCodes] = {codes[i]};
      const int results = lower_ ? lower_case(codes[i], lowered) : 1;
      for (int k = 0; k < results; ++k) rewrite.put(lowered[k], range);
    }
  }

  /// The same as the reference does it, one step after the other with sorted marks in between.
  void apply_steps(Normalized& text) const {
    BertNormalizer(clean_, ideographs_, false, false).apply(text);
    text.transform(decompose_sorted(text.text()));
    drop_codes(text, [](char32_t code) { return has_class(code, CharClass::mark); });
    if (lower_) BertNormalizer(false, false, false, true).apply(text);
  }

  bool clean_, ideographs_, strip_, lower_;
  uint8_t interesting_ = 0;
  std::array<uint8_t, 128> ascii_{};
};

Result<std::unique_ptr<const Normalizer>> load(const Json& json) {
  const bool clean = NACRE_TRY(json.boolean("clean_text", true)), ideographs = NACRE_TRY(json.boolean("handle_chinese_chars", true));
  const bool lower = NACRE_TRY(json.boolean("lowercase", true));
  const bool strip = NACRE_TRY(json.boolean("strip_accents", lower));  // absent or null: goes with lower case
  return std::make_unique<BertNormalizer>(clean, ideographs, strip, lower);
}

}  // namespace

extern const NormalizerType normalizer_bert;
const NormalizerType normalizer_bert{.type = "BertNormalizer", .load = load};

}  // namespace nacre
