#include "core/text.h"

#include <charconv>

namespace nacre {

void append(std::string& out, double value) {
  char buffer[32];
  out.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
}

std::string describe(const Tensor& tensor) { return cat(tensor.dtype(), tensor.shape()); }

}  // namespace nacre
