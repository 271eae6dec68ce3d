// nacre verify MODEL: does a backend give what another one, or a file, says? And if not, where does it begin?
#include <nlohmann/json.hpp>

#include "cli/culprit.h"
#include "cli/values.h"

namespace nacre::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  ModelOptions model;
  std::string inputs = "random:1", backends = "native,reference", expected;
  Tolerance tolerance;
  bool json = false;
};

struct Verdict {
  std::string subject, judge;
  std::vector<std::string> names, types, warnings;
  std::vector<Difference> differences;
  std::optional<Culprit> culprit;
  bool searched = false;

  bool agrees() const {
    return std::all_of(differences.begin(), differences.end(), [](const Difference& each) { return each.agrees; });
  }
};

/// Who is asked and who knows. With stored outputs the second backend only helps to find the node.
std::pair<std::string, std::string> sides(const Options& options) {
  const std::vector<std::string> names = split(options.backends);
  for (const std::string& name : names) check(parse_target(name), "--backends");
  if (names.size() > 2 || names.empty() || (names.size() == 1 && options.expected.empty()))
    throw wrong_use("--backends", "takes two names, such as native,reference; got \"", options.backends, "\"");
  return {names[0], names.size() == 2 ? names[1] : "reference"};
}

SessionOptions on(const Options& options, const std::string& backend) {
  SessionOptions out = options.model.session();
  out.backends = {backend};
  return out;
}

Verdict verify(const Options& options) {
  const auto [subject, judge] = sides(options);
  Progress progress;
  progress.show("loading");
  const std::string& path = options.model.path;
  const Graph graph = open_graph(path);
  const StatePtr state = check(make_session(graph, on(options, subject), source_of(path)), path);
  const Inputs inputs = read_inputs(options.inputs, *state, options.model.bindings());
  Verdict out{.subject = subject,
              .judge = options.expected.empty() ? judge : options.expected,
              .names = *state->output_names,
              .warnings = state->report().warnings};
  progress.show(cat("running on ", subject));
  const std::vector<Value> got = check(run_session(*state, inputs, {}), path);
  progress.show(cat("running on ", judge));
  std::vector<Value> want;
  if (options.expected.empty())
    want = check(run_session(*check(make_session(graph, on(options, judge), source_of(path)), path), inputs, {}), path);
  else
    want = read_outputs(options.expected, *state);
  for (size_t i = 0; i < got.size(); ++i) {
    out.types.push_back(type_text(got[i]));
    out.differences.push_back(compare(got[i], want[i], options.tolerance));
  }
  if (out.agrees() || subject == judge) return out;
  out.culprit = check(find_culprit(graph, inputs, on(options, subject), on(options, judge), options.tolerance, progress), path);
  out.searched = true;
  return out;
}

std::string culprit_text(const Options& options, const Verdict& verdict) {
  if (!verdict.searched) return "";
  const std::string_view second = options.expected.empty() ? std::string_view(verdict.judge) : "reference";
  if (!verdict.culprit && !options.expected.empty())
    return cat("no node differs between ", verdict.subject,
               " and the backend it was compared with: look at the stored values and the inputs\n");
  if (!verdict.culprit) return "no node differs when intermediates are kept\n";
  const Culprit& culprit = *verdict.culprit;
  return cat(
      "first node that differs from ", second, ": ", culprit.node, ", output \"", culprit.edge, "\": ", culprit.difference.note, "\n",
      culprit.fused ? "  it agrees when every intermediate is kept: an optimisation that joins it with nodes before it is wrong\n" : "");
}

std::string text_of(const Options& options, const Verdict& verdict) {
  Table table({"output", "type", "max abs", "max rel", "max ulp", "outside", "verdict"});
  for (size_t i = 0; i < verdict.names.size(); ++i) {
    const Difference& d = verdict.differences[i];
    table.add({verdict.names[i], verdict.types[i], compact(d.max_abs), compact(d.max_rel), cat(d.max_ulp),
               cat(d.outside, " of ", d.elements), d.agrees ? "agrees" : "differs: " + d.note});
  }
  std::string out = cat(verdict.subject, " against ", verdict.judge, ", |difference| <= ", compact(options.tolerance.absolute), " + ",
                        compact(options.tolerance.relative), " |expected|\n", table.text());
  for (const std::string& warning : verdict.warnings) out += cat("warning: ", warning, "\n");
  return out + culprit_text(options, verdict);
}

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(cat(value)); }

Json difference_json(const Difference& d) {
  return {{"agrees", d.agrees},   {"max_abs", number(d.max_abs)}, {"max_rel", number(d.max_rel)},
          {"max_ulp", d.max_ulp}, {"outside", d.outside},         {"elements", d.elements},
          {"note", d.note}};
}

std::string json_of(const Verdict& verdict) {
  Json out{{"agrees", verdict.agrees()}, {"subject", verdict.subject}, {"expected", verdict.judge}, {"outputs", Json::array()}};
  for (size_t i = 0; i < verdict.names.size(); ++i) {
    Json one{{"name", verdict.names[i]}, {"type", verdict.types[i]}};
    one.update(difference_json(verdict.differences[i]));
    out["outputs"].push_back(std::move(one));
  }
  out["first_node"] = nullptr;
  if (verdict.culprit) {
    out["first_node"] = {{"node", verdict.culprit->node}, {"output", verdict.culprit->edge}, {"fused", verdict.culprit->fused}};
    out["first_node"].update(difference_json(verdict.culprit->difference));
  }
  out["warnings"] = verdict.warnings;
  return out.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

// --- more than two: everyone against everyone ---

struct Matrix {
  std::vector<std::string> backends, reports;
  std::vector<std::vector<Difference>> worst;  // of all outputs; [a][b]: a in question, b trusted
  bool agrees = true;
};

Difference worst_of(const std::vector<Value>& got, const std::vector<Value>& want, const Tolerance& tolerance) {
  Difference out;
  for (size_t i = 0; i < got.size(); ++i) {
    const Difference one = compare(got[i], want[i], tolerance);
    out.max_abs = std::max(out.max_abs, one.max_abs), out.max_rel = std::max(out.max_rel, one.max_rel);
    out.max_ulp = std::max(out.max_ulp, one.max_ulp), out.outside += one.outside, out.elements += one.elements;
    if (!one.agrees && out.agrees) out.agrees = false, out.note = one.note;
  }
  return out;
}

Matrix verify_all(const Options& options) {
  Matrix out{.backends = split(options.backends), .reports = {}, .worst = {}};
  for (const std::string& name : out.backends) check(parse_target(name), "--backends");
  Progress progress;
  const std::string& path = options.model.path;
  const Graph graph = open_graph(path);
  std::vector<std::vector<Value>> results;
  Inputs inputs;
  for (const std::string& name : out.backends) {
    progress.show(cat("running on ", name));
    const StatePtr state = check(make_session(graph, on(options, name), source_of(path)), path);
    if (results.empty()) inputs = read_inputs(options.inputs, *state, options.model.bindings());
    results.push_back(check(run_session(*state, inputs, {}), path));
    out.reports.push_back(state->report().text());
  }
  for (const std::vector<Value>& got : results) {
    out.worst.emplace_back();
    for (const std::vector<Value>& want : results) {
      out.worst.back().push_back(worst_of(got, want, options.tolerance));
      out.agrees &= out.worst.back().back().agrees;
    }
  }
  return out;
}

std::string text_of(const Options& options, const Matrix& matrix) {
  std::vector<std::string> head = {"max abs error"};
  for (const std::string& name : matrix.backends) head.push_back("against " + name);
  Table table(head);
  for (size_t a = 0; a < matrix.backends.size(); ++a) {
    std::vector<std::string> row = {matrix.backends[a]};
    for (size_t b = 0; b < matrix.backends.size(); ++b)
      row.push_back(a == b ? "-" : cat(compact(matrix.worst[a][b].max_abs), matrix.worst[a][b].agrees ? "" : " differs"));
    table.add(row);
  }
  std::string out = cat("all outputs, |difference| <= ", compact(options.tolerance.absolute), " + ", compact(options.tolerance.relative),
                        " |expected|\n", table.text());
  for (size_t a = 0; a < matrix.backends.size(); ++a) out += cat(matrix.backends[a], " ran as ", matrix.reports[a]);
  return out;
}

std::string json_of(const Matrix& matrix) {
  Json out{{"agrees", matrix.agrees}, {"backends", matrix.backends}, {"pairs", Json::array()}};
  for (size_t a = 0; a < matrix.backends.size(); ++a)
    for (size_t b = 0; b < matrix.backends.size(); ++b) {
      if (a == b) continue;
      Json pair{{"subject", matrix.backends[a]}, {"expected", matrix.backends[b]}};
      pair.update(difference_json(matrix.worst[a][b]));
      out["pairs"].push_back(std::move(pair));
    }
  return out.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

int run(const Options& options) {
  check_source(options.inputs);
  if (options.expected.empty() && split(options.backends).size() > 2) {
    const Matrix matrix = verify_all(options);
    print(options.json ? json_of(matrix) : text_of(options, matrix));
    return matrix.agrees ? kDone : kCheckFailed;
  }
  const Verdict verdict = verify(options);
  print(options.json ? json_of(verdict) : text_of(options, verdict));
  return verdict.agrees() ? kDone : kCheckFailed;
}

Action configure(Arguments& arguments) {
  auto options = std::make_shared<Options>();
  add_model_argument(arguments, options->model);
  add_dim_option(arguments, options->model);
  arguments.option("-i,--inputs", options->inputs, cat(kInputsHelp, "; default random:1"));
  arguments.option("--backends", options->backends,
                   "the one in question and the one to trust (default native,reference); three or more: the matrix of their errors");
  arguments.option("--expected", options->expected, "stored outputs to trust instead: an .npz, a .json, or a folder with output_0.pb ...");
  arguments.option("--rtol", options->tolerance.relative, "relative tolerance of floats (default 1e-3)").not_negative();
  arguments.option("--atol", options->tolerance.absolute, "absolute tolerance of floats (default 1e-5)").not_negative();
  arguments.option("--threads", options->model.threads, "threads a run may use; 0: as many as this process may").not_negative();
  arguments.flag("--no-optimise", options->model.no_optimise, "run the graph as the file has it");
  arguments.flag("--json", options->json, "print JSON");
  return [options] { return run(*options); };
}

}  // namespace

extern const Command command_verify;
const Command command_verify{.name = "verify",
                             .about = "Compares two backends, or one with stored outputs, and finds the first node that differs",
                             .example =
                                 "nacre verify model.onnx --backends native,reference --dim batch=2\n"
                                 "  nacre verify model.onnx --backends native,onnxruntime,reference\n"
                                 "  nacre verify model.onnx --inputs test_data_set_0 --expected test_data_set_0",
                             .configure = configure};

}  // namespace nacre::cli
