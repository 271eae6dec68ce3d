#include "importers/onnx/not_onnx.h"

#include <algorithm>

#include "io/utf.h"

namespace nacre {
namespace {

struct Signature {
  size_t offset;
  std::string_view bytes, kind;
};
constexpr Signature kSignatures[] = {
    {0, "version https://git-lfs", "a pointer of Git LFS: the model itself was not fetched (git lfs pull)"},
    {0, "PK\x03\x04", "a zip archive (as PyTorch saves checkpoints)"},
    {0, "\x80\x02", "a Python pickle (as PyTorch saved checkpoints)"},
    {0, "\x89HDF", "an HDF5 file (as Keras saves models)"},
    {0, "\x93NUMPY", "a NumPy array"},
    {0, "GGUF", "a GGUF file"},
    {4, "TFL3", "a TensorFlow Lite model"},
    {4, "ORTM", "ONNX Runtime's own format (.ort)"},
    {8, "{\"", "a safetensors file: give the directory that holds it and config.json"},
};

// UTF-8 without control characters but those that lay it out. A letter may be cut in two at the end.
bool is_text(std::string_view start) {
  while (!start.empty() && static_cast<unsigned char>(start.back()) >= 0x80) start.remove_suffix(1);
  const auto shows = [](char c) { return static_cast<unsigned char>(c) >= ' ' || (c >= '\t' && c <= '\r'); };
  return !start.empty() && std::ranges::all_of(start, shows) && utf32_from_utf8(start);
}

}  // namespace

std::string_view other_kind_of_file(std::span<const std::byte> bytes) {
  const std::string_view start(reinterpret_cast<const char*>(bytes.data()), std::min<size_t>(bytes.size(), 512));
  for (const Signature& each : kSignatures)
    if (start.size() > each.offset && start.substr(each.offset).starts_with(each.bytes)) return each.kind;
  return is_text(start) ? "text" : "";
}

}  // namespace nacre
