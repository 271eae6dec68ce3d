// Whisper's normalisation of transcripts before they are compared: case, punctuation, remarks in brackets and spaces do not count.
// https://github.com/openai/whisper/blob/main/whisper/normalizers/basic.py
//
//     normalize_spoken("Hello, [music] World!");            // "hello world "
//     normalize_spoken("naïve café", true);                 // "naive cafe"
#pragma once

#include <string>
#include <string_view>

namespace nacre {

/// Of well-formed UTF-8. Marks, symbols and punctuation become spaces; without diacritics letters lose theirs.
std::string normalize_spoken(std::string_view text, bool without_diacritics = false);

}  // namespace nacre
