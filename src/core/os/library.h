// A shared library loaded at run time, for adapters to other runtimes.
//
//     SharedLibrary ort = NACRE_TRY(SharedLibrary::load("libonnxruntime.so.1"));
//     auto* api = NACRE_TRY(ort.function<const OrtApiBase*()>("OrtGetApiBase"));
//
#pragma once

#include <memory>
#include <string>

#include "core/result.h"

namespace nacre {

/// Copies share the library; it is closed with the last one unless `keep_loaded()` was called.
class SharedLibrary {
 public:
  SharedLibrary() = default;
  /// Fails (unavailable) with the loader's own words.
  static Result<SharedLibrary> load(const std::string& name);

  /// The address of a symbol; fails (unavailable) naming library and symbol.
  Result<void*> symbol(const std::string& name) const;
  template <class Signature>
  Result<Signature*> function(const std::string& name) const {
    return reinterpret_cast<Signature*>(NACRE_TRY(symbol(name)));
  }

  const std::string& name() const noexcept { return name_; }
  /// The file that the loader chose; the name where the system does not say.
  std::string path(const std::string& symbol_in_it) const;
  /// For libraries that start threads or register exit handlers: unloading them would be fatal.
  void keep_loaded();

 private:
  std::string name_;
  std::shared_ptr<void> handle_;
};

}  // namespace nacre
