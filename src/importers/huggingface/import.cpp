#include "importers/huggingface/import.h"

namespace nacre {

Result<Graph> import_huggingface(const std::filesystem::path& directory) {
  return fail(ErrorCode::unsupported, directory.string(), " is a directory; none are read yet");
}

}  // namespace nacre
