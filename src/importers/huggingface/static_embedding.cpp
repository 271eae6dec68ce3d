#include "importers/huggingface/static_embedding.h"

#include "core/allocate.h"
#include "core/convert.h"
#include "graph/builder.h"
#include "io/safetensors.h"

namespace nacre {
namespace {

Result<Tensor> converted(const Tensor& from, DType to) {
  if (from.dtype() == to) return from;
  Tensor out = NACRE_TRY(allocate(to, from.shape()));
  NACRE_TRY(convert(from, out));
  return out;
}

Result<Tensor> read_table(const Safetensors& weights) {
  for (const char* name : {"embedding.weight", "embeddings"})
    if (const Tensor* found = weights.find(name)) {
      if (found->rank() != 2 || !is_float(found->dtype()))
        return fail(ErrorCode::invalid_model, "weight ", name, " is ", describe(*found), ", expected a matrix of floats");
      return converted(*found, DType::float32);
    }
  return fail(ErrorCode::unsupported,
              "model.safetensors without config.json holds a static model: expected embedding.weight or embeddings in it");
}

/// A list with an entry for each id; nothing where the file has none.
Result<std::optional<Tensor>> read_list(const Safetensors& weights, const char* name, DType dtype) {
  const Tensor* found = weights.find(name);
  if (!found) return std::optional<Tensor>();
  if (found->rank() != 1) return fail(ErrorCode::invalid_model, "weight ", name, " is ", describe(*found), ", expected a list");
  return std::optional(NACRE_TRY(converted(*found, dtype)));
}

}  // namespace

bool is_static_embedding(const ModelDirectory& directory) {
  if (!directory.has("model.safetensors")) return false;
  if (!directory.has("config.json")) return true;
  const Result<Json> config = directory.json("config.json");
  return config && config->is_object() && config->text("model_type", "").value_or("") == "model2vec";
}

Result<Graph> import_static_embedding(const ModelDirectory& directory) {
  const Safetensors weights = NACRE_TRY(load_safetensors(directory.file("model.safetensors")));
  Tensor table = NACRE_TRY(read_table(weights));
  const std::optional<Tensor> mapping = NACRE_TRY(read_list(weights, "mapping", DType::int64));
  const std::optional<Tensor> factors = NACRE_TRY(read_list(weights, "weights", DType::float32));
  Graph graph;
  Builder b(graph, "embedding");
  const Fact fact = Fact::tensor(DType::int64, SymShape{SymDim::symbol("batch"), SymDim::symbol("sequence")});
  const Edge ids = graph.add_input("input_ids", fact);
  graph.add_input("attention_mask", fact);
  const auto rows = [&](Tensor of, Edge by) { return b.add("Gather", {b.constant(std::move(of)), by}, {{"axis", int64_t{0}}}); };
  Edge x = rows(std::move(table), mapping ? rows(*mapping, ids) : ids);
  if (factors) x = b.mul(x, b.unsqueeze(rows(*factors, ids), {2}));
  NACRE_TRY(b.status());
  graph.add_output(x, "last_hidden_state");
  return graph;
}

}  // namespace nacre
