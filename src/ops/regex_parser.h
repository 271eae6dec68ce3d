// RE2's syntax to the steps of ops/regex.h.
#pragma once

#include "ops/regex.h"

namespace nacre {

/// Steps that begin at 0 and end in the one `match`.
Result<std::vector<Regex::Step>> parse_regex(std::string_view pattern);

/// What is left of a pattern.
struct RegexCursor {
  explicit RegexCursor(std::string_view pattern) : pattern(pattern), rest(pattern) {}
  std::string_view pattern, rest;

  std::unexpected<Error> refuse(std::string_view what) const {
    return fail(ErrorCode::invalid_model, "pattern \"", pattern, "\" has ", what, " at byte ", pattern.size() - rest.size());
  }
  bool take(std::string_view text) {
    if (!rest.starts_with(text)) return false;
    rest.remove_prefix(text.size());
    return true;
  }
  uint32_t take_code();
};

using CodeRanges = std::vector<Regex::Range>;

/// What stands behind a backslash, in brackets or outside.
Result<CodeRanges> read_escape(RegexCursor& cursor);

/// Sorts and joins ranges that touch.
void normalise(CodeRanges& ranges);
/// Everything else.
CodeRanges complement(CodeRanges ranges);
/// Adds the other case of every code point.
void add_other_case(CodeRanges& ranges);
/// 'd', 'w', 's' and their capitals; empty for other letters.
CodeRanges escape_class(char letter);
/// "alpha", "digit", ... of [[:alpha:]]; empty when unknown.
CodeRanges posix_class(std::string_view name);
/// "L", "Lu", "Nd", ...; empty when unknown.
CodeRanges category_class(std::string_view name);

}  // namespace nacre
