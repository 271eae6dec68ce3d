#include "text/normal_forms.h"

#include <algorithm>

#include "text/unicode.h"

namespace nacre {
namespace {

/// By combining class, equal ones in their order. (libstdc++'s stable_sort asks for memory in a deprecated way.)
void sort_marks(std::span<CodeChange> marks) {
  std::vector<std::pair<uint64_t, CodeChange>> keyed;
  keyed.reserve(marks.size());
  for (const CodeChange& mark : marks) keyed.push_back({static_cast<uint64_t>(combining_class(mark.code)) << 32 | keyed.size(), mark});
  std::sort(keyed.begin(), keyed.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (size_t i = 0; i < marks.size(); ++i) marks[i] = keyed[i].second;
}

/// Composes in place, as far as combining classes let marks through to their starter.
void compose_all(std::vector<CodeChange>& codes) {
  size_t out = 0;
  constexpr size_t none = SIZE_MAX;
  size_t starter = none;
  int last_class = -1;  // of what stands between the starter and here; -1: nothing
  for (const CodeChange& code : codes) {
    const int own_class = combining_class(code.code);
    const bool reaches = starter != none && last_class < own_class;
    if (const char32_t composed = reaches ? compose(codes[starter].code, code.code) : 0) {
      codes[starter].code = composed;
      codes[starter].change += code.change - 1;
      continue;
    }
    if (own_class == 0) {
      starter = out;
      last_class = -1;
    } else {
      last_class = own_class;
    }
    codes[out++] = code;
  }
  codes.resize(out);
}

bool is_inert(std::string_view text, NormalForm form) {
  const bool composing = form == NormalForm::nfc || form == NormalForm::nfkc;
  const bool compatible = form == NormalForm::nfkc || form == NormalForm::nfkd;
  const char* const end = text.data() + text.size();
  for (const char* at = text.data(); at < end;) {
    if (static_cast<signed char>(*at) >= 0) {
      ++at;
    } else if (!stays_alone(next_code(at), composing, compatible)) {
      return false;
    }
  }
  return true;
}

}  // namespace

std::vector<CodeChange> decompose_sorted(std::string_view text, bool compatible) {
  std::vector<CodeChange> changes;
  changes.reserve(text.size());
  const char* const end = text.data() + text.size();
  size_t starter = 0;  // since here all have a combining class
  const auto sort = [&] {
    if (changes.size() > starter + 1) sort_marks(std::span(changes).subspan(starter));
  };
  for (const char* at = text.data(); at < end;) {
    char32_t codes[kMostCodes];
    const char32_t code = next_code(at);
    const int count = compatible ? decompose_compatible(code, codes) : decompose(code, codes);
    for (int i = 0; i < count; ++i) {
      const bool starts = combining_class(codes[i]) == 0;
      if (starts) sort();
      changes.push_back({codes[i], i > 0});
      if (starts) starter = changes.size();
    }
  }
  sort();
  return changes;
}

void drop_codes(Normalized& text, bool (*is_dropped)(char32_t)) {
  Rewrite rewrite(text);
  const std::string_view present = text.text();
  const char* const end = present.data() + present.size();
  for (const char* at = present.data(); at < end;) {
    const auto begin = static_cast<uint32_t>(at - present.data());
    if (!is_dropped(next_code(at))) rewrite.keep(begin, static_cast<uint32_t>(at - present.data()));
  }
  rewrite.finish();
}

void to_normal_form(Normalized& text, NormalForm form) {
  if (is_inert(text.text(), form)) return;
  std::vector<CodeChange> changes = decompose_sorted(text.text(), form == NormalForm::nfkc || form == NormalForm::nfkd);
  if (form == NormalForm::nfc || form == NormalForm::nfkc) compose_all(changes);
  text.transform(changes);
}

}  // namespace nacre
