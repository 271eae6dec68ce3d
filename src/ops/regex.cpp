#include "ops/regex.h"

#include <utf8proc.h>

#include "ops/regex_parser.h"

namespace nacre {
namespace {

using Kind = Regex::Kind;

uint32_t next_code(std::string_view& text) {
  utf8proc_int32_t code;
  const utf8proc_ssize_t used =
      utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()), &code);
  const uint32_t out = used > 0 ? static_cast<uint32_t>(code) : static_cast<uint8_t>(text[0]);
  text.remove_prefix(used > 0 ? static_cast<size_t>(used) : 1);
  return out;
}

bool is_word(uint32_t code) {
  return (code >= '0' && code <= '9') || (code >= 'A' && code <= 'Z') || (code >= 'a' && code <= 'z') || code == '_';
}

bool in_ranges(const std::vector<Regex::Range>& ranges, uint32_t code) {
  size_t low = 0, high = ranges.size();
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (ranges[middle].last < code)
      low = middle + 1;
    else
      high = middle;
  }
  return low < ranges.size() && ranges[low].first <= code;
}

constexpr uint32_t kNone = ~0u;  // before the first and after the last character

// The steps that are alive, each once.
struct Alive {
  explicit Alive(const std::vector<Regex::Step>& steps) : steps(steps), seen(steps.size(), 0) {}
  const std::vector<Regex::Step>& steps;
  std::vector<uint32_t> list, pending;
  std::vector<uint64_t> seen;
  uint64_t round = 0;

  void begin_round() { list.clear(), ++round; }

  static bool holds(Kind kind, uint32_t before, uint32_t after) {
    const bool edge = (before != kNone && is_word(before)) != (after != kNone && is_word(after));
    switch (kind) {
      case Kind::begin_text: return before == kNone;
      case Kind::end_text: return after == kNone;
      case Kind::begin_line: return before == kNone || before == '\n';
      case Kind::end_line: return after == kNone || after == '\n';
      case Kind::word_edge: return edge;
      default: return !edge;
    }
  }

  // Follows steps that read nothing, between the characters `before` and `after`.
  void add(uint32_t start, uint32_t before, uint32_t after) {
    pending.push_back(start);
    while (!pending.empty()) {
      const uint32_t at = pending.back();
      pending.pop_back();
      if (std::exchange(seen[at], round) == round) continue;
      const Regex::Step& step = steps[at];
      if (step.kind == Kind::set || step.kind == Kind::match) {
        list.push_back(at);
      } else if (step.kind == Kind::split) {
        pending.push_back(step.other);
        pending.push_back(step.next);
      } else if (step.kind == Kind::jump || holds(step.kind, before, after)) {
        pending.push_back(step.next);
      }
    }
  }
};

}  // namespace

Result<Regex> Regex::compile(std::string_view pattern) {
  Regex out;
  out.steps_ = NACRE_TRY(parse_regex(pattern));
  return out;
}

bool Regex::matches(std::string_view text) const {
  Alive now(steps_), then(steps_);
  uint32_t code = text.empty() ? kNone : next_code(text);
  now.begin_round();
  now.add(0, kNone, code);
  while (code != kNone && !now.list.empty()) {
    const uint32_t following = text.empty() ? kNone : next_code(text);
    then.begin_round();
    for (uint32_t at : now.list)
      if (steps_[at].kind == Kind::set && in_ranges(steps_[at].ranges, code)) then.add(steps_[at].next, code, following);
    std::swap(now.list, then.list);
    code = following;
  }
  if (code != kNone) return false;
  for (uint32_t at : now.list)
    if (steps_[at].kind == Kind::match) return true;
  return false;
}

// Bytes of the longest match that begins at `from`, behind the character `before`.
size_t Regex::longest(std::string_view text, size_t from, uint32_t before) const {
  Alive now(steps_), then(steps_);
  std::string_view rest = text.substr(from);
  size_t at = text.size() - rest.size(), best = 0;
  uint32_t code = rest.empty() ? kNone : next_code(rest);
  now.begin_round();
  now.add(0, before, code);
  while (code != kNone && !now.list.empty()) {
    at = text.size() - rest.size();  // behind `code`
    const uint32_t following = rest.empty() ? kNone : next_code(rest);
    then.begin_round();
    for (uint32_t step : now.list)
      if (steps_[step].kind == Kind::set && in_ranges(steps_[step].ranges, code)) then.add(steps_[step].next, code, following);
    std::swap(now.list, then.list);
    code = following;
    for (uint32_t step : now.list)
      if (steps_[step].kind == Kind::match) best = at - from;
  }
  return best;
}

Regex::Found Regex::find(std::string_view text, size_t from) const {
  uint32_t before = kNone;
  std::string_view rest = text;
  while (text.size() - rest.size() < from && !rest.empty()) before = next_code(rest);
  while (!rest.empty()) {
    const size_t at = text.size() - rest.size();
    if (const size_t size = longest(text, at, before)) return {at, size};
    before = next_code(rest);
  }
  return {text.size(), 0};
}

}  // namespace nacre
