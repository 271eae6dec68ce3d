#include "runtime/fallback.h"

#include <atomic>

#include "core/log.h"

namespace nacre {
namespace {

// What says nothing of the backend.
bool is_the_callers(const Error& error) {
  return error.code() == ErrorCode::cancelled || error.code() == ErrorCode::deadline_exceeded ||
         error.code() == ErrorCode::resource_exhausted;
}

class FallbackExecutable final : public Executable {
 public:
  FallbackExecutable(std::shared_ptr<Executable> first, Graph graph, CompileRequest rest, std::string target,
                     std::vector<std::string> nodes)
      : first_(std::move(first)),
        graph_(std::move(graph)),
        rest_(std::move(rest)),
        report_(std::exchange(rest_.book, std::make_shared<ReportBook>())),
        target_(std::move(target)),
        nodes_(std::move(nodes)) {}

  Result<void> run(std::span<const Value> inputs, std::span<Value> outputs, RunContext& context) override {
    const std::shared_ptr<Executable> first = current();
    if (!first) return run_second(inputs, outputs, context);
    auto done = first->run(inputs, outputs, context);
    if (done) proven_.store(true, std::memory_order_relaxed);
    if (done || proven_.load(std::memory_order_relaxed) || is_the_callers(done.error())) return done;
    // Inputs that no backend can run fail there too: then nothing is said against this one.
    if (!prepare_second() || !run_second(inputs, outputs, context)) return done;
    replace(done.error());
    return {};
  }

  void trim() noexcept override {
    if (const auto first = current()) first->trim();
    const std::lock_guard lock(mutex_);
    if (second_)
      for (const CompiledRegion& region : second_->regions) region.executable->trim();
  }
  int64_t resident_bytes() const noexcept override {
    const std::lock_guard lock(mutex_);
    int64_t total = first_ ? first_->resident_bytes() : 0;
    if (second_)
      for (const CompiledRegion& region : second_->regions) total += region.executable->resident_bytes();
    return total;
  }
  std::string kernel_name(const Node& node) const override {
    const auto first = current();
    return first ? first->kernel_name(node) : "";
  }
  Result<PlanReport> plan(std::span<const Fact> facts) override {
    const auto first = current();
    return first ? first->plan(facts) : PlanReport();
  }
  std::string plan_text() const override {
    const auto first = current();
    return first ? first->plan_text() : "";
  }

 private:
  std::shared_ptr<Executable> current() const {
    const std::lock_guard lock(mutex_);
    return first_;
  }

  Result<void> prepare_second() {
    const std::lock_guard lock(mutex_);
    if (second_) return {};
    second_ = std::make_shared<const Compilation>(NACRE_TRY(compile_graph(graph_, rest_)));
    return {};
  }

  Result<void> run_second(std::span<const Value> inputs, std::span<Value> outputs, RunContext& context) {
    std::shared_ptr<const Compilation> second;
    {
      const std::lock_guard lock(mutex_);
      second = second_;
    }
    auto results = run_compilation(*second, {inputs.begin(), inputs.end()}, context);
    if (!results) return std::unexpected(std::move(results.error()));
    std::move(results->begin(), results->end(), outputs.begin());
    return {};
  }

  void replace(const Error& cause) {
    const std::lock_guard lock(mutex_);
    if (!first_) return;
    first_ = nullptr;  // gone when the last run that is inside it ends
    const std::string why = cat(target_, " failed in its first run: ", cause.what());
    log_message(LogLevel::warning, nodes_.size(), " node(s) moved: ", why);
    report_->replace(nodes_, rest_.book->read(), why);
  }

  mutable std::mutex mutex_;
  std::shared_ptr<Executable> first_;
  std::shared_ptr<const Compilation> second_;
  const Graph graph_;
  CompileRequest rest_;                       // its book is of what the region becomes
  const std::shared_ptr<ReportBook> report_;  // the session's
  const std::string target_;
  const std::vector<std::string> nodes_;
  std::atomic<bool> proven_{false};
};

}  // namespace

std::shared_ptr<Executable> with_fallback(std::shared_ptr<Executable> first, Graph graph, CompileRequest rest, std::string target,
                                          std::vector<std::string> nodes) {
  return std::make_shared<FallbackExecutable>(std::move(first), std::move(graph), std::move(rest), std::move(target), std::move(nodes));
}

}  // namespace nacre
