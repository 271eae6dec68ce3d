// The row type of the table of image formats: one file each, found by CMake.
#pragma once

#include <cstring>

#include "core/image.h"

namespace nacre {

using ImageBytes = std::span<const std::byte>;

struct ImageCodec {
  std::string_view name, library;
  bool (*matches)(ImageBytes) = nullptr;            ///< by the first bytes
  Result<ImageSize> (*size)(ImageBytes) = nullptr;  ///< null: this build has no library for it
  Result<void> (*decode)(ImageBytes, ImageSize, uint8_t* rgb) = nullptr;
};

inline bool begins_with(ImageBytes bytes, std::string_view magic, size_t at = 0) {
  return bytes.size() >= at + magic.size() && std::memcmp(bytes.data() + at, magic.data(), magic.size()) == 0;
}
inline const uint8_t* raw(ImageBytes bytes) { return reinterpret_cast<const uint8_t*>(bytes.data()); }

inline std::unexpected<Error> damaged(std::string_view format, std::string_view why) {
  return fail(ErrorCode::invalid_argument, format, " image: ", why);
}

}  // namespace nacre
