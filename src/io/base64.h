// Base64 with the standard alphabet, padded (RFC 4648, section 4).
//
//     std::string bytes = NACRE_TRY(decode_base64("TmFjcmU="));      // "Nacre"
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"

namespace nacre {

/// Fails (invalid_argument) on any other character and on a length that is no multiple of four.
Result<std::string> decode_base64(std::string_view text);

}  // namespace nacre
