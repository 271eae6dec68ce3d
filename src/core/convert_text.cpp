#include "core/convert_text.h"

#include <charconv>
#include <cmath>
#include <limits>

#include "core/float_mode.h"

namespace nacre {
namespace {

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  text = text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
  if (text.size() > 1 && text[0] == '+' && text[1] != '-' && text[1] != '+') text.remove_prefix(1);  // from_chars takes no plus
  return text;
}

// from_chars says "out of range" both for 1e999 and for 1e-999: which one shows in the exponent, or in a leading 0.
template <class F>
F beyond_range(std::string_view text) {
  const bool negative = text.front() == '-';
  const size_t exponent = text.find_first_of("eE");
  const bool tiny =
      exponent != std::string_view::npos ? text[exponent + 1] == '-' : text.substr(negative, 2) == "0." || text[negative] == '.';
  const F magnitude = tiny ? F{0} : std::numeric_limits<F>::infinity();
  return negative ? -magnitude : magnitude;
}

template <class F>
bool parse_float(std::string_view text, F& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (end != text.data() + text.size() || error == std::errc::invalid_argument) return false;
  if (error == std::errc::result_out_of_range) out = beyond_range<F>(text);
  return true;
}

// An integer by its digits; else ("1.5", "1e3") what is left of the point.
template <class I>
bool parse_integer(std::string_view text, I& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error == std::errc() && end == text.data() + text.size()) return true;
  double value = 0;
  if (!parse_float(text, value) || !(std::abs(value) < 9.3e18)) return false;
  out = value < 0 ? static_cast<I>(static_cast<int64_t>(std::max(value, -0x1p63))) : static_cast<I>(static_cast<uint64_t>(value));
  return true;
}

template <class T, class Parse>
Result<void> parse_all(const Tensor& from, Tensor& to, const ConvertOptions& options, Parse parse) {
  const std::span<const std::string> texts = from.data<std::string>();
  void* target = to.mutable_raw();
  for (size_t i = 0; i < texts.size(); ++i) {
    T value{};
    if (!parse(trimmed(texts[i]), value))
      return fail(ErrorCode::invalid_argument, "element ", i, ", \"", std::string_view(texts[i]).substr(0, 80), "\", is no number for ",
                  to.dtype());
    store_from(to.dtype(), target, static_cast<int64_t>(i), 1, &value, options);
  }
  return {};
}

// Shortest text that reads back; plain below 10^`digits`, as long as every digit of it means something.
template <class F>
std::string text_of(F value, F plain_limit) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-INF" : "INF";
  const F magnitude = std::abs(value);
  const bool plain = magnitude == 0 || (magnitude >= F(1e-4) && magnitude < plain_limit);
  char buffer[64];
  const auto end =
      std::to_chars(buffer, buffer + sizeof buffer, value, plain ? std::chars_format::fixed : std::chars_format::scientific).ptr;
  return {buffer, end};
}

template <class T, class Text>
Result<void> print_all(const Tensor& from, Tensor& to, Text text) {
  const std::span<std::string> out = to.mutable_data<std::string>();
  for (size_t i = 0; i < out.size(); ++i) {
    T value{};
    load_as(from.dtype(), from.raw(), static_cast<int64_t>(i), 1, &value);
    out[i] = text(value);
  }
  return {};
}

}  // namespace

Result<void> numbers_from_text(const Tensor& from, Tensor& to, const ConvertOptions& options) {
  const DType target = to.dtype();
  if (target == DType::float64 || target == DType::complex128) return parse_all<double>(from, to, options, parse_float<double>);
  if (is_float(target) || is_complex(target)) return parse_all<float>(from, to, options, parse_float<float>);
  if (target == DType::boolean) return parse_all<double>(from, to, options, parse_float<double>);
  if (is_signed(target)) return parse_all<int64_t>(from, to, options, parse_integer<int64_t>);
  return parse_all<uint64_t>(from, to, options, parse_integer<uint64_t>);
}

Result<void> text_from_numbers(const Tensor& from, Tensor& to) {
  const KeepDenormals numbers;  // the least float8e8m0 is one
  const DType source = from.dtype();
  if (is_complex(source)) return fail(ErrorCode::unsupported, "complex numbers have no text form in ONNX");
  if (source == DType::float64) return print_all<double>(from, to, [](double value) { return text_of(value, 1e16); });
  if (is_float(source)) return print_all<float>(from, to, [](float value) { return text_of(value, 1e8f); });
  if (is_signed(source)) return print_all<int64_t>(from, to, [](int64_t value) { return std::to_string(value); });
  return print_all<uint64_t>(from, to, [](uint64_t value) { return std::to_string(value); });
}

}  // namespace nacre
