// The line protocol by which a benchmark driver measures several engines in turn, one process each:
//
//   prints   {"ready": true, "load_ms": 12.3, "first_run_ms": 4.5, "version": "...", "base_rss_mb": 9.1}     when the first run is done
//   reads    run SECONDS          answers {"n": .., "min_ms": .., "median_ms": .., "p99_ms": ..}
//   reads    profile SECONDS      runs with and without a profile in turns, answers the medians and minima of both
//   reads    grow STEPS           feeds a decoder its own `present...` as `past...`, each length twice: answers the medians with and
//   without a plan to make reads    outputs FILE.npz     runs once, writes the outputs as "000", "001" ... in the model's order, answers
//   {"outputs": [names]}
//
// It ends at the end of input; on failure it prints {"error": "..."} and exits.
#include <algorithm>
#include <cstdio>

#include "cli/print.h"
#include "cli/timing.h"
#include "cli/values.h"
#include "core/clock.h"
#include "core/os/memory.h"
#include "io/json.h"
#include "nacre/version.h"

namespace nacre::cli {
namespace {

struct Options {
  ModelOptions model;
  std::string inputs, policy = "exact";
};

/// Inputs are bound once; the outputs of the run before are given back before the next one, as a loop in an application would.
struct Subject {
  StatePtr state;
  Inputs inputs;
  std::vector<Value> outputs;

  void run() {
    outputs.clear();
    outputs = check(run_session(*state, inputs, {}));
  }
};

void answer_run(Subject& subject, const std::string& seconds) {
  const double wanted = std::strtod(seconds.c_str(), nullptr);
  const Times times = time_runs([&] { subject.run(); }, wanted, 3);
  print(cat("{\"n\": ", times.count, ", \"min_ms\": ", times.min_ms, ", \"median_ms\": ", times.median_ms, ", \"p99_ms\": ", times.p99_ms,
            "}\n"));
}

/// Runs with and without a profile in turns, so that whatever else the machine does hits both alike.
void answer_profile(Subject& subject, const std::string& seconds) {
  std::vector<double> plain, profiled;
  Profile profile;
  const Stopwatch watch;
  const double wanted = std::strtod(seconds.c_str(), nullptr);
  while (watch.seconds() < wanted || plain.size() < 8)
    for (const bool with : {false, true}) {
      subject.outputs.clear();
      const Stopwatch run;
      subject.outputs = check(run_session(*subject.state, subject.inputs, {.profile = with ? &profile : nullptr}));
      (with ? profiled : plain).push_back(run.seconds() * 1e3);
    }
  std::ranges::sort(plain), std::ranges::sort(profiled);
  print(cat("{\"n\": ", plain.size(), ", \"plain_median_ms\": ", plain[plain.size() / 2],
            ", \"profiled_median_ms\": ", profiled[profiled.size() / 2], ", \"plain_min_ms\": ", plain[0],
            ", \"profiled_min_ms\": ", profiled[0], ", \"nodes\": ", profile.nodes.size(), "}\n"));
}

std::vector<size_t> named(const std::vector<std::string>& names, std::string_view start) {
  std::vector<size_t> out;
  for (size_t i = 0; i < names.size(); ++i)
    if (names[i].starts_with(start)) out.push_back(i);
  return out;
}

void add_position(Inputs& inputs) {
  for (auto& [name, value] : inputs)
    if (name == "attention_mask") {
      const Shape& shape = value.tensor().shape();
      const std::vector<int64_t> ones(size_t(shape[0] * (shape[1] + 1)), 1);
      value = Value(Tensor::of<int64_t>({shape[0], shape[1] + 1}, std::span<const int64_t>(ones)));
    }
}

/// A step of decoding has inputs of a shape of its own. The first run of a shape makes its plan, the second has it.
void answer_grow(Subject& subject, const std::string& steps) {
  std::vector<std::string> inputs;
  for (const auto& [name, value] : subject.inputs) inputs.push_back(name);
  const std::vector<size_t> past = named(inputs, "past"), present = named(*subject.state->output_names, "present");
  if (past.empty() || past.size() != present.size())
    throw wrong_use("", "nothing grows: the model has ", past.size(), " inputs past... and ", present.size(), " outputs present...");
  std::vector<double> first, second;
  for (int64_t step = std::strtol(steps.c_str(), nullptr, 10); step > 0 || first.empty(); --step) {
    for (std::vector<double>* times : {&first, &second}) {
      const Stopwatch watch;
      subject.run();
      times->push_back(watch.seconds());
    }
    for (size_t i = 0; i < past.size(); ++i) subject.inputs[past[i]].second = subject.outputs[present[i]];
    add_position(subject.inputs);
  }
  const Times with = summarise(std::move(first)), without = summarise(std::move(second));
  print(cat("{\"n\": ", with.count, ", \"new_shape_median_ms\": ", with.median_ms, ", \"known_shape_median_ms\": ", without.median_ms,
            ", \"new_shape_min_ms\": ", with.min_ms, ", \"known_shape_min_ms\": ", without.min_ms, "}\n"));
}

void answer_outputs(Subject& subject, const std::string& path) {
  subject.run();
  std::vector<std::string> order;
  std::string names;
  for (size_t i = 0; i < subject.outputs.size(); ++i) {
    char number[16];
    std::snprintf(number, sizeof number, "%03zu", i);
    order.push_back(number);
    names += (i ? ", " : "") + json_quoted((*subject.state->output_names)[i]);
  }
  write_npz_file(path, order, subject.outputs);
  print(cat("{\"outputs\": [", names, "]}\n"));
}

/// The next line without its end; false at the end of input.
bool read_line(std::string& line) {
  line.clear();
  for (int c; (c = std::getchar()) != EOF;) {
    if (c == '\n') return true;
    line += char(c);
  }
  return !line.empty();
}

void serve(const Options& options) {
  if (options.policy != "exact")
    throw Failure{"", Error(ErrorCode::unsupported, cat("dtype policy '", options.policy, "' is not there yet; there is exact"))};
  const double base = double(resident_memory()) / 1048576;
  const Stopwatch watch;
  Subject subject{open_model(options.model), {}, {}};
  const double load = watch.seconds() * 1e3;
  subject.inputs = read_inputs(options.inputs, *subject.state, {});
  const Stopwatch first;
  subject.run();
  print(cat("{\"ready\": true, \"load_ms\": ", load, ", \"first_run_ms\": ", first.seconds() * 1e3, ", \"version\": \"", version(),
            "\", \"base_rss_mb\": ", base, "}\n"));
  for (std::string line; read_line(line);) {
    const size_t space = std::min(line.find(' '), line.size());
    const std::string word = line.substr(0, space), rest = line.substr(std::min(space + 1, line.size()));
    if (word == "run")
      answer_run(subject, rest);
    else if (word == "outputs")
      answer_outputs(subject, rest);
    else if (word == "profile")
      answer_profile(subject, rest);
    else if (word == "grow")
      answer_grow(subject, rest);
    else if (!word.empty())
      throw wrong_use("", "'", word, "' is no order; there are `run SECONDS`, `profile SECONDS`, `grow STEPS` and `outputs FILE.npz`");
  }
}

int work(const Options& options) {
  try {
    serve(options);
  } catch (const Failure& failure) {
    print(cat("{\"error\": ", json_quoted(cat(failure.subject, failure.subject.empty() ? "" : ": ", failure.error.what())), "}\n"));
    return kCheckFailed;
  } catch (const Error& error) {
    print(cat("{\"error\": ", json_quoted(error.what()), "}\n"));
    return kCheckFailed;
  }
  return kDone;
}

Action configure(Arguments& arguments) {
  auto options = std::make_shared<Options>();
  add_model_options(arguments, options->model);
  arguments.option("-i,--inputs", options->inputs, "an .npz (or what `nacre run` takes)").required();
  arguments.option("--dtype-policy", options->policy, "exact: fp32 accuracy");
  return [options] { return work(*options); };
}

}  // namespace

extern const Command command_bench_worker;
const Command command_bench_worker{
    .name = "bench-worker",
    .about = "Measures a model on orders from standard input, for benchmark drivers",
    .example = "echo 'run 1.5' | nacre bench-worker model.onnx --inputs x.npz --threads 2 --dtype-policy exact",
    .configure = configure};

}  // namespace nacre::cli
