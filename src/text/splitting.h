// Cutting words at matches of something, with what the format calls behaviours.
//
//     const SplitBehavior behavior = NACRE_TRY(load_behavior(json, "behavior"));
//     Splitter splitter(section, behavior, invert);
//     for (const ByteRange word : section.words) {
//       splitter.start(word);
//       for (...) splitter.match({begin, end});                   // left to right, bytes of the section's text
//       splitter.finish();
//     }
//     splitter.swap();                                            // the new words are the section's
#pragma once

#include <algorithm>
#include <iterator>

#include "text/component.h"
#include "text/unicode.h"

namespace nacre {

enum class SplitBehavior : uint8_t { removed, isolated, merged_with_previous, merged_with_next, contiguous };
Result<SplitBehavior> load_behavior(const Json& json, SplitBehavior fallback);

class Splitter {
 public:
  Splitter(Section& section, SplitBehavior behavior, bool invert = false);
  void start(ByteRange word) noexcept { word_ = word, done_ = word.begin, previous_ = false, parts_.clear(); }
  void match(ByteRange range);
  void finish();
  void swap() { std::swap(section_.words, section_.next_words); }

 private:
  struct Part {
    ByteRange range;
    bool match;
  };
  void part(ByteRange range, bool match);
  void merge_with_next();
  void put(ByteRange range) {
    if (range.begin < range.end) section_.next_words.push_back(range);
  }

  Section& section_;
  SplitBehavior behavior_;
  bool invert_;
  ByteRange word_;
  uint32_t done_ = 0;
  bool previous_ = false;    // what came last was a match
  std::vector<Part> parts_;  // of the word, for those behaviours that look back
};

/// Every character for which `matches(code)` holds is a match.
template <class Matches>
void split_at_characters(Section& section, SplitBehavior behavior, const Matches& matches) {
  Splitter splitter(section, behavior);
  const char* const start = section.text.text().data();
  for (const ByteRange word : section.words) {
    splitter.start(word);
    for (const char* at = start + word.begin; at < start + word.end;) {
      const auto begin = static_cast<uint32_t>(at - start);
      if (matches(next_code(at))) splitter.match({begin, static_cast<uint32_t>(at - start)});
    }
    splitter.finish();
  }
  splitter.swap();
}

}  // namespace nacre
