// Where sentences end, by UAX #29. https://www.unicode.org/reports/tr29/#Sentence_Boundaries
//
//     for (uint32_t begin = 0; const uint32_t end : sentence_ends(text)) {
//       use(text.substr(begin, end - begin));       // with the spaces behind it
//       begin = end;
//     }
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace nacre {

/// Bytes where sentences end, ascending, the last one the text's size; none for an empty text. The text must be well-formed UTF-8 of
/// less than 4 GiB. Linear time.
std::vector<uint32_t> sentence_ends(std::string_view text);

}  // namespace nacre
