// nacre run MODEL --inputs X --outputs Y

#include "cli/print.h"
#include "cli/values.h"
#include "core/os/file.h"

namespace nacre::cli {
namespace {

struct Options {
  ModelOptions model;
  std::string inputs, outputs, profile, report;
};

/// "table" and "json" are printed, anything else is a file that gets a trace.
void give_profile(const std::string& where, const Profile& profile) {
  if (where == "table")
    print(profile.text());
  else if (where == "json")
    print(profile.json() + "\n");
  else
    check(write_file(where, profile.trace() + "\n"), where);
}

/// "text" and "json" are printed, NAME.html gets the page, anything else is a file that gets the JSON.
void give_report(const std::string& where, const StatePtr& state, const Profile* profile) {
  if (where == "text")
    print(state->report().text());
  else if (where == "json")
    print(state->report().json() + "\n");
  else
    check(write_file(where, where.ends_with(".html") ? Session(state).page(profile) : state->report().json() + "\n"), where);
}

int run(const Options& options) {
  check_source(options.inputs);
  check_target(options.outputs);
  const StatePtr state = open_model(options.model);
  const Inputs inputs = read_inputs(options.inputs, *state, options.model.bindings());
  Profile profile;
  const std::vector<Value> outputs =
      check(run_session(*state, inputs, {.profile = options.profile.empty() ? nullptr : &profile}), options.model.path);
  if (!options.report.empty()) give_report(options.report, state, options.profile.empty() ? nullptr : &profile);
  if (!options.outputs.empty())
    write_values(options.outputs, *state->output_names, outputs);
  else if (options.profile != "json")
    print(summary(*state->output_names, outputs));
  if (!options.profile.empty()) give_profile(options.profile, profile);
  return kDone;
}

Action configure(Arguments& arguments) {
  auto options = std::make_shared<Options>();
  add_model_options(arguments, options->model);
  add_dim_option(arguments, options->model);
  arguments.option("-i,--inputs", options->inputs, std::string(kInputsHelp)).required();
  arguments.option("-o,--outputs", options->outputs, cat(kOutputsHelp, "; without it a summary is printed"));
  arguments.option("--profile", options->profile, "time of each operator: table, json, or a file that gets a trace for chrome://tracing")
      .or_alone("table");
  arguments.option("--report", options->report, "which backend ran which nodes, and why: text, json, NAME.html or NAME.json")
      .or_alone("text");
  return [options] { return run(*options); };
}

}  // namespace

extern const Command command_run;
const Command command_run{.name = "run",
                          .about = "Runs a model on inputs from a file",
                          .example =
                              "nacre run model.onnx --inputs x.npz --outputs y.npz --threads 2\n"
                              "  nacre run model.onnx --inputs random:7 --dim batch=4 --profile",
                          .configure = configure};

}  // namespace nacre::cli
