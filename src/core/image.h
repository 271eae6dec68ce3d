// Encoded images to pixels. Declared here, where operators and media see it; io defines it: only io reads bytes from outside.
//
//   const ImageSize size = NACRE_TRY(image_size(bytes));
//   std::vector<uint8_t> rgb(size.height * size.width * 3);
//   NACRE_TRY(decode_image(bytes, size, rgb));
#pragma once

#include <span>
#include <vector>

#include "core/result.h"

namespace nacre {

struct ImageSize {
  int64_t width = 0, height = 0;
};

/// From the head of a BMP, JPEG, JPEG 2000, PNG, PNM, TIFF or WebP file; nothing is decoded. Fails with invalid_argument when
/// the bytes are none of these or damaged, unsupported for a variant that is not read, unavailable when this build has no
/// library for the format.
Result<ImageSize> image_size(std::span<const std::byte> bytes);

/// The pixels as [height, width, 3], red first. Grey images have three equal channels, transparency is dropped, the
/// orientation that a camera noted is not applied. Fails as above.
Result<void> decode_image(std::span<const std::byte> bytes, ImageSize size, std::span<uint8_t> rgb);

struct ImageFormat {
  std::string_view name, library;  ///< no library: read by our own code
  bool available;
};
std::vector<ImageFormat> image_formats();

}  // namespace nacre
