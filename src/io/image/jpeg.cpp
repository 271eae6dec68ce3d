// JPEG through libjpeg-turbo. Its errors come by longjmp, so nothing with a destructor lives across its calls.
// https://github.com/libjpeg-turbo/libjpeg-turbo/blob/main/libjpeg.txt
#include "io/image/codec.h"

#ifdef NACRE_HAS_JPEG
#include <csetjmp>
#include <cstdio>
// after cstdio, which it needs
#include <jpeglib.h>
#endif

namespace nacre {
namespace {

#ifdef NACRE_HAS_JPEG
struct Errors {
  jpeg_error_mgr base;
  std::jmp_buf back;
  char message[JMSG_LENGTH_MAX];
};

void leave(j_common_ptr info) {
  auto* errors = reinterpret_cast<Errors*>(info->err);
  info->err->format_message(info, errors->message);
  std::longjmp(errors->back, 1);
}

void begin(jpeg_decompress_struct& info, Errors& errors, ImageBytes bytes) {
  info.err = jpeg_std_error(&errors.base);
  errors.base.error_exit = leave;
  errors.base.output_message = [](j_common_ptr) {};
  errors.message[0] = 0;
  jpeg_create_decompress(&info);
  jpeg_mem_src(&info, raw(bytes), static_cast<unsigned long>(bytes.size()));
}

// False when the library left with a message.
bool read_head(jpeg_decompress_struct& info, Errors& errors, ImageBytes bytes) {
  if (setjmp(errors.back)) return false;
  begin(info, errors, bytes);
  jpeg_read_header(&info, TRUE);
  return true;
}

bool read_lines(jpeg_decompress_struct& info, Errors& errors, ImageSize size, uint8_t* rgb) {
  if (setjmp(errors.back)) return false;
  info.out_color_space = JCS_RGB;
  jpeg_start_decompress(&info);
  if (info.output_width != size.width || info.output_height != size.height) return false;
  while (info.output_scanline < info.output_height) {
    JSAMPROW line = rgb + static_cast<size_t>(info.output_scanline) * static_cast<size_t>(size.width) * 3;
    jpeg_read_scanlines(&info, &line, 1);
  }
  jpeg_finish_decompress(&info);
  return true;
}

Result<ImageSize> size(ImageBytes bytes) {
  jpeg_decompress_struct info{};
  Errors errors;
  const bool read = read_head(info, errors, bytes);
  const ImageSize out{info.image_width, info.image_height};
  jpeg_destroy_decompress(&info);
  if (!read) return damaged("JPEG", errors.message);
  return out;
}

Result<void> decode(ImageBytes bytes, ImageSize size, uint8_t* rgb) {
  jpeg_decompress_struct info{};
  Errors errors;
  const bool read = read_head(info, errors, bytes), inks = read && info.num_components == 4;
  const bool done = read && !inks && read_lines(info, errors, size, rgb);
  jpeg_destroy_decompress(&info);
  if (inks) return fail(ErrorCode::unsupported, "JPEG image in four inks");
  if (!done) return damaged("JPEG", errors.message);
  return {};
}
#endif

}  // namespace

extern const ImageCodec image_codec_jpeg;
const ImageCodec image_codec_jpeg{
    .name = "JPEG",
    .library = "libjpeg-turbo",
    .matches = [](ImageBytes bytes) { return begins_with(bytes, "\xff\xd8\xff"); },
#ifdef NACRE_HAS_JPEG
    .size = size,
    .decode = decode,
#endif
};

}  // namespace nacre
