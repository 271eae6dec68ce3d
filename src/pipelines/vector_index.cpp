// An index on disk is a safetensors file: "vectors" [n, width], and "texts" and "ids" as bytes, one text after the other, with
// "texts.ends" and "ids.ends". Any reader of safetensors opens it.
#include <algorithm>

#include "core/os/file.h"
#include "io/safetensors.h"
#include "nacre/similarity.h"
#include "pipelines/text_model.h"
#include "pipelines/vectors.h"

namespace nacre {
namespace {

struct Packed {
  std::string bytes;
  std::vector<int64_t> ends;
};

Packed pack(const std::vector<std::string>& texts) {
  Packed out;
  for (const std::string& text : texts) out.bytes += text, out.ends.push_back(static_cast<int64_t>(out.bytes.size()));
  return out;
}

Result<std::vector<std::string>> unpack(const Safetensors& file, const std::string& name, int64_t count) {
  const Tensor* bytes = file.find(name);
  const Tensor* ends = file.find(name + ".ends");
  if (!bytes || !ends || bytes->dtype() != DType::uint8 || ends->dtype() != DType::int64 || ends->size() != count)
    return fail(ErrorCode::invalid_model, "no index of vectors: \"", name, "\" or \"", name,
                ".ends\" is missing or has another type or size");
  const std::string_view all(static_cast<const char*>(bytes->raw()), bytes->byte_size());
  std::vector<std::string> out;
  int64_t begin = 0;
  for (const int64_t end : ends->data<int64_t>()) {
    if (end < begin || end > bytes->size())
      return fail(ErrorCode::invalid_model, "\"", name, ".ends\": ", end, " is outside [", begin, ", ", bytes->size(), "]");
    out.emplace_back(all.substr(static_cast<size_t>(begin), static_cast<size_t>(end - begin)));
    begin = end;
  }
  return out;
}

Tensor bytes_tensor(const std::string& bytes) {
  return Tensor::of<uint8_t>({static_cast<int64_t>(bytes.size())}, std::span(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()));
}

}  // namespace

void VectorIndex::save(const std::filesystem::path& path) const {
  const Rows rows = rows_of(vectors);
  if (texts.size() != rows.count || ids.size() != rows.count)
    throw Error(ErrorCode::invalid_argument, cat(rows.count, " vectors with ", texts.size(), " texts and ", ids.size(), " ids"));
  const Packed packed_texts = pack(texts), packed_ids = pack(ids);
  const auto count = static_cast<int64_t>(rows.count);
  const std::vector<std::pair<std::string, Tensor>> tensors{
      {"vectors", vectors},
      {"texts", bytes_tensor(packed_texts.bytes)},
      {"texts.ends", Tensor::of<int64_t>({count}, std::span<const int64_t>(packed_texts.ends))},
      {"ids", bytes_tensor(packed_ids.bytes)},
      {"ids.ends", Tensor::of<int64_t>({count}, std::span<const int64_t>(packed_ids.ends))}};
  unwrap(save_safetensors(path.string(), tensors));
}

VectorIndex VectorIndex::open(const std::filesystem::path& path) {
  const Safetensors file = unwrap(load_safetensors(path.string()));
  const Tensor* vectors = file.find("vectors");
  if (!vectors || vectors->rank() != 2 || vectors->dtype() != DType::float32)
    throw Error(ErrorCode::invalid_model, cat(path.string(), ": no index of vectors: \"vectors\" is missing or no float32 matrix"));
  const int64_t count = vectors->shape()[0];
  return {*vectors, unwrap(unpack(file, "texts", count)), unwrap(unpack(file, "ids", count))};
}

}  // namespace nacre
