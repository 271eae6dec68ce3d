// What a file that is no ONNX model is, so that the message says more than where its bytes stop making sense.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace nacre {

/// "text", "a zip archive (as PyTorch saves checkpoints)", ... Empty where the first bytes tell nothing.
std::string_view other_kind_of_file(std::span<const std::byte> bytes);

}  // namespace nacre
