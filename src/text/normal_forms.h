// The four normal forms of Unicode (UAX #15), on texts that remember where they came from.
//
//     Normalized text;
//     text.reset("e\u0301");
//     to_normal_form(text, NormalForm::nfc);       // "é", standing for all three bytes
#pragma once

#include <vector>

#include "text/normalized.h"

namespace nacre {

enum class NormalForm { nfc, nfd, nfkc, nfkd };

void to_normal_form(Normalized& text, NormalForm form);
/// Decomposed and sorted by combining class: what the first of a code point's results replaces, the rest is inserted.
std::vector<CodeChange> decompose_sorted(std::string_view text, bool compatible = false);
/// Leaves out some code points.
void drop_codes(Normalized& text, bool (*is_dropped)(char32_t));

}  // namespace nacre
