// JSON: any bytes end in a document or an error; a document's text parses to the same text, and a tensor's to the same.
#include <cstdlib>

#include "io/json_tensor.h"

using namespace nacre;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto json = parse_json({reinterpret_cast<const char*>(data), size});
  if (!json) return 0;
  const std::string text = json->dump();
  const auto again = parse_json(text);
  if (!again || again->dump() != text) std::abort();
  if (const auto tensor = tensor_from_json(*json)) {
    const auto document = parse_json(tensor_to_json(*tensor));
    if (!document) std::abort();
    const auto back = tensor_from_json(*document, tensor->dtype());
    if (!back || tensor_to_json(*back) != tensor_to_json(*tensor)) std::abort();
  }
  return 0;
}
