#include "ops/fourier.h"

#include <bit>
#include <cmath>
#include <numbers>
#include <utility>

namespace nacre {
namespace {

std::complex<double> turn(double part, bool inverse) { return std::polar(1.0, (inverse ? 2 : -2) * std::numbers::pi * part); }

void reverse_bits(ComplexLine& line) {
  const size_t n = line.size();
  for (size_t i = 1, reversed = 0; i < n; ++i) {
    size_t bit = n >> 1;
    for (; reversed & bit; bit >>= 1) reversed ^= bit;
    reversed |= bit;
    if (i < reversed) std::swap(line[i], line[reversed]);
  }
}

void power_of_two(ComplexLine& line, bool inverse) {
  const size_t n = line.size();
  reverse_bits(line);
  ComplexLine twiddles(n / 2);
  for (size_t i = 0; i < n / 2; ++i) twiddles[i] = turn(static_cast<double>(i) / static_cast<double>(n), inverse);
  for (size_t half = 1; half < n; half *= 2)
    for (size_t begin = 0; begin < n; begin += 2 * half)
      for (size_t i = 0; i < half; ++i) {
        std::complex<double>&low = line[begin + i], &high = line[begin + half + i];
        const std::complex<double> turned = high * twiddles[i * (n / (2 * half))];
        high = low - turned;
        low += turned;
      }
}

}  // namespace

Fourier::Fourier(size_t length, bool inverse) : length_(length), padded_(std::bit_ceil(length)), inverse_(inverse) {
  if (padded_ == length) return;
  // jk = (j^2 + k^2 - (k - j)^2) / 2 turns the sum into a convolution with a chirp, whose angle is kept small by taking
  // squares modulo 2n.
  padded_ = std::bit_ceil(2 * length - 1);
  chirp_.resize(length);
  for (size_t i = 0; i < length; ++i) {
    const size_t square = static_cast<size_t>(static_cast<unsigned __int128>(i) * i % (2 * length));
    chirp_[i] = turn(static_cast<double>(square) / (2 * static_cast<double>(length)), inverse);
  }
  filter_.assign(padded_, 0);
  for (size_t i = 0; i < length; ++i) filter_[i] = filter_[(padded_ - i) % padded_] = std::conj(chirp_[i]);
  power_of_two(filter_, false);
}

void Fourier::transform(ComplexLine& line) {
  if (chirp_.empty()) return power_of_two(line, inverse_);
  work_.assign(padded_, 0);
  for (size_t i = 0; i < length_; ++i) work_[i] = line[i] * chirp_[i];
  power_of_two(work_, false);
  for (size_t i = 0; i < padded_; ++i) work_[i] *= filter_[i];
  power_of_two(work_, true);
  for (size_t i = 0; i < length_; ++i) line[i] = work_[i] * chirp_[i] / static_cast<double>(padded_);
}

}  // namespace nacre
