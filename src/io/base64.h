// Base64 with the standard alphabet, padded (RFC 4648, section 4).
//
//     std::string bytes = NACRE_TRY(decode_base64("TmFjcmU="));      // "Nacre"
//     std::string text = encode_base64(bytes);
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"

namespace nacre {

/// Fails (invalid_argument) on any other character and on a length that is no multiple of four.
Result<std::string> decode_base64(std::string_view text);
std::string encode_base64(std::string_view bytes);

}  // namespace nacre
