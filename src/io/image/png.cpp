// PNG through libpng's simplified interface, which keeps its own errors.
// http://www.libpng.org/pub/png/libpng-manual.txt
#include "io/image/codec.h"

#ifdef NACRE_HAS_PNG
#include <png.h>
#endif

namespace nacre {
namespace {

#ifdef NACRE_HAS_PNG
struct Png {
  png_image image{};
  Png() { image.version = PNG_IMAGE_VERSION; }
  ~Png() { png_image_free(&image); }
  bool begin(ImageBytes bytes) { return png_image_begin_read_from_memory(&image, bytes.data(), bytes.size()) != 0; }
};

Result<ImageSize> size(ImageBytes bytes) {
  Png png;
  if (!png.begin(bytes)) return damaged("PNG", png.image.message);
  return ImageSize{png.image.width, png.image.height};
}

// Read with transparency, which is then dropped: libpng itself would mix it with a background. A line at a time would need
// its other interface and setjmp.
Result<void> decode(ImageBytes bytes, ImageSize size, uint8_t* rgb) {
  Png png;
  if (!png.begin(bytes)) return damaged("PNG", png.image.message);
  const bool transparent = (png.image.format & PNG_FORMAT_FLAG_ALPHA) != 0;
  png.image.format = transparent ? PNG_FORMAT_RGBA : PNG_FORMAT_RGB;
  const auto pixels = static_cast<size_t>(size.width * size.height);
  std::vector<uint8_t> four(transparent ? pixels * 4 : 0);
  if (!png_image_finish_read(&png.image, nullptr, transparent ? four.data() : rgb, 0, nullptr)) return damaged("PNG", png.image.message);
  for (size_t i = 0; transparent && i < pixels; ++i) std::memcpy(rgb + 3 * i, four.data() + 4 * i, 3);
  return {};
}
#endif

}  // namespace

extern const ImageCodec image_codec_png;
const ImageCodec image_codec_png{
    .name = "PNG",
    .library = "libpng",
    .matches = [](ImageBytes bytes) { return begins_with(bytes, "\x89PNG\r\n\x1a\n"); },
#ifdef NACRE_HAS_PNG
    .size = size,
    .decode = decode,
#endif
};

}  // namespace nacre
