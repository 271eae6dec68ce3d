// Bytes to a graph: import, shape inference, verification and the standard passes. Nothing runs.
#include "graph/op.h"
#include "importers/onnx/import.h"
#include "ops/inference.h"
#include "passes/pass.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace nacre;
  auto graph = import_onnx_bytes(std::as_bytes(std::span(data, size)), nullptr);
  if (!graph) return 0;
  if (!verify(*graph)) __builtin_trap();  // what the importer makes is a graph
  if (!infer_graph(*graph)) return 0;
  if (!optimise(*graph, PassLevel::standard, {.fold_limit = 1 << 20})) return 0;
  if (!verify(*graph)) __builtin_trap();
  (void)optimise(*graph, PassLevel::fusion, {.fold_limit = 1 << 20});
  (void)print(*graph);
  return 0;
}
