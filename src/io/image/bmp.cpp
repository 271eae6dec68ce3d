// BMP: uncompressed 8-bit palettes, 24 and 32 bits, lines from the bottom or the top.
// https://learn.microsoft.com/windows/win32/gdi/bitmap-storage
#include <cstdlib>

#include "io/image/codec.h"

namespace nacre {
namespace {

struct Head {
  ImageSize size;
  bool upwards;
  uint32_t pixels, palette, colours;  // offsets of pixels and palette, entries of the palette
  uint32_t bits;
};

uint32_t number(ImageBytes bytes, size_t at, int count) {
  uint32_t out = 0;
  for (int i = count; i-- > 0;) out = out << 8 | raw(bytes)[at + static_cast<size_t>(i)];
  return out;
}

Result<Head> read_head(ImageBytes bytes) {
  if (bytes.size() < 54 || number(bytes, 14, 4) < 40) return fail(ErrorCode::unsupported, "BMP image with a head older than Windows 3");
  const auto width = static_cast<int32_t>(number(bytes, 18, 4)), height = static_cast<int32_t>(number(bytes, 22, 4));
  const uint32_t compression = number(bytes, 30, 4);
  Head h{{width, std::abs(int64_t{height})}, height > 0,           number(bytes, 10, 4),
         14 + number(bytes, 14, 4),          number(bytes, 46, 4), number(bytes, 28, 2)};
  if (compression != 0 || (h.bits != 8 && h.bits != 24 && h.bits != 32))
    return fail(ErrorCode::unsupported, "BMP image of ", h.bits, " bits with compression ", compression);
  if (h.bits == 8 && h.colours == 0) h.colours = 256;
  return h;
}

int64_t line_bytes(const Head& h) { return (h.size.width * h.bits + 31) / 32 * 4; }

Result<ImageSize> size(ImageBytes bytes) { return NACRE_TRY(read_head(bytes)).size; }

Result<void> decode(ImageBytes bytes, ImageSize size, uint8_t* rgb) {
  const Head h = NACRE_TRY(read_head(bytes));
  const auto length = static_cast<int64_t>(bytes.size());
  if (h.pixels > length || line_bytes(h) > (length - h.pixels) / size.height) return damaged("BMP", "the pixels end early");
  if (h.bits == 8 && (h.colours > 256 || int64_t{h.palette} + h.colours * 4 > length)) return damaged("BMP", "the palette ends early");
  const int64_t step = h.bits / 8;
  for (int64_t y = 0; y < size.height; ++y) {
    const uint8_t* line = raw(bytes) + h.pixels + (h.upwards ? size.height - 1 - y : y) * line_bytes(h);
    for (int64_t x = 0; x < size.width; ++x, rgb += 3) {
      const uint8_t* blue = line + x * step;
      if (h.bits == 8) {
        if (*blue >= h.colours) return damaged("BMP", "a colour is not in the palette");
        blue = raw(bytes) + h.palette + *blue * 4;
      }
      rgb[0] = blue[2], rgb[1] = blue[1], rgb[2] = blue[0];
    }
  }
  return {};
}

}  // namespace

extern const ImageCodec image_codec_bmp;
const ImageCodec image_codec_bmp{
    .name = "BMP", .matches = [](ImageBytes bytes) { return begins_with(bytes, "BM"); }, .size = size, .decode = decode};

}  // namespace nacre
