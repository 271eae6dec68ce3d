// What can go wrong, as a value inside the library and as an exception at its public edge.
//
//     try {
//       auto session = nacre::Session::load("model.onnx");
//     } catch (const nacre::Error& error) {
//       std::cerr << error.what() << "\n";           // message, node and hint
//       if (error.code() == nacre::ErrorCode::not_found) { /* ... */ }
//     }
#pragma once

#include <exception>
#include <string>
#include <string_view>

namespace nacre {

enum class ErrorCode {
  invalid_argument,    ///< the caller's inputs or options do not fit the model
  invalid_model,       ///< the file is damaged or breaks its format's rules
  not_found,           ///< a file, input, operator or backend of that name does not exist
  unsupported,         ///< understood, but this build cannot do it
  resource_exhausted,  ///< a memory, depth or count limit would be exceeded; refused beforehand
  cancelled,           ///< the caller asked to stop
  deadline_exceeded,   ///< the run's time was up
  io,                  ///< the operating system refused
  unavailable,         ///< a backend or library is missing
  internal,            ///< our own bug
};

/// The code's name as it is spelt above. Never empty.
std::string_view to_string(ErrorCode code) noexcept;

/// One failure: what failed (`message`, received against expected), where (`node`, e.g. `Gather "/embeddings/Gather"`,
/// may be empty) and what to try (`hint`, may be empty). `what()` is `[node] message`, then the hint on a second line.
class Error : public std::exception {
 public:
  Error(ErrorCode code, std::string message, std::string hint = {});

  ErrorCode code() const noexcept { return code_; }
  const std::string& message() const noexcept { return message_; }
  const std::string& node() const noexcept { return node_; }
  const std::string& hint() const noexcept { return hint_; }
  const char* what() const noexcept override { return what_.c_str(); }

  /// Names the node that failed, unless a node nearer to the cause is already named.
  Error& at(std::string_view node);
  /// Puts `prefix: ` before the message (a file's name, say).
  Error& within(std::string_view prefix);
  /// Sets the hint, unless there is one.
  Error& suggest(std::string_view hint);

 private:
  void compose();

  ErrorCode code_;
  std::string message_, node_, hint_, what_;
};

}  // namespace nacre
