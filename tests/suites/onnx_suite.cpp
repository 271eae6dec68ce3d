// Runs the stored test data of the `onnx` package on one backend, each case in a process of its own.
//
//   onnx_suite --data SITE_PACKAGES/onnx/backend/test/data --backend native [--filter TEXT] [--expected-failures FILE]
//
// --structure compares kinds, dtypes and ranks alone: all that the null backend has. --symbolic gives every dim of every
// input a name of its own before the model is loaded; --constants turns the inputs that are tensors into initializers.
// Prints one line a failure and at the end `N passed, M failed, 0 skipped`. A case listed in the expected failures that
// passes is a failure too; one that fails as listed is counted as expected and not as passed. Exit code 1 when anything failed.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <deque>
#include <filesystem>

#include "compare.h"
#include "core/os/file.h"
#include "io/onnx_reader.h"
#include "io/onnx_tensor.h"
#include "io/onnx_writer.h"
#include "nacre/session.h"
#include "runtime/backend.h"
#include "tally.h"

namespace fs = std::filesystem;

namespace nacre::suites {
namespace {

struct Options {
  fs::path data;
  std::string filter, expected_failures;
  SessionOptions session;
  bool fork = true, quiet = false;
  bool symbolic = false, constants = false;
  bool structure = false;  // what the null backend can be asked for: kinds, dtypes and ranks
};

Value read_value(const fs::path& path, const onnx::TypeProto& type) {
  auto read = [&]() -> Result<Value> {
    auto file = std::make_shared<MappedFile>(NACRE_TRY(map_file(path.string())));
    const auto bytes = file->bytes();
    if (type.kind == onnx::TypeProto::sequence) return onnx::to_value(NACRE_TRY(onnx::parse_sequence(bytes)), file);
    if (type.kind == onnx::TypeProto::optional) return onnx::to_value(NACRE_TRY(onnx::parse_optional(bytes)), file);
    return Value(NACRE_TRY(onnx::to_tensor(NACRE_TRY(onnx::parse_tensor(bytes)), file)));
  };
  Result<Value> value = read();
  if (!value) throw value.error();
  return *value;
}

std::vector<onnx::TypeProto> types_of(const std::vector<onnx::ValueInfoProto>& infos, const onnx::GraphProto& graph) {
  std::vector<onnx::TypeProto> out;
  for (const auto& info : infos) {
    const bool has_default =
        std::any_of(graph.initializer.begin(), graph.initializer.end(), [&](const auto& t) { return t.name == info.name; });
    if (!has_default) out.push_back(info.type);
  }
  return out;
}

std::string other_structure(const Value& got, const Value& want) {
  if (got.kind() != want.kind()) return cat("got a ", to_string(got.kind()), ", want a ", to_string(want.kind()));
  if (!got.is_tensor() || (got.tensor().dtype() == want.tensor().dtype() && got.tensor().rank() == want.tensor().rank())) return "";
  return cat("got ", describe(got.tensor()), ", want the dtype and rank of ", describe(want.tensor()));
}

/// Every dim of every input a symbol of its own. `names` keeps what the model's views see.
void forget_dims(onnx::GraphProto& graph, std::deque<std::string>& names) {
  for (onnx::ValueInfoProto& input : graph.input)
    for (auto& dim : input.type.shape.dim) { dim = {onnx::Dimension::param_kind, 0, names.emplace_back(cat("d", names.size())), {}}; }
}

/// Inputs become initializers with the values of data set `data`; those that are no tensors stay.
void fix_inputs(onnx::GraphProto& graph, const fs::path& data, std::deque<Tensor>& values) {
  const auto types = types_of(graph.input, graph);
  std::vector<onnx::ValueInfoProto> kept;
  size_t position = 0;
  for (onnx::ValueInfoProto& input : graph.input) {
    const bool has_default =
        std::any_of(graph.initializer.begin(), graph.initializer.end(), [&](const auto& t) { return t.name == input.name; });
    const size_t i = has_default ? SIZE_MAX : position++;
    const fs::path file = data / cat("input_", i, ".pb");
    if (has_default || input.type.kind != onnx::TypeProto::tensor || !fs::exists(file)) {
      kept.push_back(std::move(input));
      continue;
    }
    values.push_back(read_value(file, types[i]).tensor());
    graph.initializer.push_back(onnx::from_tensor(values.back(), input.name));
  }
  graph.input = std::move(kept);
}

/// The case's model as this mode wants it.
Session load(const fs::path& folder, onnx::ModelProto& model, const Options& suite, const fs::path& data) {
  if (!suite.symbolic && !suite.constants) return Session::load(folder / "model.onnx", suite.session);
  std::deque<std::string> names;
  std::deque<Tensor> values;
  if (suite.symbolic) forget_dims(model.graph, names);
  if (suite.constants) fix_inputs(model.graph, data, values);
  const auto bytes = onnx::serialise(model);
  if (!bytes) throw bytes.error();
  return Session::from_bytes(*bytes, nullptr, suite.session);
}

/// What is left to be given: the stored inputs of those names.
Inputs inputs_of(const Session& session, const onnx::ModelProto& model, const std::vector<onnx::TypeProto>& types, const fs::path& data) {
  Inputs out;
  size_t position = 0;
  for (const onnx::ValueInfoProto& input : model.graph.input) {
    const auto& all = model.graph.initializer;
    if (std::any_of(all.begin(), all.end(), [&](const auto& t) { return t.name == input.name; })) continue;
    const size_t i = position++;
    const auto& ports = session.inputs();
    const bool wanted = std::any_of(ports.begin(), ports.end(), [&](const Port& port) { return port.name == input.name; });
    const fs::path file = data / cat("input_", i, ".pb");
    if (wanted && fs::exists(file)) out.emplace_back(std::string(input.name), read_value(file, types.at(i)));
  }
  return out;
}

/// Empty when the case passes.
std::string run_case(const fs::path& folder, const Options& suite) {
  auto file = map_file((folder / "model.onnx").string());
  if (!file) return file.error().what();
  auto model = onnx::parse_model(file->bytes());
  if (!model) return model.error().what();
  const auto input_types = types_of(model->graph.input, model->graph), output_types = types_of(model->graph.output, model->graph);
  try {
    for (int set = 0; fs::exists(folder / ("test_data_set_" + std::to_string(set))); ++set) {
      const fs::path data = folder / ("test_data_set_" + std::to_string(set));
      onnx::ModelProto changed = *model;
      const Session session = load(folder, changed, suite, data);
      const Inputs inputs = inputs_of(session, *model, input_types, data);
      const Outputs outputs = session.run(inputs);
      for (size_t i = 0; fs::exists(data / cat("output_", i, ".pb")); ++i) {
        const Value want = read_value(data / cat("output_", i, ".pb"), output_types.at(i));
        const std::string text = suite.structure ? other_structure(outputs.value(i), want) : mismatch(outputs.value(i), want, {});
        if (!text.empty()) return cat("output ", outputs.name(i), ": ", text);
      }
    }
  } catch (const std::exception& error) { return error.what(); }
  return "";
}

/// The same in a child, so that a crash or an endless loop fails one case.
std::string run_apart(const fs::path& folder, const Options& options) {
  int pipes[2];
  if (pipe(pipes) != 0) return "cannot make a pipe";
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);
    const std::string text = run_case(folder, options);
    [[maybe_unused]] ssize_t written = write(pipes[1], text.data(), std::min<size_t>(text.size(), 4096));
    _exit(text.empty() ? 0 : 1);
  }
  ::close(pipes[1]);
  std::string text(4096, '\0');
  const ssize_t size = read(pipes[0], text.data(), text.size());
  text.resize(size > 0 ? static_cast<size_t>(size) : 0);
  ::close(pipes[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) return cat("died of signal ", WTERMSIG(status));
  if (WIFEXITED(status) && WEXITSTATUS(status) != 0 && text.empty()) return cat("exited with ", WEXITSTATUS(status));
  return text;
}

std::vector<fs::path> cases(const Options& options) {
  std::vector<fs::path> out;
  for (const char* group : {"node", "simple", "pytorch-converted", "pytorch-operator"})
    for (const auto& entry : fs::directory_iterator(options.data / group))
      if (entry.is_directory() && entry.path().filename().string().find(options.filter) != std::string::npos) out.push_back(entry.path());
  std::sort(out.begin(), out.end());
  return out;
}

/// What a backend loads and tries takes longer than most cases: done here, the children share it.
void load_backend(const Options& options) {
  const std::string& target = options.session.backends.at(0);
  if (const auto backend = find_backend(target.substr(0, target.find(':')))) probe_backend(**backend);
}

int run(const Options& options) {
  load_backend(options);
  Tally tally(options.expected_failures, options.quiet);
  for (const fs::path& folder : cases(options))
    tally.add(folder.filename().string(), options.fork ? run_apart(folder, options) : run_case(folder, options));
  return tally.close();
}

}  // namespace
}  // namespace nacre::suites

int main(int argc, char** argv) {
  nacre::suites::Options options;
  options.session.backends = {"native"};
  options.session.strict = true;
  options.session.threads = 1;
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    auto value = [&]() -> std::string { return i + 1 < argc ? argv[++i] : ""; };
    if (flag == "--data")
      options.data = value();
    else if (flag == "--backend")
      options.session.backends = {value()};
    else if (flag == "--filter")
      options.filter = value();
    else if (flag == "--expected-failures")
      options.expected_failures = value();
    else if (flag == "--no-optimise")
      options.session.optimise = false;
    else if (flag == "--no-fork")
      options.fork = false;
    else if (flag == "--quiet")
      options.quiet = true;
    else if (flag == "--structure")
      options.structure = true;
    else if (flag == "--symbolic")
      options.symbolic = true;
    else if (flag == "--constants")
      options.constants = true;
    else {
      std::fprintf(stderr,
                   "usage: onnx_suite --data DIR [--backend NAME] [--filter TEXT] [--expected-failures FILE] [--no-optimise] [--no-fork] "
                   "[--quiet] [--structure] [--symbolic] [--constants]\n");
      return 2;
    }
  }
  if (!std::filesystem::is_directory(options.data / "node")) {
    std::fprintf(stderr, "onnx_suite: no test data at '%s'\n", options.data.c_str());
    return 2;
  }
  return nacre::suites::run(options);
}
