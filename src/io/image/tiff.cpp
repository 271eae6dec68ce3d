// TIFF through libtiff, the first page of a file.
// https://libtiff.gitlab.io/libtiff/functions/TIFFReadRGBAImage.html
#include <algorithm>

#include "io/image/codec.h"

#ifdef NACRE_HAS_TIFF
#include <tiffio.h>
#endif

namespace nacre {
namespace {

#ifdef NACRE_HAS_TIFF
// A file in memory, as libtiff reads it.
struct Source {
  ImageBytes bytes;
  uint64_t at = 0;
};

tmsize_t read(thandle_t handle, void* out, tmsize_t wanted) {
  auto& source = *static_cast<Source*>(handle);
  const uint64_t left = source.bytes.size() - std::min<uint64_t>(source.at, source.bytes.size());
  const uint64_t count = std::min(static_cast<uint64_t>(std::max<tmsize_t>(wanted, 0)), left);
  if (count > 0) std::memcpy(out, source.bytes.data() + source.at, count);
  source.at += count;
  return static_cast<tmsize_t>(count);
}
tmsize_t write(thandle_t, void*, tmsize_t) { return -1; }
toff_t seek(thandle_t handle, toff_t offset, int whence) {
  auto& source = *static_cast<Source*>(handle);
  source.at = offset + (whence == SEEK_SET ? 0 : whence == SEEK_CUR ? source.at : source.bytes.size());
  return source.at;
}
int close(thandle_t) { return 0; }
toff_t size_of(thandle_t handle) { return static_cast<Source*>(handle)->bytes.size(); }
int keep_quiet(TIFF*, void*, const char*, const char*, va_list) { return 1; }

struct Tiff {
  Source source;
  TIFF* file = nullptr;
  explicit Tiff(ImageBytes bytes) : source{bytes} {
    TIFFOpenOptions* options = TIFFOpenOptionsAlloc();
    if (!options) return;
    TIFFOpenOptionsSetErrorHandlerExtR(options, keep_quiet, nullptr);
    TIFFOpenOptionsSetWarningHandlerExtR(options, keep_quiet, nullptr);
    file = TIFFClientOpenExt("image", "rm", &source, read, write, seek, close, size_of, nullptr, nullptr, options);
    TIFFOpenOptionsFree(options);
  }
  ~Tiff() {
    if (file) TIFFClose(file);
  }
  Tiff(const Tiff&) = delete;
  Tiff& operator=(const Tiff&) = delete;
};

Result<ImageSize> size(ImageBytes bytes) {
  Tiff tiff(bytes);
  uint32_t width = 0, height = 0;
  if (!tiff.file || !TIFFGetField(tiff.file, TIFFTAG_IMAGEWIDTH, &width) || !TIFFGetField(tiff.file, TIFFTAG_IMAGELENGTH, &height))
    return damaged("TIFF", "the head is damaged");
  return ImageSize{width, height};
}

Result<void> decode(ImageBytes bytes, ImageSize size, uint8_t* rgb) {
  Tiff tiff(bytes);
  std::vector<uint32_t> pixels(static_cast<size_t>(size.width * size.height));
  const auto width = static_cast<uint32_t>(size.width), height = static_cast<uint32_t>(size.height);
  if (!tiff.file || !TIFFReadRGBAImageOriented(tiff.file, width, height, pixels.data(), ORIENTATION_TOPLEFT, 1))
    return damaged("TIFF", "the pixels are damaged or of a kind that is not read");
  for (const uint32_t pixel : pixels) {
    *rgb++ = static_cast<uint8_t>(TIFFGetR(pixel));
    *rgb++ = static_cast<uint8_t>(TIFFGetG(pixel));
    *rgb++ = static_cast<uint8_t>(TIFFGetB(pixel));
  }
  return {};
}
#endif

bool matches(ImageBytes bytes) {
  using namespace std::string_view_literals;
  return begins_with(bytes, "II*\0"sv) || begins_with(bytes, "MM\0*"sv) || begins_with(bytes, "II+\0"sv) || begins_with(bytes, "MM\0+"sv);
}

}  // namespace

extern const ImageCodec image_codec_tiff;
const ImageCodec image_codec_tiff{
    .name = "TIFF",
    .library = "libtiff",
    .matches = matches,
#ifdef NACRE_HAS_TIFF
    .size = size,
    .decode = decode,
#endif
};

}  // namespace nacre
