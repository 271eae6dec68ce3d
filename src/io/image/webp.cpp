// WebP through libwebp.
// https://developers.google.com/speed/webp/docs/api
#include "io/image/codec.h"

#ifdef NACRE_HAS_WEBP
#include <webp/decode.h>
#endif

namespace nacre {
namespace {

#ifdef NACRE_HAS_WEBP
Result<ImageSize> size(ImageBytes bytes) {
  int width = 0, height = 0;
  if (!WebPGetInfo(raw(bytes), bytes.size(), &width, &height)) return damaged("WebP", "the head is damaged");
  return ImageSize{width, height};
}

Result<void> decode(ImageBytes bytes, ImageSize size, uint8_t* rgb) {
  const auto length = static_cast<size_t>(size.width * size.height * 3);
  if (!WebPDecodeRGBInto(raw(bytes), bytes.size(), rgb, length, static_cast<int>(size.width * 3)))
    return damaged("WebP", "the pixels are damaged");
  return {};
}
#endif

}  // namespace

extern const ImageCodec image_codec_webp;
const ImageCodec image_codec_webp{
    .name = "WebP",
    .library = "libwebp",
    .matches = [](ImageBytes bytes) { return begins_with(bytes, "RIFF") && begins_with(bytes, "WEBP", 8); },
#ifdef NACRE_HAS_WEBP
    .size = size,
    .decode = decode,
#endif
};

}  // namespace nacre
