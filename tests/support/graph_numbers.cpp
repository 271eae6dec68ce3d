// GraphMaker's shapes and numbers.
#include <algorithm>
#include <limits>

#include "tests/support/graph_maker.h"

namespace nacre::test {

// expression: term {(+|-) term}; term: factor {* factor}; factor: number or a dim's letter.
double GraphMaker::factor(Call& call, const char*& at) {
  if (*at == '-') return -factor(call, ++at);
  if (std::isdigit(*at)) {
    char* end;
    const double out = std::strtod(at, &end);
    at = end;
    return out;
  }
  const char letter = *at++;
  if (letter == 'R') return double(call.rank);
  int64_t& bound = call.dims[size_t(letter) & 127];
  if (bound < 0) bound = dim();
  return double(bound);
}

double GraphMaker::term(Call& call, const char*& at) {
  double out = factor(call, at);
  while (*at == '*') out *= factor(call, ++at);
  return out;
}

double GraphMaker::expression(Call& call, std::string_view text) {
  const std::string copy(text);
  const char* at = copy.c_str();
  double out = term(call, at);
  while (*at == '+' || *at == '-') {
    const bool plus = *at++ == '+';
    const double next = term(call, at);
    out += plus ? next : -next;
  }
  return out;
}

double GraphMaker::chosen(Call& call, std::string_view text, bool whole) {
  static constexpr double kOdd[] = {-7, 0, -1, 5, 100, 0x1p40, -0x1p40, 0x1p62};
  if (hostile_ && dice_.one_in(10)) return kOdd[dice_.below(std::size(kOdd))];
  const size_t dots = text.find("..");
  if (dots == std::string_view::npos) return expression(call, text);
  const double low = expression(call, text.substr(0, dots)), high = expression(call, text.substr(dots + 2));
  if (whole) return double(dice_.within(int64_t(low), int64_t(high)));
  return low + (high - low) * double(dice_.below(9)) / 8;
}

Shape GraphMaker::some_shape(size_t least) {
  Shape out(least + dice_.below(5 - least));
  for (int64_t& d : out) d = dim();
  return out;
}

std::vector<int64_t> GraphMaker::axes_of(int64_t rank) {
  std::vector<int64_t> out;
  for (int64_t axis = 0; axis < rank; ++axis)
    if (dice_.one_in(2)) out.push_back(dice_.one_in(2) ? axis : axis - rank);
  return out;
}

std::vector<int64_t> GraphMaker::perm_of(int64_t rank) {
  std::vector<int64_t> out(static_cast<size_t>(rank));
  for (size_t i = 0; i < out.size(); ++i) out[i] = int64_t(i);
  for (size_t i = out.size(); i > 1; --i) std::swap(out[i - 1], out[dice_.below(i)]);
  return out;
}

std::vector<double> GraphMaker::numbers_of(Call& call, const std::vector<std::string>& list, bool whole) {
  std::vector<double> out;
  for (const std::string& item : list) {
    if (item == "@axes" || item == "@perm")
      for (int64_t axis : item == "@axes" ? axes_of(call.rank) : perm_of(call.rank)) out.push_back(double(axis));
    else
      out.push_back(item == "@axis" ? double(dice_.within(-call.rank, call.rank - 1)) : chosen(call, item, whole));
  }
  return out;
}

DType GraphMaker::pick_type(const Op& op) {
  if (dice_.below(10) < 6 && op.types.has(DType::float32)) return DType::float32;
  std::vector<DType> all;
  for (int d = 1; d < kDTypeCount; ++d)
    if (op.types.has(DType(d))) all.push_back(DType(d));
  return all.empty() ? DType::float32 : all[dice_.below(all.size())];
}

DType GraphMaker::dtype_of_letter(Call& call, char letter) {
  switch (letter) {
    case 'T': return call.type == DType::undefined ? call.type = pick_type(*call.recipe.op) : call.type;
    case 'f': return DType::float32;
    case 'd': return DType::float64;
    case 'h': return DType::float16;
    case 'i': return DType::int64;
    case 'k': return DType::int32;
    case 'I': return call.index;
    case 'F': return dice_.one_in(3) ? DType::float64 : DType::float32;
    case 'u': return DType::uint8;
    case 'j': return DType::int8;
    case 'b': return DType::boolean;
    case 's': return DType::string;
    case 'a': return DType(1 + dice_.below(kDTypeCount - 1));
    case 'U':
    case 'V':
      if (call.second == DType::undefined) call.second = dice_.one_in(2) ? DType::uint8 : DType::int8;
      return call.second;
    default: return DType::undefined;
  }
}

std::string GraphMaker::word() {
  std::string out;
  for (size_t n = dice_.below(4); n > 0; --n) out += "aabc, A"[dice_.below(7)];
  return out;
}

std::vector<double> GraphMaker::anything(DType dtype, size_t count) {
  static constexpr double kOdd[] = {NAN, INFINITY, -INFINITY, 1e15, -0.0, 1e9, -1e9};
  std::vector<double> out(count);
  const size_t way = is_float(dtype) ? dice_.below(4) : 0;
  for (double& x : out) {
    x = way < 2 ? double(dice_.within(-3, 3)) : way == 2 ? double(dice_.within(-16, 16)) / 4 : (dice_.real() - 0.5) * 4;
    if (hostile_ && is_float(dtype) && dice_.one_in(12)) x = kOdd[dice_.below(std::size(kOdd))];
  }
  return out;
}

Tensor GraphMaker::tensor_of(DType dtype, const Shape& shape, const std::vector<double>& numbers) {
  Tensor out(dtype, shape);
  if (dtype == DType::string) {
    for (std::string& text : out.mutable_data<std::string>()) text = word();
    return out;
  }
  if (is_complex(dtype)) {  // pairs of reals
    const std::vector<double> parts = anything(DType::float32, numbers.size() * 2);
    store_from<double>(dtype == DType::complex64 ? DType::float32 : DType::float64, out.mutable_raw(), 0, int64_t(parts.size()),
                       parts.data());
    return out;
  }
  std::vector<double> kept = numbers;
  const bool no_sign = dtype == DType::float8e8m0 || (is_integer(dtype) && !is_signed(dtype));
  for (double& x : kept) {
    if (no_sign) x = std::abs(x);
    if (is_integer(dtype)) x = std::clamp(x, -0x1p62, 0x1p62);
  }
  if (is_packed(dtype)) std::memset(out.mutable_raw(), 0, out.byte_size());
  if (is_integer(dtype)) {
    std::vector<int64_t> whole(kept.begin(), kept.end());
    store_from<int64_t>(dtype, out.mutable_raw(), 0, out.size(), whole.data());
  } else {
    store_from<double>(dtype, out.mutable_raw(), 0, out.size(), kept.data());
  }
  return out;
}

Tensor GraphMaker::random_tensor(DType dtype, const Shape& shape) {
  return tensor_of(dtype, shape, anything(dtype, size_t(element_count(shape))));
}

namespace {

bool all_floats(const Value& value, auto&& test) {
  if (value.kind() == Value::Kind::map) return true;
  if (!value.is_tensor())
    return std::all_of(value.items().begin(), value.items().end(), [&](const Value& item) { return all_floats(item, test); });
  const Tensor& tensor = value.tensor();
  if (!is_float(tensor.dtype()) && !is_complex(tensor.dtype())) return true;
  const DType dtype = tensor.dtype() == DType::complex64    ? DType::float32
                      : tensor.dtype() == DType::complex128 ? DType::float64
                                                            : tensor.dtype();
  std::vector<double> numbers(size_t(tensor.size()) * (dtype == tensor.dtype() ? 1 : 2));
  load_as<double>(dtype, tensor.raw(), 0, int64_t(numbers.size()), numbers.data());
  return std::all_of(numbers.begin(), numbers.end(), [&](double x) { return test(x, dtype); });
}

}  // namespace

// Sums and products of these are exact in float32 in any order, and in the 16-bit floats' wide accumulators.
bool is_small_dyadic(const Value& value) {
  return all_floats(value, [](double x, DType dtype) {
    return !std::isfinite(x) || (std::abs(x) <= (dtype == DType::bfloat16 ? 16 : 64) && x * 4 == std::floor(x * 4));
  });
}

// A run may flush them to zero, or not, and then x / 0 is something else.
bool has_denormals(const Value& value) {
  return !all_floats(value, [](double x, DType dtype) { return bits_of(dtype) < 16 || x == 0 || !(std::abs(x) < 0x1p-126); });
}

// No rounding away from where it would be something else altogether.
bool is_tame(const Value& value) {
  return all_floats(value, [](double x, DType dtype) {
    const double most = bits_of(dtype) >= 32 || dtype == DType::bfloat16 ? 1e6 : 1e3;
    return x == 0 || (std::abs(x) <= most && std::abs(x) >= 1e-4 / most);
  });
}

}  // namespace nacre::test
