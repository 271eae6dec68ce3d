// nacre bench MODEL: how long a run takes, and how much of the machine it uses.
#include <nlohmann/json.hpp>

#include "backends/native/kernels/kernels.h"
#include "cli/facts.h"
#include "cli/print.h"
#include "cli/timing.h"
#include "cli/values.h"
#include "core/cpu.h"
#include "core/os/memory.h"
#include "core/thread_team.h"
#include "nacre/version.h"

namespace nacre::cli {
namespace {

struct Options {
  ModelOptions model;
  std::string inputs = "random:1";
  double seconds = 2, warmup = 0.5;
  bool json = false, profile = false;
};

struct Measured {
  double load_ms = 0, first_ms = 0, flops = 0, peak_gflops = 0;
  Times times;
  int threads = 1;
  int64_t unknown_nodes = 0, weight_bytes = 0, kept_bytes = 0, peak_bytes = 0, growth_bytes = 0;
  std::string shapes, backends;
  Profile profile;  // with the median of each node's times

  double gflops() const { return times.median_ms > 0 ? flops / times.median_ms / 1e6 : 0; }
  double share() const { return peak_gflops > 0 ? gflops() / peak_gflops : 0; }
};

/// Runs for so long, three times at least, and gives every node the median of its times.
template <class Call>
Profile median_profile(Call run, double seconds) {
  Profile profile;
  std::vector<std::vector<double>> times;
  const Stopwatch whole;
  for (int count = 0; count < 3 || whole.seconds() < seconds; ++count) {
    profile = {};
    run(&profile);
    times.resize(profile.nodes.size());
    for (size_t i = 0; i < times.size(); ++i) times[i].push_back(profile.nodes[i].milliseconds / 1e3);
  }
  for (size_t i = 0; i < times.size(); ++i) profile.nodes[i].milliseconds = summarise(std::move(times[i])).median_ms;
  return profile;
}

/// GFLOP/s of fused multiply-adds that nothing slows down, on as many threads as the model gets.
double machine_peak(int threads) {
  constexpr int64_t kSteps = 1 << 20;
  std::vector<float> sinks(size_t(threads) * 64);
  double best = 0;
  for (int round = 0; round < 12; ++round) {
    std::vector<double> done(size_t(threads) * 8);
    const Stopwatch watch;
    parallel_for(
        threads, 1,
        [&](int64_t begin, int64_t end, int) {
          for (int64_t i = begin; i < end; ++i) done[size_t(i) * 8] = native::kernels().fma_burst(kSteps, &sinks[size_t(i) * 64]);
        },
        threads);
    double total = 0;
    for (double each : done) total += each;
    best = std::max(best, total / watch.seconds() / 1e9);
  }
  return best;
}

std::string backends_of(const Session::State& state) {
  std::vector<std::string> out;
  const Report report = state.report();
  for (const PlacedRegion& region : report.regions) out.push_back(cat(region.backend, " (", region.nodes.size(), " nodes)"));
  return joined(out);
}

std::string shapes_of(const Inputs& inputs) {
  std::vector<std::string> out;
  for (const auto& [name, value] : inputs) out.push_back(cat(name, " ", type_text(value)));
  return joined(out);
}

/// FLOPs of the model as the file has it, at the shapes that are run.
Cost cost_at(const std::string& path, const Session::State& state, const Inputs& inputs) {
  Graph graph = open_graph(path);
  std::vector<Value> ordered;
  for (const Port& port : state.inputs)
    for (const auto& [name, value] : inputs)
      if (name == port.name) ordered.push_back(value);
  return bind_inputs(graph, ordered) ? cost_of(graph) : Cost{.unknown = int64_t(graph.nodes.size())};
}

Measured measure(const Options& options) {
  Measured out;
  Progress progress;
  progress.show("loading");
  const int64_t before = resident_memory();
  const Stopwatch load;
  const StatePtr state = open_model(options.model);
  out.load_ms = load.seconds() * 1e3;
  const Inputs inputs = read_inputs(options.inputs, *state, options.model.bindings());
  std::vector<Value> outputs;
  auto profiled = [&](Profile* profile) {
    outputs.clear();
    outputs = check(run_session(*state, inputs, {.profile = profile}), options.model.path);
  };
  auto run = [&] { profiled(nullptr); };
  const Stopwatch first;
  run();
  out.first_ms = first.seconds() * 1e3;
  progress.show(cat("warming up for ", options.warmup, " s"));
  time_runs(run, options.warmup, 1);
  progress.show(cat("measuring for ", options.seconds, " s"));
  out.times = time_runs(run, options.seconds, 3);
  out.peak_bytes = peak_memory();
  out.growth_bytes = out.peak_bytes - before;
  if (options.profile) {
    progress.show(cat("profiling for ", options.seconds, " s"));
    out.profile = median_profile(profiled, options.seconds);
  }
  for (const CompiledRegion& region : state->regions) out.kept_bytes += region.executable->resident_bytes();
  progress.show("measuring the machine's peak");
  out.threads = ThreadTeam::process().threads_for(state->threads);
  out.peak_gflops = machine_peak(out.threads);
  const Cost cost = cost_at(options.model.path, *state, inputs);
  out.flops = cost.flops, out.unknown_nodes = cost.unknown;
  out.weight_bytes = state->weight_bytes;
  out.shapes = shapes_of(inputs), out.backends = backends_of(*state);
  return out;
}

/// Slowest first: what each node takes, at what speed and what share of the machine's peak.
std::string nodes_text(const Measured& m) {
  std::vector<NodeProfile> nodes = m.profile.nodes;
  std::sort(nodes.begin(), nodes.end(), [](const NodeProfile& a, const NodeProfile& b) { return a.milliseconds > b.milliseconds; });
  double total = 0;
  for (const NodeProfile& node : nodes) total += node.milliseconds;
  Table table({"ms", "%", "GFLOP/s", "of peak", "operator", "kernel", "node"});
  for (const NodeProfile& node : nodes) {
    const double speed = node.milliseconds > 0 ? node.flops / node.milliseconds / 1e6 : 0;
    const bool known = speed > 0 && m.peak_gflops > 0;
    table.add({fixed(node.milliseconds, 3), fixed(total > 0 ? 100 * node.milliseconds / total : 0, 1), known ? fixed(speed, 1) : "-",
               known ? fixed(100 * speed / m.peak_gflops, 0) + " %" : "-", node.op, cat(node.backend, "/", node.kernel), node.node});
  }
  return cat("\n", table.text(), "\n", fixed(total, 3), " ms in ", nodes.size(), " nodes (medians)\n");
}

std::string text_of(const Measured& m) {
  Table table({"median ms", "min ms", "p99 ms", "runs", "GFLOP/s", "of peak"});
  table.add({fixed(m.times.median_ms, 3), fixed(m.times.min_ms, 3), fixed(m.times.p99_ms, 3), cat(m.times.count), fixed(m.gflops(), 1),
             fixed(100 * m.share(), 1) + " %"});
  std::string out = cat("inputs    ", m.shapes, "\nbackends  ", m.backends, ", ", m.threads, " thread", m.threads == 1 ? "" : "s", ", ",
                        cpu().isa_reason, "\n\n");
  out += table.text() + "\n";
  out += cat("work      ", scaled(m.flops), m.flops >= 1000 ? "FLOP" : " FLOP", " a run");
  out += m.unknown_nodes ? cat(", ", m.unknown_nodes, " nodes whose shapes depend on data not counted\n") : std::string("\n");
  out += cat("peak      ", fixed(m.peak_gflops, 1), " GFLOP/s measured on ", m.threads, " thread", m.threads == 1 ? "" : "s", "\n");
  out += cat("load      ", fixed(m.load_ms, 1), " ms, first run ", fixed(m.first_ms, 1), " ms\n");
  out += cat("memory    ", bytes_text(m.peak_bytes), " at most (", bytes_text(m.growth_bytes), " more than before the load), weights ",
             bytes_text(m.weight_bytes), ", kept between runs ", bytes_text(m.kept_bytes), "\n");
  return m.profile.nodes.empty() ? out : out + nodes_text(m);
}

std::string json_of(const Options& options, const Measured& m) {
  nlohmann::ordered_json out;
  out["model"] = options.model.path, out["version"] = std::string(version());
  out["inputs"] = m.shapes, out["backends"] = m.backends, out["threads"] = m.threads, out["isa"] = std::string(to_string(cpu().isa));
  out["runs"] = m.times.count, out["min_ms"] = m.times.min_ms, out["median_ms"] = m.times.median_ms, out["mean_ms"] = m.times.mean_ms,
  out["p99_ms"] = m.times.p99_ms;
  out["flops"] = m.flops, out["uncounted_nodes"] = m.unknown_nodes, out["gflops_per_second"] = m.gflops();
  out["peak_gflops_per_second"] = m.peak_gflops, out["share_of_peak"] = m.share();
  out["load_ms"] = m.load_ms, out["first_run_ms"] = m.first_ms;
  out["weight_bytes"] = m.weight_bytes, out["kept_bytes"] = m.kept_bytes, out["peak_rss_bytes"] = m.peak_bytes,
  out["growth_bytes"] = m.growth_bytes;
  for (const NodeProfile& node : m.profile.nodes)
    out["nodes"].push_back({{"name", node.node},
                            {"op", node.op},
                            {"backend", node.backend},
                            {"kernel", node.kernel},
                            {"median_ms", node.milliseconds},
                            {"flops", node.flops},
                            {"bytes", node.bytes}});
  return out.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

int bench(const Options& options) {
  check_source(options.inputs);
  const Measured measured = measure(options);
  print(options.json ? json_of(options, measured) : text_of(measured));
  return kDone;
}

Action configure(Arguments& arguments) {
  auto options = std::make_shared<Options>();
  add_model_options(arguments, options->model);
  add_dim_option(arguments, options->model);
  arguments.option("-i,--inputs", options->inputs, cat(kInputsHelp, "; default random:1"));
  arguments.option("--seconds", options->seconds, "how long to measure (default 2; three runs at least)").not_negative();
  arguments.option("--warmup", options->warmup, "how long to run before (default 0.5 s)").not_negative();
  arguments.flag("--profile", options->profile, "measure as long again, and list every node with the median of its times");
  arguments.flag("--json", options->json, "print JSON");
  return [options] { return bench(*options); };
}

}  // namespace

extern const Command command_bench;
const Command command_bench{.name = "bench",
                            .about = "Measures a model: time, GFLOP/s, share of the machine's peak, memory",
                            .example = "nacre bench model.onnx --dim batch=1 --dim seq=128 --threads 2 --profile",
                            .configure = configure};

}  // namespace nacre::cli
