// Whether a person is looking: colours and progress only then.
#pragma once

namespace nacre {
/// 0 standard input, 1 output, 2 error.
bool is_terminal(int stream) noexcept;
/// Columns of the terminal behind `stream`; `otherwise` when it is none.
int terminal_width(int stream, int otherwise) noexcept;
}  // namespace nacre
