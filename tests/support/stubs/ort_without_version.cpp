// Its version is none.
#include <cstdint>

namespace {
struct Base {
  const void* (*api)(uint32_t);
  const char* (*version)();
};
const Base base{[](uint32_t) -> const void* { return nullptr; }, [] { return "banana"; }};
}  // namespace

extern "C" __attribute__((visibility("default"))) const void* OrtGetApiBase() { return &base; }
