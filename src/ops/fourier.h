// The discrete Fourier transform of any length in double precision.
#pragma once

#include <complex>
#include <vector>

namespace nacre {

using ComplexLine = std::vector<std::complex<double>>;

/// Lengths that are powers of two by halving, others as a convolution of such a length (Bluestein): n log n always.
class Fourier {
 public:
  explicit Fourier(size_t length, bool inverse);
  /// Transforms `line` (of the length given) in place, without any scaling.
  void transform(ComplexLine& line);

 private:
  size_t length_, padded_;
  bool inverse_;
  ComplexLine chirp_, filter_, work_;
};

}  // namespace nacre
