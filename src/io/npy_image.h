// A tensor as the two pieces of an .npy file.
//
//     NpyImage image = NACRE_TRY(npy_image(tensor));
//     file.write(image.head()), file.write(image.body());
//
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "core/result.h"

namespace nacre {

struct NpyImage {
  std::string header;
  Tensor data;

  std::span<const std::byte> head() const { return std::as_bytes(std::span(header)); }
  std::span<const std::byte> body() const { return {static_cast<const std::byte*>(data.raw()), data.byte_size()}; }
};

Result<NpyImage> npy_image(const Tensor& tensor);

}  // namespace nacre
