// A backend that takes chosen operators, fails when it is told to, reports devices, and counts what it made.
#pragma once

#include <atomic>
#include <set>

#include "graph/op.h"
#include "runtime/backend.h"

namespace nacre::test {

struct FakeControls {
  std::set<std::string> takes = {"Neg", "Add", "Abs"};
  std::set<std::string> refuses;  // supports() takes them, compile() names the node and fails
  bool fails_to_compile = false;
  std::atomic<int> failing_runs = 0;  // so many runs fail from now on
  std::atomic<int> alive = 0, made = 0, runs = 0;
  bool available = true;
};
inline FakeControls fake;

class FakeExecutable final : public Executable {
 public:
  explicit FakeExecutable(std::unique_ptr<Executable> real) : real_(std::move(real)) { ++fake.alive, ++fake.made; }
  ~FakeExecutable() override { --fake.alive; }
  Result<void> run(std::span<const Value> inputs, std::span<Value> outputs, RunContext& context) override {
    ++fake.runs;
    if (fake.failing_runs.fetch_sub(1) > 0) return fail(ErrorCode::unavailable, "the device fell off the bus");
    return real_->run(inputs, outputs, context);
  }

 private:
  std::unique_ptr<Executable> real_;
};

inline const Backend fake_backend{
    .name = "fake",
    .about = "",
    .probe =
        [](const ProbeOptions&) {
          Probe out{.available = fake.available, .version = "1", .reason = fake.available ? "" : "it is unplugged", .devices = {}};
          out.devices = {{.name = "Fake 9000", .memory_total = 1 << 30, .kind = "gpu", .index = 0},
                         {.name = "Fake 9000", .kind = "gpu", .index = 1}};
          return out;
        },
    .supports = [](const Graph&, const Node& node) { return fake.takes.contains(std::string(node.op->name)); },
    .compile = [](const Graph& graph, const CompileOptions& options) -> Result<std::unique_ptr<Executable>> {
      if (fake.fails_to_compile) return fail(ErrorCode::internal, "the compiler gave up");
      for (const Node& node : graph.nodes)
        if (fake.refuses.contains(std::string(node.op->name)))
          return std::unexpected(Error(ErrorCode::unsupported, "no kernel for it").at(describe(node)));
      const Backend* reference = NACRE_TRY(find_backend("reference"));
      return std::make_unique<FakeExecutable>(NACRE_TRY(reference->compile(graph, options)));
    }};

}  // namespace nacre::test
