// Safetensors files: any bytes end in tensors that may be read to their last byte, or in an error.
#include "io/safetensors.h"

using namespace nacre;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto file = parse_safetensors({reinterpret_cast<const std::byte*>(data), size}, nullptr);
  if (!file) return 0;
  volatile unsigned char last = 0;
  for (const auto& [name, tensor] : file->tensors)
    if (tensor.byte_size()) last = static_cast<const unsigned char*>(tensor.raw())[tensor.byte_size() - 1];
  (void)last;
  return 0;
}
