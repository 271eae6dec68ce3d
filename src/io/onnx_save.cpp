// A model file, with its weights beside it where they are many.
#include <deque>

#include "core/os/file.h"
#include "io/onnx_writer.h"

namespace nacre::onnx {
namespace {

constexpr int64_t kPage = 4096;                    // offsets that can be mapped, as ONNX's documents advise
constexpr size_t kMostInternal = size_t{3} << 29;  // 1.5 GiB of weights leave room for the rest below 2 GiB

std::string_view file_name(std::string_view path) { return path.substr(path.find_last_of('/') + 1); }

size_t raw_bytes(const ModelProto& model) {
  size_t bytes = 0;
  for (const TensorProto& tensor : model.graph.initializer) bytes += tensor.raw_data.size();
  return bytes;
}

/// Moves weights into the file; `texts` keeps the numbers' spellings alive.
Result<void> write_weights(ModelProto& model, FileWriter& file, std::string_view location, size_t least, std::deque<std::string>& texts) {
  const std::vector<std::byte> zeros(kPage);
  for (TensorProto& tensor : model.graph.initializer) {
    if (!tensor.has_raw_data || tensor.raw_data.size() < least) continue;
    const int64_t padding = (kPage - file.size() % kPage) % kPage;
    NACRE_TRY(file.write(std::span(zeros).first(static_cast<size_t>(padding))));
    const std::string_view offset = texts.emplace_back(std::to_string(file.size()));
    const std::string_view length = texts.emplace_back(std::to_string(tensor.raw_data.size()));
    NACRE_TRY(file.write(tensor.raw_data));
    tensor.external_data = {{"location", location}, {"offset", offset}, {"length", length}};
    tensor.data_location = TensorProto::EXTERNAL;
    tensor.has_raw_data = false;
    tensor.raw_data = {};
  }
  return {};
}

}  // namespace

Result<void> save_model(ModelProto model, const std::string& path, const SaveOptions& options) {
  std::string location = options.external_data;
  if (location.empty() && raw_bytes(model) > kMostInternal) location = cat(file_name(path), ".data");
  if (location.find('/') != std::string::npos) return fail(ErrorCode::invalid_argument, "'", location, "' is not a plain file name");
  std::deque<std::string> texts;
  if (!location.empty()) {
    FileWriter file = NACRE_TRY(FileWriter::create(cat(path.substr(0, path.size() - file_name(path).size()), location)));
    NACRE_TRY(write_weights(model, file, location, options.least_external, texts));
    NACRE_TRY(file.commit());
  }
  const std::vector<std::byte> bytes = NACRE_TRY(serialise(model));
  return write_file(path, std::span(bytes));
}

}  // namespace nacre::onnx
