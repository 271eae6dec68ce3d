#include "tests/support/graph_check.h"

#include <algorithm>

#include "core/text.h"
#include "runtime/session_state.h"

namespace nacre::test {
namespace {

struct Numbers {
  std::vector<double> real;
  std::vector<int64_t> whole;
};

DType part_of(DType dtype) { return dtype == DType::complex64 ? DType::float32 : dtype == DType::complex128 ? DType::float64 : dtype; }

std::vector<double> reals(const Tensor& tensor) {
  std::vector<double> out(size_t(tensor.size()) * (is_complex(tensor.dtype()) ? 2 : 1));
  load_as<double>(part_of(tensor.dtype()), tensor.raw(), 0, int64_t(out.size()), out.data());
  return out;
}

double ulp(DType dtype, double x) {
  const int bits = dtype == DType::float64 ? 52 : dtype == DType::float16 ? 10 : dtype == DType::bfloat16 ? 7 : 23;
  return std::max(std::ldexp(std::abs(x), -bits), 1e-37);
}

// Runs flush denormal floats to zero.
bool same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)) || (std::abs(a) < 0x1p-126 && std::abs(b) < 0x1p-126); }

std::string exact_difference(const Tensor& got, const Tensor& want) {
  if (got.dtype() == DType::string) {
    for (int64_t i = 0; i < got.size(); ++i)
      if (got.data<std::string>()[size_t(i)] != want.data<std::string>()[size_t(i)]) return cat("at ", i, ": another string");
    return "";
  }
  if (is_integer(got.dtype()) || got.dtype() == DType::boolean) {
    std::vector<int64_t> a(size_t(got.size())), b(a.size());
    load_as<int64_t>(got.dtype(), got.raw(), 0, got.size(), a.data());
    load_as<int64_t>(got.dtype(), want.raw(), 0, got.size(), b.data());
    for (size_t i = 0; i < a.size(); ++i)
      if (a[i] != b[i]) return cat("at ", i, ": ", a[i], ", expected ", b[i]);
    return "";
  }
  const std::vector<double> a = reals(got), b = reals(want);
  for (size_t i = 0; i < a.size(); ++i)
    if (!same(a[i], b[i])) return cat("at ", i, ": ", a[i], ", expected exactly ", b[i]);
  return "";
}

// `others`: the same tensor of disturbed runs.
std::string rounded_difference(const Tensor& got, const Tensor& want, const std::vector<Tensor>& others) {
  const std::vector<double> a = reals(got), b = reals(want);
  std::vector<std::vector<double>> near;
  for (const Tensor& other : others)
    if (other.shape() == want.shape() && other.dtype() == want.dtype()) near.push_back(reals(other));
  for (size_t i = 0; i < a.size(); ++i) {
    double spread = 0;
    bool torn = false;
    for (const auto& other : near) {
      spread = std::max(spread, std::abs(other[i] - b[i]));
      torn = torn || std::isfinite(other[i]) != std::isfinite(b[i]);
    }
    if (same(a[i], b[i]) || torn || std::abs(a[i] - b[i]) <= 8 * spread + 4 * ulp(part_of(got.dtype()), b[i])) continue;
    return cat("at ", i, ": ", a[i], ", expected ", b[i], " (roundings move it by ", spread, ")");
  }
  return "";
}

void gather_tensors(const Value& value, std::vector<Tensor>& out) {
  if (value.is_tensor()) return out.push_back(value.tensor());
  if (value.kind() == Value::Kind::map) return out.push_back(value.keys()), out.push_back(value.values());
  for (const Value& item : value.items()) gather_tensors(item, out);
}

std::vector<Tensor> tensors_of(const Value& value) {
  std::vector<Tensor> out;
  gather_tensors(value, out);
  return out;
}

/// Disturbed runs, made when they are asked for.
class Neighbours {
 public:
  explicit Neighbours(const Case& c) : case_(c) {}
  std::vector<Tensor> of(size_t output, size_t tensor, size_t runs) {
    while (runs_.size() < runs) {
      auto run = disturbed(case_, 77 + runs_.size());
      runs_.push_back(run ? std::move(*run) : std::vector<Value>());
    }
    std::vector<Tensor> out;
    for (size_t i = 0; i < runs; ++i)
      if (output < runs_[i].size())
        if (std::vector<Tensor> all = tensors_of(runs_[i][output]); tensor < all.size()) out.push_back(std::move(all[tensor]));
    return out;
  }

 private:
  const Case& case_;
  std::vector<std::vector<Value>> runs_;
};

std::string difference(const Case& c, size_t i, const Value& got, Neighbours& neighbours) {
  if (got.kind() != c.expected[i].kind()) return "another kind of value";
  const std::vector<Tensor> a = tensors_of(got), b = tensors_of(c.expected[i]);
  if (a.size() != b.size()) return cat(a.size(), " tensors, expected ", b.size());
  for (size_t n = 0; n < a.size(); ++n) {
    if (describe(a[n]) != describe(b[n])) return cat(describe(a[n]), ", expected ", describe(b[n]));
    if (!c.predictable[i]) continue;
    std::string text = c.exact[i] ? exact_difference(a[n], b[n]) : rounded_difference(a[n], b[n], {});
    for (size_t runs : {2, 10, 100})  // what is looked at more closely moves no further than any rounding may
      if (!text.empty() && !c.exact[i]) text = rounded_difference(a[n], b[n], neighbours.of(i, n, runs));
    if (!text.empty()) return text;
  }
  return "";
}

struct Way {
  const char* backend;
  bool optimise;
  int threads;
};
constexpr Way kWays[] = {{"reference", false, 1}, {"reference", true, 1}, {"native", false, 1}, {"native", true, 1}, {"native", true, 2}};

std::string problem_in(const Case& c, const Way& way, Neighbours& neighbours) {
  const auto state = make_session(
      c.graph,
      {.backends = {way.backend}, .strict = true, .threads = way.threads, .memory_budget = Steps::kBudget, .optimise = way.optimise});
  if (!state) {
    if (state.error().code() == ErrorCode::internal) return cat("internal: ", state.error().what());
    return c.failure ? "" : cat("is not opened: ", state.error().what());
  }
  for (int round = 0; round < 2; ++round) {
    const auto got = run_session(**state, c.inputs, {.timeout = std::chrono::seconds(20)});
    if (!got && got.error().code() == ErrorCode::internal) return cat("internal: ", got.error().what());
    if (!got && c.failure) continue;
    if (!got) return cat("fails: ", got.error().what());
    if (c.failure) return cat("runs, where this was expected: ", *c.failure);
    for (size_t i = 0; i < got->size(); ++i)
      if (const std::string text = difference(c, i, (*got)[i], neighbours); !text.empty())
        return cat(round ? "second run, " : "", "output ", c.graph.output_names[i], " ", text);
  }
  return "";
}

}  // namespace

std::string problem_of(const Case& c) {
  if (!c.wrong.empty()) return c.wrong;
  Neighbours neighbours(c);
  for (const Way& way : kWays) {
    if (way.threads > 1 && c.graph.nodes.size() % 4 != 1) continue;
    if (const std::string text = problem_in(c, way, neighbours); !text.empty())
      return cat(way.backend, way.optimise ? ", optimised" : "", way.threads > 1 ? ", two threads: " : ": ", text);
  }
  return "";
}

// --- making it smaller ---

namespace {

void drop_output(Case& c, size_t i) {
  c.graph.outputs.erase(c.graph.outputs.begin() + long(i));
  c.graph.output_names.erase(c.graph.output_names.begin() + long(i));
  c.exact.erase(c.exact.begin() + long(i));
  c.predictable.erase(c.predictable.begin() + long(i));
  if (!c.expected.empty()) c.expected.erase(c.expected.begin() + long(i));
}

void drop_node(Case& c, size_t i) {
  c.graph.nodes.erase(c.graph.nodes.begin() + long(i));
  c.rules.erase(c.rules.begin() + long(i));
}

void drop_dead(Case& c) {
  for (size_t i = c.graph.nodes.size(); i-- > 0;) {
    const Uses uses(c.graph);
    const Node& node = c.graph.nodes[i];
    if (std::all_of(node.outputs.begin(), node.outputs.end(),
                    [&](Edge edge) { return edge == kAbsent || (uses.consumers[index(edge)].empty() && !uses.is_output[index(edge)]); }))
      drop_node(c, i);
  }
}

/// The node's results become inputs; false where they are outputs, or no tensors.
bool give_results(Case& c, size_t i) {
  Steps steps(c.graph);
  for (size_t n = 0; n < c.inputs.size(); ++n) steps[c.graph.inputs[n]] = c.inputs[n].second;
  for (size_t n = 0; n <= i; ++n)
    if (!steps.step(c.graph.nodes[n])) return false;
  const std::vector<Edge> results = c.graph.nodes[i].outputs;
  const Uses uses(c.graph);
  for (Edge edge : results)
    if (edge != kAbsent && (!steps[edge].is_tensor() || uses.is_output[index(edge)])) return false;
  drop_node(c, i);
  for (Edge edge : results) {
    if (edge == kAbsent) continue;
    const std::string name = cat("v", index(edge));
    c.graph[edge].name = name;
    c.graph.inputs.push_back(edge);
    c.inputs.emplace_back(name, steps[edge]);
  }
  return true;
}

bool fails(const Case& c) { return !problem_of(c).empty(); }

}  // namespace

Case shrunk(Case c) {
  if (!c.wrong.empty()) return c;
  for (size_t i = c.graph.outputs.size(); i-- > 0 && c.graph.outputs.size() > 1;) {
    Case smaller = c;
    drop_output(smaller, i);
    drop_dead(smaller);
    if (fails(smaller)) c = std::move(smaller);
  }
  for (size_t i = c.graph.nodes.size(); i-- > 0;) {
    if (i >= c.graph.nodes.size()) continue;
    Case smaller = c;
    if (!give_results(smaller, i)) continue;
    drop_dead(smaller);
    if (fails(smaller)) c = std::move(smaller);
  }
  return c;
}

std::string show(const Case& c) {
  std::string out = print(c.graph);
  auto list = [&](std::string_view name, const Value& value) {
    for (const Tensor& tensor : tensors_of(value)) {
      out += cat("  ", name, " ", describe(tensor), ":");
      if (tensor.dtype() == DType::string) continue;
      const std::vector<double> numbers = reals(tensor);
      for (size_t i = 0; i < std::min<size_t>(numbers.size(), 16); ++i) out += cat(" ", numbers[i]);
      out += "\n";
    }
  };
  for (const auto& [name, value] : c.inputs) list(name, value);
  for (size_t i = 0; i < c.expected.size(); ++i) list(c.graph.output_names[i], c.expected[i]);
  return out + (c.failure ? cat("  expected to fail: ", *c.failure, "\n") : "");
}

}  // namespace nacre::test
