// ImageDecoder: an encoded image to uint8 pixels [height, width, channels]; what cannot be decoded is an image of 0 x 0.
// https://onnx.ai/onnx/operators/onnx__ImageDecoder.html
#include "core/image.h"
#include "ops/op.h"

namespace nacre {
namespace {

enum class PixelFormat : uint8_t { rgb, bgr, grey };

Result<PixelFormat> read_format(const Attributes& attributes) {
  const std::string name = attributes.string("pixel_format", "RGB");
  if (name == "RGB") return PixelFormat::rgb;
  if (name == "BGR") return PixelFormat::bgr;
  if (name == "Grayscale") return PixelFormat::grey;
  return fail(ErrorCode::invalid_model, "pixel_format '", name, "' is none of RGB, BGR, Grayscale");
}

Result<void> infer(Inference& inference) {
  const bool grey = NACRE_TRY(read_format(inference.attributes())) == PixelFormat::grey;
  const SymShape* bytes = inference.shape(0);
  if (bytes && bytes->size() != 1) return fail(ErrorCode::invalid_argument, "encoded bytes of shape ", *bytes, ": expected rank 1");
  inference.set(0, DType::uint8, SymShape{inference.fresh(), inference.fresh(), grey ? 1 : 3});
  return {};
}

// ITU-R 601-2 in 16 bits, as Pillow rounds it, by which the reference is defined.
uint8_t luma(const uint8_t* rgb) { return static_cast<uint8_t>((rgb[0] * 19595 + rgb[1] * 38470 + rgb[2] * 7471 + 0x8000) >> 16); }

void convert(std::span<uint8_t> rgb, PixelFormat format, std::span<uint8_t> out) {
  for (size_t i = 0; i + 2 < rgb.size(); i += 3) {
    if (format == PixelFormat::grey)
      out[i / 3] = luma(rgb.data() + i);
    else
      out[i] = rgb[i + 2], out[i + 1] = rgb[i + 1], out[i + 2] = rgb[i];
  }
}

Result<void> nothing(Evaluation& e, int64_t channels) {
  (void)NACRE_TRY(e.output(0, DType::uint8, {0, 0, channels}));
  return {};
}

Result<void> evaluate(Evaluation& e) {
  const PixelFormat format = NACRE_TRY(read_format(e.attributes()));
  const int64_t channels = format == PixelFormat::grey ? 1 : 3;
  if (e.dtype(0) != DType::uint8) return fail(ErrorCode::invalid_argument, "encoded bytes ", describe(e.input(0)), ": expected uint8");
  if (e.input(0).rank() != 1) return fail(ErrorCode::invalid_argument, "encoded bytes ", describe(e.input(0)), ": expected rank 1");
  const auto bytes = std::as_bytes(e.input(0).data<uint8_t>());
  const Result<ImageSize> size = image_size(bytes);
  if (!size) return size.error().code() == ErrorCode::unavailable ? std::unexpected(size.error()) : nothing(e, channels);
  Tensor* y = NACRE_TRY(e.output(0, DType::uint8, {size->height, size->width, channels}));
  Tensor apart;
  if (format != PixelFormat::rgb) apart = NACRE_TRY(e.scratch(DType::uint8, {size->height, size->width, 3}));
  const std::span<uint8_t> rgb = (format == PixelFormat::rgb ? *y : apart).mutable_data<uint8_t>();
  if (!decode_image(bytes, *size, rgb)) return nothing(e, channels);
  if (format != PixelFormat::rgb) convert(rgb, format, y->mutable_data<uint8_t>());
  return {};
}

}  // namespace

extern const Op op_image_decoder;
const Op op_image_decoder{.name = "ImageDecoder", .since = {20}, .types = {DType::uint8}, .infer = infer, .evaluate = evaluate};

}  // namespace nacre
