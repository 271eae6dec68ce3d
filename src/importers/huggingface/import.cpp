#include "importers/huggingface/import.h"

#include <array>

#include "core/log.h"
#include "core/os/file.h"
#include "importers/huggingface/architecture.h"
#include "importers/onnx/import.h"

namespace nacre {

#define ARCHITECTURE(name) extern const Architecture architecture_##name;
#include "architectures_rows.inc"
#undef ARCHITECTURE

namespace {

const Architecture* const kArchitectures[] = {
#define ARCHITECTURE(name) &architecture_##name,
#include "architectures_rows.inc"
#undef ARCHITECTURE
};

// Where exporters put the graph, in the order in which they are tried.
constexpr std::array<std::string_view, 2> kOnnxFiles{"model.onnx", "onnx/model.onnx"};

bool is_head(std::string_view rest) { return rest == "Model" || rest.starts_with("For"); }

/// By "model_type"; by the class name where that is absent.
Result<const Architecture*> find_architecture(const Checkpoint& checkpoint) {
  const std::string_view type = NACRE_TRY(checkpoint.config().text("model_type", ""));
  const std::string_view name = checkpoint.class_name();
  std::string known;
  for (const Architecture* each : architectures()) {
    const bool by_class = type.empty() && name.starts_with(each->prefix) && is_head(name.substr(each->prefix.size()));
    if (each->model_type == type || by_class) return each;
    known += cat(known.empty() ? "" : ", ", each->model_type);
  }
  return fail(ErrorCode::unsupported, "unknown architecture \"", type.empty() ? name : type, "\"; known: ", known);
}

Result<Graph> import_checkpoint(const std::string& directory) {
  const Checkpoint checkpoint = NACRE_TRY(Checkpoint::open(directory));
  const Architecture* architecture = NACRE_TRY(find_architecture(checkpoint));
  std::string_view head = checkpoint.class_name();
  if (head.empty()) head = "Model";
  if (head.starts_with(architecture->prefix)) head.remove_prefix(architecture->prefix.size());
  Graph graph = NACRE_TRY(architecture->build(checkpoint, head));
  graph.name = cat(architecture->prefix, head);
  graph.opsets[""] = kNewestOpset;
  return graph;
}

}  // namespace

std::span<const Architecture* const> architectures() { return kArchitectures; }

Result<Graph> import_huggingface(const std::filesystem::path& directory) {
  const std::string root = directory.string();
  const bool weights = is_file(root + "/model.safetensors") || is_file(root + "/model.safetensors.index.json");
  Result<Graph> out = fail(ErrorCode::not_found, "no model here: looked for config.json with model.safetensors or its index, ",
                           kOnnxFiles[0], " and ", kOnnxFiles[1]);
  if (weights && is_file(root + "/config.json")) out = import_checkpoint(root);
  const bool elsewhere = !out && (out.error().code() == ErrorCode::unsupported || out.error().code() == ErrorCode::not_found);
  if (!elsewhere) return out;
  for (const std::string_view name : kOnnxFiles) {
    if (!is_file(cat(root, "/", name))) continue;
    log_message(LogLevel::info, root, ": ", name, " is used: ", out.error().message());
    return import_onnx_file(directory / name);
  }
  return out;
}

}  // namespace nacre
