// How far a transcript is from what was said: word and character error rates, of texts as they are or normalised as Whisper's are.
//
//     const std::string said = "Hello, World! [music]", heard = "hello word";
//     const nacre::EditCounts words = nacre::word_errors(nacre::normalize_transcript(said), nacre::normalize_transcript(heard));
//     std::printf("%g\n", words.rate());      // 0.5: one word of two is another one
//
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace nacre {

/// What turns the first text into the second with the fewest steps.
struct EditCounts {
  int64_t substitutions = 0, deletions = 0, insertions = 0;
  int64_t length = 0;  ///< units of the first text
  int64_t errors() const noexcept { return substitutions + deletions + insertions; }
  /// Errors per unit of the first text; of an empty one the number of errors.
  double rate() const noexcept { return static_cast<double>(errors()) / static_cast<double>(length > 0 ? length : 1); }
};

/// As transformers' BasicTextNormalizer: lower case; what brackets hold goes; marks, symbols and punctuation become spaces, runs of
/// which become one; without diacritics letters lose theirs. Throws Error (invalid_argument) where the text is not UTF-8.
std::string normalize_transcript(std::string_view text, bool without_diacritics = false);

/// Between words, which white space separates. Throws Error: invalid_argument where a text is not UTF-8, resource_exhausted where the
/// product of the numbers of words exceeds 2^33.
EditCounts word_errors(std::string_view said, std::string_view heard);
/// Between code points, white space included.
EditCounts character_errors(std::string_view said, std::string_view heard);

}  // namespace nacre
