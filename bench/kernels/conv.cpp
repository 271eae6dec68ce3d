// Convolutions of the shapes models have, on one thread.
//
//     nacre_bench_conv [isa]
#include <cstring>
#include <string>
#include <vector>

#include "bench/kernels/timing.h"

using namespace nacre::bench;
using nacre::native::ConvArgs;
using nacre::native::DepthwiseArgs;
using nacre::native::Kernels;
using nacre::native::PoolArgs;
using nacre::native::Pooling;
using nacre::native::Window;

static Window square(int64_t size, int64_t kernel, int64_t stride) {
  Window w;
  for (int axis : {0, 1}) {
    w.input[axis] = size, w.kernel[axis] = kernel, w.stride[axis] = stride, w.pad_begin[axis] = w.pad_end[axis] = kernel / 2;
    w.output[axis] = (size + kernel / 2 * 2 - kernel) / stride + 1;
  }
  return w;
}

static std::string name_of(const char* kind, int64_t in, int64_t out, const Window& w) {
  return std::string(kind) + " " + std::to_string(in) + ">" + std::to_string(out) + " " + std::to_string(w.input[0]) + "^2 k" +
         std::to_string(w.kernel[0]) + " s" + std::to_string(w.stride[0]);
}

static double outputs(const Window& w) { return static_cast<double>(w.output[0] * w.output[1]); }
static double taps(const Window& w) { return static_cast<double>(w.kernel[0] * w.kernel[1]); }
static std::vector<float> floats(int64_t count) { return std::vector<float>(static_cast<size_t>(count), 0.5f); }

static void run_conv(const Kernels& k, int64_t in, int64_t out, const Window& w) {
  ConvArgs args;
  args.window = w, args.channels_in = in, args.channels_out = out;
  auto x = floats(in * w.input[0] * w.input[1]), weights = floats(in * out * w.kernel[0] * w.kernel[1]);
  auto y = floats(out * w.output[0] * w.output[1]), scratch = floats(k.conv_scratch(args));
  args.x = x.data(), args.weights = weights.data(), args.y = y.data(), args.scratch = scratch.data();
  Measured measured = measure(k, [&] { k.conv(args); });
  report(k.isa, name_of("conv", in, out, w).c_str(), 2.0 * static_cast<double>(in * out) * outputs(w) * taps(w), measured);
}

static void run_depthwise(const Kernels& k, int64_t channels, const Window& w) {
  DepthwiseArgs args;
  auto x = floats(channels * w.input[0] * w.input[1]), weights = floats(channels * w.kernel[0] * w.kernel[1]);
  auto y = floats(channels * w.output[0] * w.output[1]), scratch = floats(k.window_scratch(w));
  args.window = w, args.x = x.data(), args.weights = weights.data(), args.y = y.data(), args.scratch = scratch.data();
  args.channels = channels;
  Measured measured = measure(k, [&] { k.depthwise(args); });
  report(k.isa, name_of("depthwise", channels, channels, w).c_str(), 2.0 * static_cast<double>(channels) * outputs(w) * taps(w), measured);
}

static void run_pool(const Kernels& k, int64_t planes, const Window& w) {
  auto x = floats(planes * w.input[0] * w.input[1]), y = floats(planes * w.output[0] * w.output[1]), scratch = floats(k.window_scratch(w));
  PoolArgs args{w, Pooling::max, x.data(), y.data(), planes, scratch.data()};
  Measured measured = measure(k, [&] { k.pool(args); });
  report(k.isa, name_of("max pool", planes, planes, w).c_str(), static_cast<double>(planes) * outputs(w) * taps(w), measured);
}

int main(int count, char** arguments) {
  for (const Kernels* k : nacre::native::available_kernels()) {
    if (count > 1 && std::strcmp(arguments[1], k->isa) != 0) continue;
    run_conv(*k, 3, 64, square(224, 7, 2));
    run_conv(*k, 3, 32, square(224, 3, 2));
    run_conv(*k, 64, 64, square(56, 3, 1));
    run_conv(*k, 64, 256, square(56, 1, 1));
    run_conv(*k, 128, 128, square(28, 3, 1));
    run_conv(*k, 256, 256, square(14, 3, 1));
    run_conv(*k, 512, 512, square(7, 3, 1));
    run_conv(*k, 512, 1024, square(14, 1, 2));
    run_conv(*k, 16, 16, square(160, 3, 1));
    run_depthwise(*k, 96, square(112, 3, 2));
    run_depthwise(*k, 144, square(56, 3, 1));
    run_depthwise(*k, 384, square(14, 3, 1));
    run_depthwise(*k, 960, square(7, 3, 1));
    run_depthwise(*k, 120, square(28, 5, 1));
    run_pool(*k, 64, square(112, 3, 2));
  }
}
