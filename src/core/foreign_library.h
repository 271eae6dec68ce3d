// Libraries of other runtimes: found by absolute path, checked before the loader sees them, tried in a child process first.
//
//     ForeignSearch search{.what = "ONNX Runtime", .stem = "libonnxruntime.so", .places = ..., .advice = ...};
//     const FoundLibrary found = NACRE_TRY(find_foreign(search));
//     NACRE_TRY(try_foreign(found.path, "session", [&] { return first_run(found.path); }));     // once per file and CPU
//     SharedLibrary library = NACRE_TRY(open_foreign(found.path));
//
// NACRE_DISABLE lists backends and library paths that are never touched. Verdicts of trials are kept in NACRE_CACHE_DIR.
#pragma once

#include <string>
#include <vector>

#include "core/function_ref.h"
#include "core/os/library.h"

namespace nacre {

struct SearchPlace {
  std::string path;       ///< a library, or a folder that may hold one
  std::string from;       ///< "ORT_DYLIB_PATH", "next to the program"
  bool demanded = false;  ///< somebody named it: what is wrong with it is an error and not a reason to look further
};

struct ForeignSearch {
  std::string what, stem;  ///< "ONNX Runtime"; "libonnxruntime.so": that file, else the newest with a suffix (".1.31.1")
  std::vector<SearchPlace> places;
  std::string advice;  ///< how to get it
};

struct FoundLibrary {
  std::string path, from;
};

/// The first place that has a library whose file is sound. Fails (unavailable) with everything that was looked at.
Result<FoundLibrary> find_foreign(const ForeignSearch& search);

/// Where other runtimes live, after the variables that name them: beside the program, `package_folder` ("onnxruntime/capi") of
/// the active Python environment, the loader's and the system's folders.
std::vector<SearchPlace> usual_places(const std::string& package_folder);

/// dlopen of an absolute path, after its file was checked; the log names it before it is loaded.
Result<SharedLibrary> open_foreign(const std::string& path);

/// Runs `trial` in a child process, unless a trial of this name is known to have gone well, or badly, for this file (path,
/// size, time) on this CPU. `trial` returns an empty text, or why the library cannot be used. Fails (unavailable) with the cause.
Result<void> try_foreign(const std::string& path, std::string_view name, FunctionRef<std::string()> trial);

/// While one of these is alive on its thread, probes try what they else only list, each in a child process: for listings, which may
/// take seconds.
class ThoroughProbe {
 public:
  ThoroughProbe() noexcept;
  ~ThoroughProbe();
  ThoroughProbe(const ThoroughProbe&) = delete;
  ThoroughProbe& operator=(const ThoroughProbe&) = delete;
  static bool wanted() noexcept;

 private:
  bool before_;
};

/// True when NACRE_DISABLE names it.
bool is_disabled(std::string_view backend_or_path);

}  // namespace nacre
