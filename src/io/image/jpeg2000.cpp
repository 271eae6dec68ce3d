// JPEG 2000, as a file (JP2) or a bare code stream, through OpenJPEG: grey or RGB, all channels of one size.
// https://www.openjpeg.org/doxygen/openjpeg_8h.html
#include <algorithm>

#include "io/image/codec.h"

#ifdef NACRE_HAS_JPEG2000
#include <openjpeg.h>
#endif

namespace nacre {
namespace {

constexpr std::string_view kFile("\0\0\0\x0cjP  \r\n\x87\n", 12), kStream("\xff\x4f\xff\x51", 4);

#ifdef NACRE_HAS_JPEG2000
struct Source {
  ImageBytes bytes;
  size_t at = 0;
};

OPJ_SIZE_T read(void* out, OPJ_SIZE_T wanted, void* handle) {
  auto& source = *static_cast<Source*>(handle);
  const size_t count = std::min<size_t>(wanted, source.bytes.size() - source.at);
  if (count == 0) return static_cast<OPJ_SIZE_T>(-1);  // the end
  std::memcpy(out, source.bytes.data() + source.at, count);
  source.at += count;
  return count;
}
OPJ_OFF_T skip(OPJ_OFF_T count, void* handle) {
  auto& source = *static_cast<Source*>(handle);
  const auto left = static_cast<OPJ_OFF_T>(source.bytes.size() - source.at), moved = std::clamp<OPJ_OFF_T>(count, 0, left);
  source.at += static_cast<size_t>(moved);
  return moved;
}
OPJ_BOOL seek(OPJ_OFF_T to, void* handle) {
  auto& source = *static_cast<Source*>(handle);
  if (to < 0 || static_cast<size_t>(to) > source.bytes.size()) return OPJ_FALSE;
  source.at = static_cast<size_t>(to);
  return OPJ_TRUE;
}

struct Decoder {
  Source source;
  opj_stream_t* stream = opj_stream_create(1 << 16, OPJ_TRUE);
  opj_codec_t* codec;
  opj_image_t* image = nullptr;

  explicit Decoder(ImageBytes bytes)
      : source{bytes}, codec(opj_create_decompress(begins_with(bytes, kFile) ? OPJ_CODEC_JP2 : OPJ_CODEC_J2K)) {
    if (!stream) return;
    opj_stream_set_user_data(stream, &source, nullptr);
    opj_stream_set_user_data_length(stream, bytes.size());
    opj_stream_set_read_function(stream, read);
    opj_stream_set_skip_function(stream, skip);
    opj_stream_set_seek_function(stream, seek);
  }
  ~Decoder() {
    opj_image_destroy(image);
    opj_destroy_codec(codec);
    opj_stream_destroy(stream);
  }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  bool read_head() {
    opj_dparameters_t parameters;
    opj_set_default_decoder_parameters(&parameters);
    return stream && codec && opj_setup_decoder(codec, &parameters) && opj_read_header(stream, codec, &image) && image;
  }
  bool read_pixels() { return opj_decode(codec, stream, image) && opj_end_decompress(codec, stream); }
};

Result<ImageSize> size_of(const opj_image_t& image) {
  if (image.numcomps != 1 && image.numcomps != 3 && image.numcomps != 4)
    return fail(ErrorCode::unsupported, "JPEG 2000 image of ", image.numcomps, " channels");
  const opj_image_comp_t& first = image.comps[0];
  for (OPJ_UINT32 i = 0; i < image.numcomps; ++i) {
    const opj_image_comp_t& channel = image.comps[i];
    if (channel.w != first.w || channel.h != first.h || channel.prec < 1 || channel.prec > 16 || channel.sgnd)
      return fail(ErrorCode::unsupported, "JPEG 2000 image whose channels differ in size, are signed or wider than 16 bits");
  }
  if (image.color_space == OPJ_CLRSPC_SYCC || image.color_space == OPJ_CLRSPC_CMYK || image.color_space == OPJ_CLRSPC_EYCC)
    return fail(ErrorCode::unsupported, "JPEG 2000 image that is neither grey nor RGB");
  return ImageSize{first.w, first.h};
}

Result<ImageSize> size(ImageBytes bytes) {
  Decoder decoder(bytes);
  if (!decoder.read_head()) return damaged("JPEG 2000", "the head is damaged");
  return size_of(*decoder.image);
}

Result<void> decode(ImageBytes bytes, ImageSize size, uint8_t* rgb) {
  Decoder decoder(bytes);
  if (!decoder.read_head() || !decoder.read_pixels()) return damaged("JPEG 2000", "the pixels are damaged");
  const ImageSize own = NACRE_TRY(size_of(*decoder.image));
  if (own.width != size.width || own.height != size.height) return damaged("JPEG 2000", "the channels differ from the head");
  for (int64_t i = 0; i < size.width * size.height; ++i)
    for (OPJ_UINT32 channel = 0; channel < 3; ++channel) {
      const opj_image_comp_t& from = decoder.image->comps[decoder.image->numcomps == 1 ? 0 : channel];
      if (!from.data) return damaged("JPEG 2000", "a channel has no pixels");
      const int32_t most = (1 << from.prec) - 1, value = std::clamp(from.data[i], 0, most);
      *rgb++ = static_cast<uint8_t>(from.prec == 8 ? value : from.prec > 8 ? value >> (from.prec - 8) : value * 255 / most);
    }
  return {};
}
#endif

}  // namespace

extern const ImageCodec image_codec_jpeg2000;
const ImageCodec image_codec_jpeg2000{
    .name = "JPEG 2000",
    .library = "OpenJPEG",
    .matches = [](ImageBytes bytes) { return begins_with(bytes, kFile) || begins_with(bytes, kStream); },
#ifdef NACRE_HAS_JPEG2000
    .size = size,
    .decode = decode,
#endif
};

}  // namespace nacre
