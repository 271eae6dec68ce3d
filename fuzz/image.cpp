// Encoded images: any bytes end in pixels or in an error.
#include "core/image.h"

#include <vector>

using namespace nacre;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr int64_t kMostPixels = 1 << 20;
  const std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(data), size);
  const auto found = image_size(bytes);
  if (!found || found->width * found->height > kMostPixels) return 0;
  std::vector<uint8_t> rgb(static_cast<size_t>(found->width * found->height * 3));
  (void)decode_image(bytes, *found, rgb);
  return 0;
}
