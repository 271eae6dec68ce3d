#include "core/os/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

namespace nacre {

bool is_terminal(int stream) noexcept { return ::isatty(stream) == 1; }

int terminal_width(int stream, int otherwise) noexcept {
  winsize size{};
  return ::ioctl(stream, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : otherwise;
}

}  // namespace nacre
