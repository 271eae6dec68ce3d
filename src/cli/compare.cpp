#include "cli/compare.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include "cli/values.h"
#include "core/convert.h"

namespace nacre::cli {
namespace {

Difference apart(std::string note) { return {.agrees = false, .outside = 1, .elements = 1, .note = std::move(note)}; }

void merge(Difference& into, const Difference& part, std::string_view where) {
  into.max_abs = std::max(into.max_abs, part.max_abs), into.max_rel = std::max(into.max_rel, part.max_rel);
  into.max_ulp = std::max(into.max_ulp, part.max_ulp);
  into.outside += part.outside, into.elements += part.elements;
  if (into.agrees && !part.agrees) into.agrees = false, into.note = cat(where, part.note);
}

/// Bits of an IEEE number as a whole number in the order of the reals.
template <class Bits>
int64_t ordered(Bits bits) {
  constexpr Bits kSign = Bits(Bits(1) << (sizeof(Bits) * 8 - 1));
  const int64_t magnitude = int64_t(bits & Bits(~kSign));
  return bits & kSign ? -magnitude : magnitude;
}

template <class Bits>
uint64_t ulps(const void* a, const void* b, int64_t i) {
  const int64_t x = ordered(static_cast<const Bits*>(a)[i]), y = ordered(static_cast<const Bits*>(b)[i]);
  return x > y ? uint64_t(x) - uint64_t(y) : uint64_t(y) - uint64_t(x);
}

uint64_t ulps_between(const Tensor& a, const Tensor& b, int64_t i) {
  switch (bits_of(a.dtype())) {
    case 64: return ulps<uint64_t>(a.raw(), b.raw(), i);
    case 32: return ulps<uint32_t>(a.raw(), b.raw(), i);
    case 16: return ulps<uint16_t>(a.raw(), b.raw(), i);
    case 8: return ulps<uint8_t>(a.raw(), b.raw(), i);
    default: return 0;
  }
}

std::string element_note(const Tensor& like, int64_t i, std::string_view got, std::string_view want) {
  Shape at(like.shape().size());
  for (size_t d = at.size(); d-- > 0; i /= std::max<int64_t>(1, like.shape()[d])) at[d] = i % std::max<int64_t>(1, like.shape()[d]);
  return cat("at ", at, " got ", got, ", want ", want);
}

void count_outside(Difference& out, const Tensor& like, int64_t i, std::string_view got, std::string_view want) {
  ++out.outside;
  if (out.agrees) out.agrees = false, out.note = element_note(like, i, got, want);
}

void compare_floats(Difference& out, const Tensor& got, const Tensor& want, const Tolerance& tolerance) {
  constexpr int64_t kBlock = 4096;
  double x[kBlock], y[kBlock];
  for (int64_t begin = 0; begin < got.size(); begin += kBlock) {
    const int64_t count = std::min(kBlock, got.size() - begin);
    load_as<double>(got.dtype(), got.raw(), begin, count, x);
    load_as<double>(want.dtype(), want.raw(), begin, count, y);
    for (int64_t i = 0; i < count; ++i) {
      if (x[i] == y[i] || (std::isnan(x[i]) && std::isnan(y[i]))) continue;
      const double distance = std::isfinite(x[i]) && std::isfinite(y[i]) ? std::abs(x[i] - y[i]) : INFINITY;
      out.max_abs = std::max(out.max_abs, distance);
      out.max_rel = std::max(out.max_rel, distance / std::abs(y[i]));
      if (std::isfinite(distance)) out.max_ulp = std::max(out.max_ulp, ulps_between(got, want, begin + i));
      if (!(distance <= tolerance.absolute + tolerance.relative * std::abs(y[i]))) count_outside(out, got, begin + i, cat(x[i]), cat(y[i]));
    }
  }
}

/// Integers of all widths, bool and strings, as text where they differ.
void compare_exactly(Difference& out, const Tensor& got, const Tensor& want) {
  if (got.dtype() == DType::string) {
    for (int64_t i = 0; i < got.size(); ++i)
      if (const auto &a = got.data<std::string>()[size_t(i)], &b = want.data<std::string>()[size_t(i)]; a != b)
        count_outside(out, got, i, cat('"', a, '"'), cat('"', b, '"'));
    return;
  }
  for (int64_t i = 0; i < got.size(); ++i) {
    int64_t a, b;
    load_as<int64_t>(got.dtype(), got.raw(), i, 1, &a);
    load_as<int64_t>(want.dtype(), want.raw(), i, 1, &b);
    if (a == b) continue;
    out.max_abs = std::max(out.max_abs, std::abs(double(a) - double(b)));
    out.max_rel = std::max(out.max_rel, std::abs((double(a) - double(b)) / double(b)));
    count_outside(out, got, i, cat(a), cat(b));
  }
}

Tensor parts_of(const Tensor& complex) {
  Shape shape = complex.shape();
  shape.push_back(2);
  const DType part = complex.dtype() == DType::complex64 ? DType::float32 : DType::float64;
  return Tensor::view(part, std::move(shape), complex.raw(), complex.byte_size(), nullptr);
}

Difference compare_tensors(const Tensor& got, const Tensor& want, const Tolerance& tolerance) {
  if (got.dtype() != want.dtype() || got.shape() != want.shape()) return apart(cat("got ", describe(got), ", want ", describe(want)));
  Difference out{.elements = got.size()};
  if (is_complex(got.dtype()))
    compare_floats(out, parts_of(got), parts_of(want), tolerance);
  else if (is_float(got.dtype()))
    compare_floats(out, got, want, tolerance);
  else
    compare_exactly(out, got, want);
  return out;
}

}  // namespace

Difference compare(const Value& got, const Value& want, const Tolerance& tolerance) {
  if (got.kind() != want.kind()) return apart(cat("got a ", to_string(got.kind()), ", want a ", to_string(want.kind())));
  if (got.is_tensor()) return compare_tensors(got.tensor(), want.tensor(), tolerance);
  Difference out;
  if (got.kind() == Value::Kind::map) {
    merge(out, compare_tensors(got.keys(), want.keys(), tolerance), "keys: ");
    merge(out, compare_tensors(got.values(), want.values(), tolerance), "values: ");
    return out;
  }
  if (got.items().size() != want.items().size()) return apart(cat("got ", got.items().size(), " items, want ", want.items().size()));
  for (size_t i = 0; i < got.items().size(); ++i) merge(out, compare(got.items()[i], want.items()[i], tolerance), cat("item ", i, ": "));
  return out;
}

}  // namespace nacre::cli
