#include "ops/microsoft/kv_cache.h"

#include <algorithm>
#include <cmath>

#include "ops/attend.h"

namespace nacre {

float CacheFormat::scale(int64_t which, int64_t channel) const {
  return scales.size() == 1 ? scales[0] : scales[static_cast<size_t>(which * head + channel)];
}

void CacheFormat::load(const Tensor& cache, int64_t row, int64_t which, float* out) const {
  if (packed == DType::undefined) {
    load_as<float>(cache.dtype(), cache.raw(), row * head, head, out);
  } else if (offset != 0) {
    load_as<float>(DType::uint4, cache.raw(), row * width() * 2, head, out);
    for (int64_t i = 0; i < head; ++i) out[i] -= static_cast<float>(offset);
  } else {
    load_as<float>(packed, cache.raw(), row * width() * 2, head, out);
  }
  if (!quantized()) return;
  for (int64_t i = 0; i < head; ++i) out[i] *= scale(which, i);
}

// What is stored, before the offset: integers rounded and clamped, small floats left to their own rounding.
std::vector<float> CacheFormat::codes(int64_t which, const float* in) const {
  std::vector<float> out(in, in + head);
  if (!quantized()) return out;
  const bool four = packed == DType::int4, integers = four || dtype == DType::int8;
  const float least = four ? -8 : -128, most = four ? 7 : 127;
  for (int64_t i = 0; i < head; ++i) {
    const float s = scale(which, i);
    out[i] = s == 0 ? 0 : out[i] / s;
    if (integers) out[i] = std::isnan(out[i]) ? 0 : std::clamp(std::nearbyint(out[i]), least, most);
  }
  return out;
}

void CacheFormat::store(Tensor& cache, int64_t row, int64_t which, const float* in) const {
  std::vector<float> stored = codes(which, in);
  for (float& x : stored) x += static_cast<float>(offset);
  const DType as = packed == DType::undefined ? cache.dtype() : offset != 0 ? DType::uint4 : packed;
  store_from<float>(as, cache.mutable_raw(), row * width() * (packed == DType::undefined ? 1 : 2), head, stored.data());
}

void CacheFormat::round(int64_t which, float* in) const {
  if (!quantized()) return;
  const std::vector<float> stored = codes(which, in);
  const DType as = packed == DType::undefined ? dtype : packed;
  Tensor cell(as, {head});
  store_from<float>(as, cell.mutable_raw(), 0, head, stored.data());
  load_as<float>(as, cell.raw(), 0, head, in);
  for (int64_t i = 0; i < head; ++i) in[i] *= scale(which, i);
}

Result<CacheFormat> read_cache_format(const Evaluation& e, std::string_view quant_type, DType dtype, DType packed, size_t scales,
                                      int64_t heads, int64_t head) {
  CacheFormat out{.dtype = dtype, .packed = packed, .head = head};
  if (quant_type == "NONE") {
    if (!float_types.has(dtype)) return fail(ErrorCode::invalid_argument, "a cache of ", dtype, " with a quantization type of NONE");
    return out;
  }
  if (quant_type != "PER_TENSOR" && quant_type != "PER_CHANNEL")
    return fail(ErrorCode::invalid_model, "quantization type '", quant_type, "' is none of NONE, PER_TENSOR, PER_CHANNEL");
  if (dtype != DType::int8 && dtype != DType::float8e4m3fn && (dtype != DType::uint8 || packed == DType::undefined))
    return fail(ErrorCode::invalid_argument, "a quantized cache of ", dtype);
  const int64_t count = quant_type == "PER_TENSOR" ? 1 : heads * head;
  if (!e.has(scales) || e.dtype(scales) != DType::float32 || e.input(scales).size() != count)
    return fail(ErrorCode::invalid_argument, "scales ", e.has(scales) ? describe(e.input(scales)) : "(absent)", " of a cache quantized ",
                quant_type, ": expected ", count, " of float32");
  const std::span<const float> given = e.input(scales).data<float>();
  out.scales.assign(given.begin(), given.end());
  return out;
}

Result<void> normalise_heads(const Evaluation& e, size_t weight, double epsilon, int64_t head, std::vector<float>& x) {
  if (!e.has(weight)) return {};
  if (e.shape(weight) != Shape{head})
    return fail(ErrorCode::invalid_argument, "norm weights of shape ", e.shape(weight), ": expected ", Shape{head});
  std::vector<double> scratch;
  const double* gain = elements_as<double>(e.input(weight), scratch);
  for (size_t row = 0; row < x.size(); row += static_cast<size_t>(head)) {
    double sum = 0;
    for (int64_t i = 0; i < head; ++i) sum += double(x[row + i]) * x[row + i];
    const double factor = 1 / std::sqrt(sum / static_cast<double>(head) + epsilon);
    for (int64_t i = 0; i < head; ++i) x[row + i] = static_cast<float>(x[row + i] * factor * gain[i]);
  }
  return {};
}

std::vector<float> gather_heads(const Tensor& x, int64_t batch, int64_t length, int64_t first, int64_t heads, int64_t head) {
  std::vector<float> out(static_cast<size_t>(batch * heads * length * head));
  const int64_t row = batch * length ? x.size() / (batch * length) : 0;
  for (int64_t at = 0; at < batch * length; ++at)
    for (int64_t h = 0; h < heads; ++h)
      load_as<float>(x.dtype(), x.raw(), at * row + (first + h) * head, head,
                     out.data() + ((at / length * heads + h) * length + at % length) * head);
  return out;
}

void softmax_with_sink(double* x, int64_t count, std::optional<double> sink) {
  if (!sink) return softmax_row(x, count);
  double most = *sink, sum = 0;
  for (int64_t i = 0; i < count; ++i) most = std::max(most, x[i]);
  for (int64_t i = 0; i < count; ++i) sum += x[i] = std::exp(x[i] - most);
  sum += std::exp(*sink - most);
  for (int64_t i = 0; i < count; ++i) x[i] /= sum;
}

}  // namespace nacre
