#include "io/npy_header.h"

#include <charconv>
#include <optional>

namespace nacre {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr size_t kLongestHeader = 65536;
constexpr int64_t kWidest = 1 << 28;

/// Reads the few forms of Python literals that numpy writes.
class Literal {
 public:
  explicit Literal(std::string_view text) : text_(text) {}

  bool take(char c) {
    skip_spaces();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool take(std::string_view word) {
    skip_spaces();
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  std::optional<std::string_view> quoted() {
    const char quote = take('\'') ? '\'' : take('"') ? '"' : '\0';
    const size_t end = quote ? text_.find(quote, at_) : text_.npos;
    if (end == text_.npos) return std::nullopt;
    const std::string_view out = text_.substr(at_, end - at_);
    at_ = end + 1;
    return out;
  }
  std::optional<int64_t> number() {
    skip_spaces();
    int64_t value = 0;
    const auto [stop, code] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
    if (code != std::errc()) return std::nullopt;
    at_ = static_cast<size_t>(stop - text_.data());
    take('L');  // Python 2 wrote long integers so
    return value;
  }
  bool at_end() { return skip_spaces(), at_ == text_.size(); }

 private:
  void skip_spaces() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t')) ++at_;
  }

  std::string_view text_;
  size_t at_ = 0;
};

std::optional<Shape> tuple(Literal& in) {
  constexpr size_t most_dims = 64;
  Shape out;
  if (!in.take('(')) return std::nullopt;
  for (bool more = true; more && !in.take(')');) {
    const std::optional<int64_t> dim = in.number();
    if (!dim || out.size() == most_dims) return std::nullopt;
    out.push_back(*dim);
    more = in.take(',');
    if (!more && !in.take(')')) return std::nullopt;
  }
  return out;
}

Result<void> set_text(NpyHeader& out, std::string_view kind) {
  int64_t letters = 0;
  const auto [stop, code] = std::from_chars(kind.data() + 1, kind.data() + kind.size(), letters);
  if (code != std::errc() || stop != kind.data() + kind.size() || letters < 0 || letters > kWidest)
    return fail(ErrorCode::invalid_model, "no width in type '", kind, "'");
  out.dtype = DType::string;
  out.text = kind[0] == 'U' ? NpyHeader::Text::unicode : NpyHeader::Text::bytes;
  out.width = kind[0] == 'U' ? letters * 4 : letters;
  return {};
}

Result<void> set_dtype(NpyHeader& out, std::string_view descr) {
  std::string_view kind = descr;
  if (!kind.empty() && std::string_view("<>=|").find(kind[0]) != std::string_view::npos) kind.remove_prefix(1);
  out.big_endian = descr.starts_with('>');
  if (kind.starts_with('U') || kind.starts_with('S')) return set_text(out, kind);
  if (kind.starts_with('O'))
    return std::unexpected(Error(ErrorCode::unsupported, "the array holds Python objects; reading them would run code from the file",
                                 "save the array with a numeric or string dtype"));
  // Arrays of bfloat16 come back from numpy as two bytes of anything; what is packed more densely than bytes has no such arrays.
  const std::optional<DType> dtype = kind == "V2" ? DType::bfloat16 : parse_dtype(kind);
  if (dtype && bits_of(*dtype) % 8 == 0 && bits_of(*dtype) > 0)
    return out.dtype = *dtype, out.width = static_cast<int64_t>(bits_of(*dtype) / 8), Result<void>();
  return fail(ErrorCode::unsupported, "numpy type '", descr, "' is not supported");
}

Result<void> parse_text(NpyHeader& out, std::string_view text) {
  Literal in(text);
  bool has_descr = false, has_order = false, has_shape = false;
  if (!in.take('{')) return fail(ErrorCode::invalid_model, "the .npy header is no dictionary");
  while (!in.take('}')) {
    const std::optional<std::string_view> key = in.quoted();
    if (!key || !in.take(':')) return fail(ErrorCode::invalid_model, "the .npy header is damaged: '", text.substr(0, 80), "'");
    if (*key == "descr") {
      const std::optional<std::string_view> descr = in.quoted();
      if (!descr) return fail(ErrorCode::unsupported, "structured numpy types are not supported");
      NACRE_TRY(set_dtype(out, *descr));
      has_descr = true;
    } else if (*key == "fortran_order") {
      out.fortran_order = in.take(std::string_view("True"));
      has_order = out.fortran_order || in.take(std::string_view("False"));
    } else if (*key == "shape") {
      std::optional<Shape> shape = tuple(in);
      if (!shape) return fail(ErrorCode::invalid_model, "the .npy header has no readable shape");
      out.shape = std::move(*shape);
      has_shape = true;
    } else {
      return fail(ErrorCode::invalid_model, "the .npy header has a key '", *key, "'");
    }
    if (!in.take(',') && !in.take('}'))
      return fail(ErrorCode::invalid_model, "the .npy header does not end");
    else if (in.at_end())
      break;
  }
  if (!has_descr || !has_order || !has_shape || !in.at_end()) return fail(ErrorCode::invalid_model, "the .npy header is incomplete");
  return {};
}

}  // namespace

Result<NpyHeader> parse_npy_header(std::span<const std::byte> bytes) {
  const std::string_view file(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (!file.starts_with(kMagic) || file.size() < 10) return fail(ErrorCode::invalid_model, "no .npy file: it starts with other bytes");
  const int version = static_cast<unsigned char>(file[6]);
  if (version < 1 || version > 3) return fail(ErrorCode::unsupported, ".npy version ", version, " (1 to 3 are known)");
  const size_t digits = version == 1 ? 2 : 4, start = 8 + digits;
  if (file.size() < start) return fail(ErrorCode::invalid_model, "the .npy file ends inside its header");
  size_t length = 0;
  for (size_t i = 0; i < digits; ++i) length |= static_cast<size_t>(static_cast<unsigned char>(file[8 + i])) << (8 * i);
  if (length > file.size() - start || length > kLongestHeader)
    return fail(ErrorCode::invalid_model, "the .npy header is said to take ", length, " bytes, ", file.size() - start, " follow and ",
                kLongestHeader, " are allowed");
  NpyHeader out;
  NACRE_TRY(parse_text(out, file.substr(start, length)));
  out.size = start + length;
  return out;
}

std::string npy_header(std::string_view descr, const Shape& shape) {
  std::string dims;
  for (const int64_t dim : shape) dims += cat(dims.empty() ? "" : ", ", dim);
  if (shape.size() == 1) dims += ',';
  std::string text = cat("{'descr': '", descr, "', 'fortran_order': False, 'shape': (", dims, "), }");
  constexpr size_t before = 10, alignment = 64;
  text.resize((before + text.size() + alignment) / alignment * alignment - before - 1, ' ');
  text += '\n';
  std::string out(kMagic);
  out += {'\x01', '\x00', static_cast<char>(text.size() & 0xff), static_cast<char>(text.size() >> 8)};
  return out + text;
}

}  // namespace nacre
