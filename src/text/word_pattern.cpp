#include "text/word_pattern.h"

#include "text/word_rules.h"

namespace nacre {

Result<WordPattern> WordPattern::load(const Json& json) {
  if (json.has("Regex")) return regex(NACRE_TRY(json.text("Regex")));
  WordPattern out;
  out.pattern_ = NACRE_TRY(Pattern::load(json));
  return out;
}

Result<WordPattern> WordPattern::regex(std::string_view source) {
  WordPattern out;
  out.rules_ = find_word_rules(source);
  if (!out.rules_) out.pattern_ = NACRE_TRY(Pattern::regex(source));
  return out;
}

std::vector<std::string_view> WordPattern::well_known() {
  std::vector<std::string_view> out;
  for (const WordRules& rules : word_rules()) out.push_back(rules.source);
  return out;
}

void WordPattern::split(Section& section, SplitBehavior behavior, bool invert) const {
  Splitter splitter(section, behavior, invert);
  for (const ByteRange word : section.words) {
    const std::string_view text = section.text.text().substr(word.begin, word.size());
    const auto match = [&](ByteRange range) { splitter.match({word.begin + range.begin, word.begin + range.end}); };
    splitter.start(word);
    if (rules_) {
      for (WordMatcher matcher(*rules_, text); const auto found = matcher.next();) match(*found);
    } else {
      section.text.note(pattern_->for_each_match(text, match));
    }
    splitter.finish();
  }
  splitter.swap();
}

}  // namespace nacre
