#include "io/npy.h"

#include <algorithm>
#include <cstring>

#include "core/allocate.h"
#include "core/checked.h"
#include "core/convert.h"
#include "core/os/file.h"
#include "io/npy_header.h"
#include "io/npy_image.h"
#include "io/tensor_bytes.h"
#include "io/utf.h"

namespace nacre {
namespace {

using Bytes = std::span<const std::byte>;

/// One '<U' element: code points up to the last one that is not 0.
Result<std::string> text_from_wide(Bytes element, bool big_endian) {
  std::u32string letters(element.size() / 4, U'\0');
  std::memcpy(letters.data(), element.data(), element.size());
  if (big_endian) std::ranges::transform(letters, letters.begin(), [](char32_t c) { return static_cast<char32_t>(__builtin_bswap32(c)); });
  std::string out;
  for (const char32_t letter : letters.substr(0, letters.find_last_not_of(U'\0') + 1))
    if (!append_utf8(out, letter))
      return fail(ErrorCode::invalid_model, "text holds ", static_cast<uint32_t>(letter), ", which is no Unicode character");
  return out;
}

std::string text_from_bytes(Bytes element) {
  std::string out(reinterpret_cast<const char*>(element.data()), element.size());
  out.resize(out.find_last_not_of('\0') + 1);
  return out;
}

Result<Tensor> read_text(const NpyHeader& header, Bytes data) {
  Tensor out = NACRE_TRY(allocate(DType::string, header.shape));
  const auto width = static_cast<size_t>(header.width);
  const std::span<std::string> texts = out.mutable_data<std::string>();
  for (size_t i = 0; i < texts.size(); ++i) {
    const Bytes element = data.subspan(i * width, width);
    texts[i] = header.text == NpyHeader::Text::unicode ? NACRE_TRY(text_from_wide(element, header.big_endian)) : text_from_bytes(element);
  }
  return out;
}

/// Reverses the bytes of every number (of each half of a complex one).
Result<Tensor> swapped(const Tensor& tensor) {
  Tensor out = NACRE_TRY(allocate(tensor.dtype(), tensor.shape()));
  const size_t width = bits_of(tensor.dtype()) / 8 / (is_complex(tensor.dtype()) ? 2 : 1);
  const auto* in = static_cast<const std::byte*>(tensor.raw());
  auto* target = static_cast<std::byte*>(out.mutable_raw());
  for (size_t at = 0; at < tensor.byte_size(); at += width) std::reverse_copy(in + at, in + at + width, target + at);
  return out;
}

void copy_element(const Tensor& from, int64_t source, Tensor& to, int64_t target) {
  if (from.dtype() == DType::string) {
    static_cast<std::string*>(to.mutable_raw())[target] = static_cast<const std::string*>(from.raw())[source];
    return;
  }
  const auto width = static_cast<int64_t>(bits_of(from.dtype()) / 8);
  std::memcpy(static_cast<std::byte*>(to.mutable_raw()) + target * width, static_cast<const std::byte*>(from.raw()) + source * width,
              static_cast<size_t>(width));
}

/// The same array with its first axis no longer running fastest.
Result<Tensor> row_major(const Tensor& fortran) {
  const Shape& shape = fortran.shape();
  Tensor out = NACRE_TRY(allocate(fortran.dtype(), shape));
  Shape strides, index(shape.size(), 0);
  for (int64_t stride = 1; const int64_t dim : shape) strides.push_back(stride), stride *= dim;
  for (int64_t target = 0, source = 0; target < out.size(); ++target) {
    copy_element(fortran, source, out, target);
    for (size_t axis = shape.size(); axis-- > 0;) {
      source += strides[axis];
      if (++index[axis] < shape[axis]) break;
      source -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return out;
}

Result<Tensor> read_numbers(const NpyHeader& header, Bytes data, std::shared_ptr<const void> owner) {
  Tensor out = NACRE_TRY(tensor_from_bytes(header.dtype, header.shape, data, std::move(owner)));
  return header.big_endian && header.width > 1 ? swapped(out) : Result<Tensor>(std::move(out));
}

}  // namespace

Result<Tensor> parse_npy(Bytes bytes, std::shared_ptr<const void> owner) {
  const NpyHeader header = NACRE_TRY(parse_npy_header(bytes));
  const int64_t count = NACRE_TRY(checked_count(header.shape)), needed = NACRE_TRY(checked_mul(count, header.width));
  const Bytes data = bytes.subspan(header.size);
  if (std::cmp_less(data.size(), needed))
    return fail(ErrorCode::invalid_model, "the array of shape ", header.shape, " needs ", needed, " bytes, ", data.size(), " are stored");
  if (header.width == 0 && count > 0) return fail(ErrorCode::invalid_model, "elements without width");  // any count would fit
  const Bytes stored = data.first(static_cast<size_t>(needed));
  Tensor out = header.text == NpyHeader::Text::none ? NACRE_TRY(read_numbers(header, stored, std::move(owner)))
                                                    : NACRE_TRY(read_text(header, stored));
  return header.fortran_order && header.shape.size() > 1 ? row_major(out) : Result<Tensor>(std::move(out));
}

Result<Tensor> load_npy(const std::string& path) {
  const MappedFile file = NACRE_TRY(map_file(path));
  Result<Tensor> out = parse_npy(file.bytes(), file.owner());
  if (!out) return std::unexpected(std::move(out).error().within(path));
  return out;
}

namespace {

std::string_view descr_of(DType dtype) {
  switch (dtype) {
    case DType::boolean: return "|b1";
    case DType::int8: return "|i1";
    case DType::uint8: return "|u1";
    case DType::int16: return "<i2";
    case DType::uint16: return "<u2";
    case DType::int32: return "<i4";
    case DType::uint32: return "<u4";
    case DType::int64: return "<i8";
    case DType::uint64: return "<u8";
    case DType::float16: return "<f2";
    case DType::bfloat16: return "<V2";
    case DType::float32: return "<f4";
    case DType::float64: return "<f8";
    case DType::complex64: return "<c8";
    case DType::complex128: return "<c16";
    default: return {};
  }
}

/// The nearest type that numpy has.
DType widened(DType dtype) {
  if (!descr_of(dtype).empty()) return dtype;
  return is_float(dtype) ? DType::float32 : is_signed(dtype) ? DType::int8 : DType::uint8;
}

Result<NpyImage> image_of(std::string_view kind, size_t letter, const Shape& shape, std::span<const std::string> texts) {
  size_t width = letter;
  for (const std::string& text : texts) width = std::max(width, text.size());
  Shape bytes = shape;
  bytes.push_back(static_cast<int64_t>(width));
  Tensor data = NACRE_TRY(allocate(DType::uint8, std::move(bytes), nullptr, Fill::zero));
  auto* target = static_cast<char*>(data.mutable_raw());
  for (const std::string& text : texts) target = std::ranges::copy(text, target).out + (width - text.size());
  return NpyImage{npy_header(cat(kind, width / letter), shape), std::move(data)};
}

/// As '<U', or as '|S' when something is not UTF-8.
Result<NpyImage> text_image(const Tensor& tensor) {
  std::vector<std::string> wide;
  for (const std::string& text : tensor.data<std::string>()) {
    const std::optional<std::u32string> letters = utf32_from_utf8(text);
    if (!letters) return image_of("|S", 1, tensor.shape(), tensor.data<std::string>());
    wide.emplace_back(reinterpret_cast<const char*>(letters->data()), letters->size() * 4);
  }
  return image_of("<U", 4, tensor.shape(), wide);
}

}  // namespace

Result<NpyImage> npy_image(const Tensor& tensor) {
  if (tensor.dtype() == DType::string) return text_image(tensor);
  const DType dtype = widened(tensor.dtype());
  if (dtype == tensor.dtype()) return NpyImage{npy_header(descr_of(dtype), tensor.shape()), tensor};
  Tensor wide = NACRE_TRY(allocate(dtype, tensor.shape()));
  NACRE_TRY(convert(tensor, wide));
  return NpyImage{npy_header(descr_of(dtype), tensor.shape()), std::move(wide)};
}

Result<void> save_npy(const std::string& path, const Tensor& tensor) {
  const NpyImage image = NACRE_TRY(npy_image(tensor));
  FileWriter file = NACRE_TRY(FileWriter::create(path));
  NACRE_TRY(file.write(image.head()));
  NACRE_TRY(file.write(image.body()));
  return file.commit();
}

}  // namespace nacre
