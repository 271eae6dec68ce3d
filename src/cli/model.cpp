#include "cli/model.h"

#include <charconv>

#include "cli/print.h"
#include "core/os/file.h"
#include "importers/huggingface/directory.h"
#include "ops/inference.h"
#include "runtime/kept_weights.h"

namespace nacre::cli {
namespace {

int64_t dim_value(const std::string& text, std::string_view given) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0)
    throw wrong_use("--dim", "takes NAME=N with a whole number, not \"", given, "\"");
  return value;
}

void require_model(const std::string& path) {
  if (!is_file(path) && !is_directory(path) && (path.ends_with(".onnx") || !is_hub_name(path)))
    throw Failure{path, Error(ErrorCode::not_found, "there is no such file or directory")};
}

}  // namespace

SessionOptions ModelOptions::session() const {
  SessionOptions out{.backends = split(backends), .strict = strict, .threads = threads, .memory_budget = memory, .optimise = !no_optimise};
  for (const std::string& setting : settings) {
    const size_t equals = setting.find('=');
    if (equals == std::string::npos || equals == 0) throw wrong_use("--backend-option", "takes BACKEND.NAME=VALUE, not \"", setting, "\"");
    out.backend_options.emplace_back(setting.substr(0, equals), setting.substr(equals + 1));
  }
  return out;
}

Bindings ModelOptions::bindings() const {
  Bindings out;
  for (const std::string& dim : dims) {
    const size_t equals = dim.find('=');
    if (equals == std::string::npos || equals == 0) throw wrong_use("--dim", "takes NAME=N, not \"", dim, "\"");
    out[dim.substr(0, equals)] = dim_value(dim.substr(equals + 1), dim);
  }
  return out;
}

void add_model_argument(Arguments& arguments, ModelOptions& options) {
  arguments.option("MODEL", options.path, "an .onnx file, a Hugging Face directory, or a Hub name in the local cache").required();
}

void add_model_options(Arguments& arguments, ModelOptions& options) {
  add_model_argument(arguments, options);
  arguments.option(
      "--backend", options.backends,
      "backends in order of preference, each BACKEND[:DEVICE[:INDEX]]: native, onnxruntime:cuda:1, auto, ... (see `nacre doctor`)");
  arguments.option("--backend-option", options.settings, "a backend's own setting: BACKEND.NAME=VALUE (again for another)").repeated();
  arguments.option("--threads", options.threads, "threads a run may use; 0: as many as this process may").not_negative();
  arguments.option("--memory", options.memory, "most bytes a run may hold; 0: 256 MiB + 64 x (weights + inputs)").not_negative();
  arguments.flag("--strict", options.strict, "a node that the first backend cannot run is an error");
  arguments.flag("--no-optimise", options.no_optimise, "run the graph as the file has it");
}

void add_dim_option(Arguments& arguments, ModelOptions& options) {
  arguments.option("--dim", options.dims, "what a symbolic dimension stands for: NAME=N (again for another)").repeated();
}

Graph open_graph(const std::string& path) {
  require_model(path);
  Graph graph = check(load_graph(path), path);
  check(verify(graph), path);
  check(infer_graph(graph), path);
  return graph;
}

void check_backends(const ModelOptions& options) {
  for (const std::string& name : split(options.backends))
    if (name != "auto") check(parse_target(name), "--backend");
}

StatePtr open_model(const ModelOptions& options) {
  check_backends(options);
  require_model(options.path);
  const SessionOptions session = options.session();
  const auto ahead = check_kept_weights(options.path, session);
  return check(make_session(check(load_graph(options.path), options.path), session, source_of(options.path)), options.path);
}

}  // namespace nacre::cli
