// Our own engine: fuses, binds to shapes, runs kernels; every operator works because what has no kernel is evaluated plainly.
#include "runtime/backend.h"

#include <mutex>

#include "backends/native/program.h"
#include "core/float_mode.h"
#include "core/kept_ahead.h"
#include "core/os/file.h"
#include "core/os/memory.h"
#include "core/thread_team.h"
#include "graph/op.h"
#include "passes/pass.h"

namespace nacre {
namespace {

class NativeExecutable final : public Executable {
 public:
  NativeExecutable(Graph graph, std::shared_ptr<DiskCache> kept, std::unique_ptr<KeptAhead> ahead)
      : program_(std::move(graph), std::make_shared<native::PackCache>(std::move(kept))), ahead_(std::move(ahead)) {}

  Result<void> run(std::span<const Value> inputs, std::span<Value> outputs, RunContext& context) override {
    const FlushToZero flush;
    const ThreadLimit limit(context.threads);  // for what a first run packs
    auto done = program_.run(inputs, outputs, context);
    std::call_once(opened_, [&] { end_opening(); });
    return done;
  }
  void trim() noexcept override { program_.trim(); }
  int64_t resident_bytes() const noexcept override { return program_.resident_bytes(); }
  Result<PlanReport> plan(std::span<const Fact> inputs) override { return program_.plan(inputs); }
  std::string plan_text() const override { return program_.text(); }

 private:
  void end_opening() noexcept {
    ahead_.reset();
    give_free_heap_back();  // packing, planning and the first run leave more behind than they keep
  }

  native::Program program_;
  std::unique_ptr<KeptAhead> ahead_;  // until the first run has ended
  std::once_flag opened_;
};

constexpr size_t kLargeConstant = size_t{64} << 10;  // bytes; smaller ones are not worth a call of the system
constexpr size_t kLargeTable = size_t{4} << 20;

std::span<const std::byte> large_bytes(const Graph& graph, Edge edge) {
  const Tensor* constant = graph.constant(edge);
  if (!constant || constant->byte_size() < kLargeConstant || constant->dtype() == DType::string) return {};
  return {static_cast<const std::byte*>(constant->stored()), constant->byte_size()};
}

/// Checks what is kept for these weights while the graph is being fused.
std::unique_ptr<KeptAhead> check_ahead(const DiskCache* kept, const Graph& graph, int threads) {
  if (!kept || threads < 2) return nullptr;
  for (size_t i = 0; i < graph.edge_count(); ++i)
    if (const auto bytes = large_bytes(graph, Edge(int32_t(i))); !bytes.empty())
      if (auto ahead = KeptAhead::start(kept->path(), bytes)) return ahead;
  return nullptr;
}

// Of a large table of embeddings a run needs a row here and there; a small one is read faster whole.
void expect_rows_of_tables(const Graph& graph) {
  std::vector<bool> read_whole(graph.edge_count()), gathered(graph.edge_count());
  for (const Node& node : graph.nodes)
    for (size_t i = 0; i < node.inputs.size(); ++i)
      if (const Edge edge = node.inputs[i]; edge != kAbsent)
        (node.op->name == "Gather" && node.op->domain.empty() && i == 0 ? gathered : read_whole)[index(edge)] = true;
  for (Edge edge : graph.outputs) read_whole[index(edge)] = true;
  for (size_t i = 0; i < graph.edge_count(); ++i)
    if (const auto bytes = large_bytes(graph, Edge(int32_t(i))); gathered[i] && !read_whole[i] && bytes.size() >= kLargeTable)
      expect_reads(bytes.data(), bytes.size(), ReadOrder::scattered);
}

Probe probe(const ProbeOptions&) { return {.available = true, .version = "built in", .reason = "", .devices = {cpu_device()}}; }
bool supports(const Graph&, const Node& node) { return node.op->evaluate != nullptr; }

Result<std::unique_ptr<Executable>> compile(const Graph& graph, const CompileOptions& options) {
  std::shared_ptr<DiskCache> kept = DiskCache::open(kPackedWeights);
  std::unique_ptr<KeptAhead> ahead = check_ahead(kept.get(), graph, options.threads);
  Graph fused = graph;
  if (options.optimise) NACRE_TRY(optimise(fused, PassLevel::fusion));
  expect_rows_of_tables(fused);
  return std::make_unique<NativeExecutable>(std::move(fused), std::move(kept), std::move(ahead));
}

}  // namespace

extern const Backend backend_native;
const Backend backend_native{
    .name = "native", .about = "our own engine for CPUs", .probe = probe, .supports = supports, .compile = compile};

}  // namespace nacre
