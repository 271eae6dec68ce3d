#include "text/splitting.h"

namespace nacre {

Result<SplitBehavior> load_behavior(const Json& json, SplitBehavior fallback) {
  if (!json.has("behavior")) return fallback;
  const std::string_view name = NACRE_TRY(json.text("behavior"));
  constexpr std::string_view names[] = {"Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"};
  for (uint8_t i = 0; i < std::size(names); ++i)
    if (name == names[i]) return static_cast<SplitBehavior>(i);
  return fail(ErrorCode::invalid_argument, json.path(), ".behavior: expected Removed, Isolated, MergedWithPrevious, MergedWithNext or ",
              "Contiguous, found ", json_quoted(name));
}

Splitter::Splitter(Section& section, SplitBehavior behavior, bool invert) : section_(section), behavior_(behavior), invert_(invert) {
  section_.next_words.clear();
}

void Splitter::match(ByteRange range) {
  if (done_ < range.begin) part({done_, range.begin}, invert_);
  part(range, !invert_);
  done_ = range.end;
}

void Splitter::part(ByteRange range, bool match) {
  if (behavior_ == SplitBehavior::isolated) return put(range);
  if (behavior_ == SplitBehavior::removed) return match ? void() : put(range);
  parts_.push_back({range, match});
}

void Splitter::finish() {
  if (done_ < word_.end) part({done_, word_.end}, invert_);
  if (behavior_ == SplitBehavior::merged_with_next) return merge_with_next();
  ByteRange open;  // not yet put
  bool any = false;
  for (const Part& now : parts_) {
    const bool joins = behavior_ == SplitBehavior::contiguous ? now.match == previous_ : now.match && !previous_;
    previous_ = now.match;
    if (joins && any) {
      open.end = now.range.end;
      continue;
    }
    if (any) put(open);
    open = now.range, any = true;
  }
  if (any) put(open);
}

void Splitter::merge_with_next() {
  const size_t first = section_.next_words.size();
  ByteRange open;
  bool any = false;
  for (size_t i = parts_.size(); i-- > 0;) {
    const Part& now = parts_[i];
    const bool joins = now.match && !previous_;
    previous_ = now.match;
    if (joins && any) {
      open.begin = now.range.begin;
      continue;
    }
    if (any) put(open);
    open = now.range, any = true;
  }
  if (any) put(open);
  std::reverse(section_.next_words.begin() + static_cast<ptrdiff_t>(first), section_.next_words.end());
}

}  // namespace nacre
