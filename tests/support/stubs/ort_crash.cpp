// Dies when it is first used.
extern "C" __attribute__((visibility("default"))) const void* OrtGetApiBase() { __builtin_trap(); }
