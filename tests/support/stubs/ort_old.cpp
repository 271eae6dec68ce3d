// Says that it is ONNX Runtime 1.16.
#include <cstdint>

namespace {
struct Base {
  const void* (*api)(uint32_t);
  const char* (*version)();
};
const Base base{[](uint32_t) -> const void* { return nullptr; }, [] { return "1.16.3"; }};
}  // namespace

extern "C" __attribute__((visibility("default"))) const void* OrtGetApiBase() { return &base; }
