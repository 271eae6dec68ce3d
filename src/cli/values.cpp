#include "cli/values.h"

#include <algorithm>
#include <cmath>

#include "cli/facts.h"
#include "cli/print.h"
#include "core/convert.h"
#include "core/os/file.h"
#include "io/json.h"
#include "io/json_tensor.h"
#include "io/npy.h"
#include "io/onnx_reader.h"
#include "io/onnx_tensor.h"
#include "io/onnx_writer.h"

namespace nacre::cli {
namespace {

/// Names of inputs or outputs with their edges.
struct Side {
  const std::vector<Port>& ports;
  const Graph& graph;
  const std::vector<Edge>& edges;

  const Fact* fact(std::string_view name) const {
    for (size_t i = 0; i < ports.size(); ++i)
      if (ports[i].name == name) return &graph.fact(edges[i]);
    return nullptr;
  }
};

// --- .json ---

Result<Value> value_from_json(const Json& json, const Fact* fact) {
  if (fact && fact->kind == Fact::Kind::optional && json.is_null()) return Value::optional();
  if (fact && fact->kind == Fact::Kind::optional) return Value::optional(NACRE_TRY(value_from_json(json, fact->element.get())));
  if (!fact || fact->kind != Fact::Kind::sequence)
    return Value(NACRE_TRY(tensor_from_json(json, fact && fact->is_tensor() ? fact->dtype : DType::undefined)));
  std::vector<Value> items;
  for (const Json& item : NACRE_TRY(json.elements())) items.push_back(NACRE_TRY(value_from_json(item, fact->element.get())));
  return Value::sequence(std::move(items));
}

Result<Inputs> values_from_json(const std::string& path, const Side& side) {
  const MappedFile file = NACRE_TRY(map_file(path));
  const Json document = NACRE_TRY(parse_json(file.text()));
  Inputs out;
  for (const auto& [name, json] : NACRE_TRY(document.entries()))
    out.emplace_back(std::string(name), NACRE_TRY(value_from_json(json, side.fact(name))));
  return out;
}

std::string json_of(const std::vector<std::string>& names, const std::vector<Value>& values) {
  std::string out = "{";
  for (size_t i = 0; i < names.size(); ++i) out += cat(i ? ",\n " : "", json_quoted(names[i]), ": ", value_to_json(values[i]));
  return out + "}\n";
}

// --- folders of .pb ---

Result<Value> value_from_pb(const std::string& path, const Fact& fact) {
  const MappedFile file = NACRE_TRY(map_file(path));
  if (fact.kind == Fact::Kind::sequence) return onnx::to_value(NACRE_TRY(onnx::parse_sequence(file.bytes())), file.owner());
  if (fact.kind == Fact::Kind::optional) return onnx::to_value(NACRE_TRY(onnx::parse_optional(file.bytes())), file.owner());
  return Value(NACRE_TRY(onnx::to_tensor(NACRE_TRY(onnx::parse_tensor(file.bytes())), file.owner())));
}

std::vector<Value> values_from_folder(const std::string& folder, std::string_view stem, const Graph& graph, std::span<const Edge> edges) {
  std::vector<Value> out;
  for (Edge edge : edges) {
    const std::string path = cat(folder, "/", stem, "_", out.size(), ".pb");
    if (!is_file(path)) break;  // what is missing is the run's to say: it knows the name
    out.push_back(check(value_from_pb(path, graph.fact(edge)), path));
  }
  const std::string next = cat(folder, "/", stem, "_", out.size(), ".pb");
  if (out.empty() && !edges.empty()) throw Failure{folder, Error(ErrorCode::not_found, cat("the folder has no ", stem, "_0.pb"))};
  if (is_file(next)) throw wrong_use(next, "the model has only ", edges.size(), " ", stem, "s");
  return out;
}

Result<std::vector<std::byte>> pb_of(const Value& value, std::string_view name) {
  switch (value.kind()) {
    case Value::Kind::tensor: return onnx::serialise(onnx::from_tensor(value.tensor(), name));
    case Value::Kind::sequence: return onnx::serialise(onnx::sequence_from_value(value, name));
    case Value::Kind::optional: return onnx::serialise(onnx::optional_from_value(value, name));
    default: return fail(ErrorCode::unsupported, "output '", name, "' is a map, which has no .pb form here; write .json");
  }
}

void write_folder(const std::string& folder, const std::vector<std::string>& names, const std::vector<Value>& values) {
  check(make_directories(folder), folder);
  for (size_t i = 0; i < values.size(); ++i) {
    const std::vector<std::byte> bytes = check(pb_of(values[i], names[i]), folder);
    check(write_file(cat(folder, "/output_", i, ".pb"), bytes), folder);
  }
}

// --- chance ---

uint64_t next_random(uint64_t& state) {  // splitmix64: https://prng.di.unimi.it/splitmix64.c
  uint64_t z = state += 0x9e3779b97f4a7c15;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return z ^ z >> 31;
}

double random_element(DType dtype, uint64_t& state) {
  const uint64_t bits = next_random(state);
  if (is_float(dtype) || is_complex(dtype)) return double(bits >> 40) / double(1 << 23) - 1;
  if (dtype == DType::int8) return double(int8_t(bits));
  if (dtype == DType::uint8) return double(uint8_t(bits));
  return double(bits & 1);
}

Result<Tensor> random_tensor(DType dtype, Shape shape, uint64_t& state) {
  Tensor out = NACRE_TRY(allocate(dtype, std::move(shape), nullptr, Fill::zero));
  if (dtype == DType::string) return out;
  for (int64_t i = 0; i < out.size(); ++i) {
    const double element = random_element(dtype, state);
    store_from<double>(dtype, out.mutable_raw(), i, 1, &element);
  }
  return out;
}

Shape shape_under(const SymShape& shape, const Bindings& bindings) {
  Shape out;
  for (const SymDim& dim : shape) out.push_back(std::max<int64_t>(0, dim.evaluate(bindings).value_or(1)));
  return out;
}

Inputs random_inputs(uint64_t seed, const Session::State& state, const Bindings& bindings) {
  Inputs out;
  for (size_t i = 0; i < state.inputs.size(); ++i) {
    const Fact& fact = state.graph.fact(state.graph.inputs[i]);
    const std::string& name = state.inputs[i].name;
    if (!fact.is_tensor() || !fact.shape || fact.dtype == DType::undefined)
      throw wrong_use("random inputs", "input '", name, "' is ", state.inputs[i].type, ": its rank and type must be known");
    out.emplace_back(name, check(random_tensor(fact.dtype, shape_under(*fact.shape, bindings), seed), name));
  }
  return out;
}

std::optional<uint64_t> seed_of(const std::string& source) {
  if (source.rfind("random", 0) != 0 || (source.size() > 6 && source[6] != ':')) return std::nullopt;
  uint64_t seed = 0;
  for (char c : source.substr(std::min<size_t>(7, source.size()))) {
    if (c < '0' || c > '9') throw wrong_use(source, "the seed is a whole number: random:7");
    seed = seed * 10 + uint64_t(c - '0');
  }
  return seed;
}

// --- .npz ---

Inputs values_from_npz(const std::string& path) {
  Inputs out;
  for (auto& [name, tensor] : check(load_npz(path), path)) out.emplace_back(name, std::move(tensor));
  return out;
}

// --- the summary ---

std::string first_elements(const Tensor& tensor) {
  const int64_t count = std::min<int64_t>(tensor.size(), 6);
  std::string out;
  if (tensor.dtype() == DType::string) {
    for (int64_t i = 0; i < count; ++i) out += cat(i ? " " : "", "\"", tensor.data<std::string>()[size_t(i)], "\"");
  } else {
    std::vector<double> values(static_cast<size_t>(count));
    load_as<double>(tensor.dtype(), tensor.raw(), 0, count, values.data());
    for (size_t i = 0; i < values.size(); ++i) out += (i ? " " : "") + compact(values[i]);
  }
  return tensor.size() > count ? out + " ..." : out;
}

std::vector<std::string> statistics(const Tensor& tensor) {
  if (tensor.size() == 0 || tensor.dtype() == DType::string) return {"", "", ""};
  double least = INFINITY, most = -INFINITY, sum = 0;
  bool nan = false;
  std::vector<double> block(4096);
  for (int64_t at = 0; at < tensor.size(); at += int64_t(block.size())) {
    const int64_t count = std::min<int64_t>(int64_t(block.size()), tensor.size() - at);
    load_as<double>(tensor.dtype(), tensor.raw(), at, count, block.data());
    for (int64_t i = 0; i < count; ++i) {
      const double x = block[size_t(i)];
      nan |= std::isnan(x), sum += x, least = std::min(least, x), most = std::max(most, x);
    }
  }
  if (nan) least = most = NAN;
  return {compact(least), compact(most), compact(sum / double(tensor.size()))};
}

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

}  // namespace

std::string type_text(const Value& value) {
  if (value.is_tensor()) return describe(value.tensor());
  if (value.kind() == Value::Kind::map) return cat("map of ", value.keys().size());
  return cat(to_string(value.kind()), " of ", value.items().size());
}

Inputs read_inputs(const std::string& source, const Session::State& state, const Bindings& bindings) {
  check_source(source);
  if (const auto seed = seed_of(source)) return random_inputs(*seed, state, complete_bindings(state.graph, bindings));
  if (is_directory(source)) {
    std::vector<Value> values = values_from_folder(source, "input", state.graph, state.graph.inputs);
    Inputs out;
    for (size_t i = 0; i < values.size(); ++i) out.emplace_back(state.inputs[i].name, std::move(values[i]));
    return out;
  }
  if (ends_with(source, ".npz")) return values_from_npz(source);
  return check(values_from_json(source, {state.inputs, state.graph, state.graph.inputs}), source);
}

void check_source(const std::string& source) {
  if (seed_of(source) || is_directory(source)) return;
  if (!ends_with(source, ".npz") && !ends_with(source, ".json"))
    throw wrong_use(source, "inputs are an .npz or .json file, a folder with input_0.pb ..., or random:SEED");
  if (!is_file(source)) throw Failure{source, Error(ErrorCode::not_found, "there is no such file")};
}

std::vector<Value> read_outputs(const std::string& source, const Session::State& state) {
  if (is_directory(source)) {
    std::vector<Value> values = values_from_folder(source, "output", state.graph, state.graph.outputs);
    if (values.size() < state.outputs.size())
      throw wrong_use(source, values.size(), " stored outputs, the model has ", state.outputs.size());
    return values;
  }
  if (seed_of(source)) throw wrong_use(source, "stored outputs are an .npz or .json file, or a folder with output_0.pb ...");
  check_source(source);
  const Inputs named = ends_with(source, ".npz")
                           ? values_from_npz(source)
                           : check(values_from_json(source, {state.outputs, state.graph, state.graph.outputs}), source);
  std::vector<Value> out;
  for (const std::string& name : *state.output_names) {
    const auto found = std::find_if(named.begin(), named.end(), [&](const auto& each) { return each.first == name; });
    if (found == named.end()) throw wrong_use(source, "has no output '", name, "'");
    out.push_back(found->second);
  }
  return out;
}

void check_target(const std::string& target) {
  if (target.empty() || ends_with(target, ".npz") || ends_with(target, ".json") || is_directory(target) || ends_with(target, "/")) return;
  if (target.find('.', target.find_last_of('/') + 1) == std::string::npos) return;  // a folder to be made
  throw wrong_use(target, "outputs go to an .npz or .json file, or to a folder");
}

void write_npz_file(const std::string& target, const std::vector<std::string>& names, const std::vector<Value>& values) {
  NamedTensors arrays;
  for (size_t i = 0; i < values.size(); ++i) {
    if (!values[i].is_tensor())
      throw Failure{target,
                    Error(ErrorCode::unsupported,
                          cat("output '", names[i], "' is a ", to_string(values[i].kind()), ", which an .npz cannot hold"), "write .json")};
    arrays.emplace_back(names[i], values[i].tensor());
  }
  check(save_npz(target, arrays), target);
}

void write_values(const std::string& target, const std::vector<std::string>& names, const std::vector<Value>& values) {
  check_target(target);
  if (ends_with(target, ".npz")) return write_npz_file(target, names, values);
  if (ends_with(target, ".json")) return check(write_file(target, json_of(names, values)), target);
  write_folder(target, names, values);
}

std::string summary(const std::vector<std::string>& names, const std::vector<Value>& values) {
  Table table({"output", "type", "min", "max", "mean", "first"});
  for (size_t i = 0; i < values.size(); ++i) {
    std::vector<std::string> row{names[i], type_text(values[i])};
    if (values[i].is_tensor()) {
      for (std::string& cell : statistics(values[i].tensor())) row.push_back(std::move(cell));
      row.push_back(first_elements(values[i].tensor()));
    }
    table.add(std::move(row));
  }
  return table.text();
}

}  // namespace nacre::cli
