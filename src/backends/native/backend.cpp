// Our own engine: fuses, binds to shapes, runs kernels; every operator works because what has no kernel is evaluated plainly.
#include "runtime/backend.h"

#include "backends/native/program.h"
#include "core/float_mode.h"
#include "core/thread_team.h"
#include "graph/op.h"
#include "passes/pass.h"

namespace nacre {
namespace {

class NativeExecutable final : public Executable {
 public:
  explicit NativeExecutable(Graph graph)
      : program_(std::move(graph), std::make_shared<native::PackCache>(DiskCache::open(kPackedWeights))) {}

  Result<void> run(std::span<const Value> inputs, std::span<Value> outputs, RunContext& context) override {
    const FlushToZero flush;
    const ThreadLimit limit(context.threads);  // for what a first run packs
    return program_.run(inputs, outputs, context);
  }
  void trim() noexcept override { program_.trim(); }
  int64_t resident_bytes() const noexcept override { return program_.resident_bytes(); }
  Result<PlanReport> plan(std::span<const Fact> inputs) override { return program_.plan(inputs); }
  std::string plan_text() const override { return program_.text(); }
  std::string kernel_name(const Node& node) const override {
    const native::Kernel* kernel = native::find_kernel({program_.graph(), node});
    return kernel ? std::string(kernel->name) : "reference";
  }

 private:
  native::Program program_;
};

Probe probe(const ProbeOptions&) { return {.available = true, .version = "built in", .reason = "", .devices = {cpu_device()}}; }
bool supports(const Graph&, const Node& node) { return node.op->evaluate != nullptr; }

Result<std::unique_ptr<Executable>> compile(const Graph& graph, const CompileOptions& options) {
  Graph fused = graph;
  if (options.optimise) NACRE_TRY(optimise(fused, PassLevel::fusion));
  return std::make_unique<NativeExecutable>(std::move(fused));
}

}  // namespace

extern const Backend backend_native;
const Backend backend_native{
    .name = "native", .about = "our own engine for CPUs", .probe = probe, .supports = supports, .compile = compile};

}  // namespace nacre
