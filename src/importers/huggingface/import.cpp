#include "importers/huggingface/import.h"

#include "core/log.h"
#include "importers/huggingface/architecture.h"
#include "importers/huggingface/directory.h"
#include "importers/huggingface/static_embedding.h"
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

bool is_head(std::string_view rest) { return rest == "Model" || rest.starts_with("For"); }

/// By "model_type"; by the class name where that is absent, or where the file names code of its own ("auto_map"), which may call itself
/// by another's type: JinaBERT's say "bert".
Result<const Architecture*> find_architecture(const Checkpoint& checkpoint) {
  const std::string_view type = NACRE_TRY(checkpoint.config().text("model_type", ""));
  const std::string_view name = checkpoint.class_name();
  const bool classes_count = type.empty() || checkpoint.config().has("auto_map");
  const Architecture* found = nullptr;
  std::string known;
  for (const Architecture* each : architectures()) {
    if (classes_count && name.starts_with(each->prefix) && is_head(name.substr(each->prefix.size()))) return each;
    if (each->model_type == type) found = each;
    known += cat(known.empty() ? "" : ", ", each->model_type);
  }
  if (found) return found;
  return fail(ErrorCode::unsupported, "unknown architecture \"", type.empty() ? name : type, "\"; known: ", known);
}

/// True where modules.json has a Transformer: it is the model without a head, whatever class its weights were saved from.
Result<bool> is_sentence_encoder(const ModelDirectory& directory) {
  if (!directory.has("modules.json")) return false;
  for (const Json& module : NACRE_TRY(NACRE_TRY(directory.json("modules.json")).elements())) {
    const std::string_view type = NACRE_TRY(module.text("type", ""));
    if (type.substr(type.rfind('.') + 1) == "Transformer" && NACRE_TRY(module.text("path", "")).empty()) return true;
  }
  return false;
}

/// "onnx/model_q4.onnx" is a file, "q4" a dtype.
WeightChoice choice_of(std::string_view weights) {
  const bool file = weights.ends_with(".onnx") || weights.ends_with(".safetensors") || weights.ends_with(".json");
  return file ? WeightChoice{.file = std::string(weights)} : WeightChoice{.dtype = std::string(weights)};
}

Result<Graph> import_checkpoint(const ModelDirectory& directory) {
  if (is_static_embedding(directory)) {
    Graph graph = NACRE_TRY(import_static_embedding(directory));
    graph.name = "StaticEmbedding", graph.opsets[""] = kNewestOpset;
    return graph;
  }
  const Checkpoint checkpoint = NACRE_TRY(Checkpoint::open(directory.path()));
  const Architecture* architecture = NACRE_TRY(find_architecture(checkpoint));
  std::string_view head = checkpoint.class_name();
  // ColBERT's own class is an encoder with a linear layer behind it, which the pipeline applies.
  if (head.empty() || head == "HF_ColBERT" || NACRE_TRY(is_sentence_encoder(directory))) head = "Model";
  if (head.starts_with(architecture->prefix)) head.remove_prefix(architecture->prefix.size());
  Graph graph = NACRE_TRY(architecture->build(checkpoint, head));
  graph.name = cat(architecture->prefix, head);
  graph.opsets[""] = kNewestOpset;
  return graph;
}

}  // namespace

std::span<const Architecture* const> architectures() { return kArchitectures; }

Result<Graph> import_huggingface(const std::filesystem::path& directory, std::string_view weights) {
  const ModelDirectory model = NACRE_TRY(ModelDirectory::open(directory.string()));
  const std::vector<ModelFile> files = NACRE_TRY(model.all_weights(choice_of(weights)));
  Result<Graph> out = fail(ErrorCode::not_found, "no model");
  std::string before;  // why the file before was not taken
  for (const ModelFile& file : files) {
    out = file.format == ModelFile::Format::onnx ? import_onnx_file(file.path) : import_checkpoint(model);
    if (out) {
      log_message(LogLevel::info, model.path(), ": ", file.name, " is used: ", before.empty() ? file.reason : before);
      out->metadata["file"] = file.name;
    }
    if (out || out.error().code() != ErrorCode::unsupported || file.format == ModelFile::Format::onnx) return out;
    before = out.error().message();
  }
  return out;
}

}  // namespace nacre
