// A shared library that is no ONNX Runtime.
extern "C" __attribute__((visibility("default"))) int OrtGetSomethingElse() { return 0; }
