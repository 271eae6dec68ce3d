// What every command that runs a model has in common: its options, and the session they ask for.
//
//     auto options = std::make_shared<ModelOptions>();
//     add_model_options(arguments, *options);
//     ...
//     const auto state = open_model(*options);
//     std::vector<Value> outputs = check(run_session(*state, inputs, {}), options->path);
//
#pragma once

#include <memory>

#include "cli/command.h"
#include "graph/symdim.h"
#include "runtime/session_state.h"

namespace nacre::cli {

using StatePtr = std::shared_ptr<const Session::State>;

struct ModelOptions {
  std::string path, backends;
  int threads = 0;
  int64_t memory = 0;
  bool strict = false, no_optimise = false;
  std::vector<std::string> dims;      // "batch=4"
  std::vector<std::string> settings;  // "onnxruntime.optimisation=2"

  SessionOptions session() const;
  Bindings bindings() const;  // Throws Failure for what is no NAME=N
};

/// MODEL, --backend, --backend-option, --threads, --strict, --no-optimise, --memory.
void add_model_options(Arguments& arguments, ModelOptions& options);
/// MODEL alone.
void add_model_argument(Arguments& arguments, ModelOptions& options);
/// --dim NAME=N, as often as wanted.
void add_dim_option(Arguments& arguments, ModelOptions& options);

/// Throws Failure for a backend that does not exist: asked before a long load.
void check_backends(const ModelOptions& options);
/// The graph as the file has it, shapes inferred. Throws Failure.
Graph open_graph(const std::string& path);
StatePtr open_model(const ModelOptions& options);

}  // namespace nacre::cli
