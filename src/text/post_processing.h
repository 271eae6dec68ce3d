// What several post-processors share.
//
//     SpecialToken start = NACRE_TRY(load_special_token(NACRE_TRY(json.at("cls"))));      // ["<s>", 0]
//     surround(encoding, &start, end, 0, 0);
//     trim_offsets(encoding, true);
#pragma once

#include <string>

#include "core/result.h"
#include "text/encoding.h"

namespace nacre {

struct SpecialToken {
  std::string content;
  uint32_t id = 0;
};
/// ["[SEP]", 102]
Result<SpecialToken> load_special_token(const Json& json);

/// Puts one token before (unless null) and one behind an encoding of one text and each of its windows.
void surround(Encoding& encoding, const SpecialToken* before, const SpecialToken& behind, uint32_t sequence, uint32_t type_id);

/// Offsets leave out the white space that byte-level tokens start and end with, in the windows too.
/// With `prefixed` the first space of the text is one that encoding has put there.
void trim_offsets(Encoding& encoding, bool prefixed);

}  // namespace nacre
