// A new version that does not have our interface any more.
#include <cstdint>

namespace {
struct Base {
  const void* (*api)(uint32_t);
  const char* (*version)();
};
const Base base{[](uint32_t) -> const void* { return nullptr; }, [] { return "1.99.0"; }};
}  // namespace

extern "C" __attribute__((visibility("default"))) const void* OrtGetApiBase() { return &base; }
