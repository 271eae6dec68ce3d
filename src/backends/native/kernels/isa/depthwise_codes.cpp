// Depthwise convolution of 8-bit codes: its weights' packed form, and the kernel for CPUs without sums of four bytes' products.
#define NACRE_BYTE_DOTS 0
#include "backends/native/kernels/isa/depthwise_codes.h"

namespace nacre::NACRE_ISA {

int64_t depthwise_codes_size(int64_t channels, int64_t taps) { return (channels + kChunk - 1) / kChunk * chunk_bytes(taps); }

void depthwise_codes_pack(const native::DepthwisePackArgs& args) {
  uint8_t* chunk = static_cast<uint8_t*>(args.packed);
  __builtin_memset(chunk, 0, static_cast<size_t>(depthwise_codes_size(args.channels, args.taps)));
  for (int64_t first = 0; first < args.channels; first += kChunk, chunk += chunk_bytes(args.taps))
    for (int64_t i = 0; i < min(args.channels - first, kChunk); ++i) {
      const int64_t part = i / 16, vector = i % 16 / 4, lane = vector * kLanes + 4 * part + i % 4, channel = first + i;
      for (int64_t tap = 0; tap < args.taps; ++tap)
        chunk[kChunk * 8 + tap / 4 * kChunk * 4 + lane * 4 + tap % 4] = static_cast<uint8_t>(args.weights[channel * args.taps + tap]);
      __builtin_memcpy(chunk + lane * 4, args.start + channel, 4);
      __builtin_memcpy(chunk + kChunk * 4 + lane * 4, args.units + channel, 4);
    }
}

void depthwise_codes(const native::DepthwiseCodesArgs& args) { run_depthwise_codes(args); }

}  // namespace nacre::NACRE_ISA
