// What a tokenizer.json has under "pattern": {"String": " "} or {"Regex": "\\s+"}, the latter in Oniguruma's syntax.
//
//     const Pattern pattern = NACRE_TRY(Pattern::load(NACRE_TRY(json.at("pattern"))));
//     NACRE_TRY(pattern.for_each_match(text, [&](ByteRange match) { ... }));            // from left to right
//
// Matches are the reference's: an empty one counts unless it touches the end of the match before it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/function_ref.h"
#include "core/result.h"
#include "text/normalized.h"

namespace nacre {

class Json;

class Pattern {
 public:
  using Match = FunctionRef<void(ByteRange)>;

  static Result<Pattern> load(const Json& json);
  static Pattern literal(std::string text);
  /// Fails (invalid_argument) with the engine's message, or (unavailable) when the build has no engine.
  static Result<Pattern> regex(std::string_view source);

  Pattern(Pattern&&) noexcept;
  Pattern& operator=(Pattern&&) noexcept;
  ~Pattern();

  /// Of well-formed UTF-8. Fails (resource_exhausted) where a search exceeds the engine's limits of retries and of stack.
  Result<void> for_each_match(std::string_view text, Match match) const;
  /// As the file has it.
  std::string_view source() const noexcept { return source_; }
  bool is_regex() const noexcept { return engine_ != nullptr; }

 private:
  struct Engine;
  Pattern();
  std::string source_;
  std::unique_ptr<Engine> engine_;  // none: the source is searched for as it is
};

/// "6.9.8", or empty when the build has no Oniguruma.
std::string_view regex_engine_version() noexcept;

}  // namespace nacre
