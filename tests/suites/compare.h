// Compares results the way the ONNX backend tests do: shapes and dtypes exact, numbers to rtol and atol, strings equal.
#pragma once

#include <cmath>
#include <string>

#include "core/convert.h"
#include "core/text.h"

namespace nacre::suites {

struct Tolerance {
  double relative = 1e-3, absolute = 1e-7;
};

inline bool is_close(double got, double want, const Tolerance& tolerance) {
  if (std::isnan(want) || std::isnan(got)) return std::isnan(want) && std::isnan(got);
  if (std::isinf(want) || std::isinf(got)) return want == got;
  return std::abs(got - want) <= tolerance.absolute + tolerance.relative * std::abs(want);
}

inline std::string mismatch(const Tensor& got, const Tensor& want, const Tolerance& tolerance) {
  if (got.dtype() != want.dtype() || got.shape() != want.shape()) return cat("got ", describe(got), ", want ", describe(want));
  if (got.dtype() == DType::string) {
    for (int64_t i = 0; i < got.size(); ++i)
      if (got.data<std::string>()[i] != want.data<std::string>()[i])
        return cat("[", i, "] got '", got.data<std::string>()[i], "', want '", want.data<std::string>()[i], "'");
    return "";
  }
  const bool complex = is_complex(got.dtype());
  const DType dtype = got.dtype() == DType::complex64 ? DType::float32 : complex ? DType::float64 : got.dtype();
  const int64_t count = got.size() * (complex ? 2 : 1);
  std::vector<double> a(static_cast<size_t>(count)), b(a.size());
  load_as<double>(dtype, got.raw(), 0, count, a.data());
  load_as<double>(dtype, want.raw(), 0, count, b.data());
  for (size_t i = 0; i < a.size(); ++i)
    if (!is_close(a[i], b[i], tolerance)) return cat("[", i, "] got ", a[i], ", want ", b[i]);
  return "";
}

inline std::string mismatch(const Value& got, const Value& want, const Tolerance& tolerance) {
  if (got.kind() != want.kind()) return cat("got a ", to_string(got.kind()), ", want a ", to_string(want.kind()));
  if (got.is_tensor()) return mismatch(got.tensor(), want.tensor(), tolerance);
  if (got.kind() == Value::Kind::map) {
    const std::string keys = mismatch(got.keys(), want.keys(), tolerance);
    return keys.empty() ? mismatch(got.values(), want.values(), tolerance) : keys;
  }
  if (got.items().size() != want.items().size()) return cat("got ", got.items().size(), " items, want ", want.items().size());
  for (size_t i = 0; i < got.items().size(); ++i)
    if (std::string text = mismatch(got.items()[i], want.items()[i], tolerance); !text.empty()) return cat("item ", i, ": ", text);
  return "";
}

}  // namespace nacre::suites
