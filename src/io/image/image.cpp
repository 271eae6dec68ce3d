#include "core/image.h"

#include "io/image/codec.h"

namespace nacre {

#define IMAGE_CODEC(name) extern const ImageCodec image_codec_##name;
#include "image_codecs_rows.inc"
#undef IMAGE_CODEC

namespace {

constexpr const ImageCodec* kCodecs[] = {
#define IMAGE_CODEC(name) &image_codec_##name,
#include "image_codecs_rows.inc"
#undef IMAGE_CODEC
};

constexpr int64_t kLongestSide = 1 << 20, kMostPixels = int64_t{1} << 30;

Result<const ImageCodec*> codec_of(ImageBytes bytes) {
  for (const ImageCodec* codec : kCodecs) {
    if (!codec->matches(bytes)) continue;
    if (codec->size) return codec;
    return fail(ErrorCode::unavailable, codec->name, " images: this build has no ", codec->library);
  }
  return fail(ErrorCode::invalid_argument, bytes.size(), " bytes that are no image of a known format");
}

}  // namespace

Result<ImageSize> image_size(ImageBytes bytes) {
  const ImageCodec* codec = NACRE_TRY(codec_of(bytes));
  const ImageSize size = NACRE_TRY(codec->size(bytes));
  if (size.width < 1 || size.height < 1 || size.width > kLongestSide || size.height > kLongestSide ||
      size.width * size.height > kMostPixels)
    return fail(ErrorCode::invalid_argument, codec->name, " image of ", size.width, " x ", size.height, " pixels");
  return size;
}

Result<void> decode_image(ImageBytes bytes, ImageSize size, std::span<uint8_t> rgb) {
  const ImageCodec* codec = NACRE_TRY(codec_of(bytes));
  const ImageSize own = NACRE_TRY(image_size(bytes));
  if (own.width != size.width || own.height != size.height || static_cast<int64_t>(rgb.size()) != size.width * size.height * 3)
    return fail(ErrorCode::invalid_argument, codec->name, " image of ", own.width, " x ", own.height, " pixels into ", rgb.size(),
                " bytes");
  return codec->decode(bytes, size, rgb.data());
}

std::vector<ImageFormat> image_formats() {
  std::vector<ImageFormat> out;
  for (const ImageCodec* codec : kCodecs) out.push_back({codec->name, codec->library, codec->size != nullptr});
  return out;
}

}  // namespace nacre
