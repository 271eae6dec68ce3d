// .npy and .npz files: any bytes end in tensors that may be read to their last byte, or in an error.
#include "io/npy.h"

using namespace nacre;

namespace {

constexpr int64_t kMostBytes = 1 << 24;

void touch(const Tensor& tensor) {
  volatile unsigned char last = 0;
  if (tensor.byte_size()) last = static_cast<const unsigned char*>(tensor.raw())[tensor.byte_size() - 1];
  (void)last;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(data), size);
  if (const auto tensor = parse_npy(bytes)) touch(*tensor);
  if (const auto tensors = parse_npz(bytes, nullptr, {.bytes = kMostBytes, .members = 64}))
    for (const auto& [name, tensor] : *tensors) touch(tensor);
  return 0;
}
