#include "core/os/library.h"

#include <dlfcn.h>

namespace nacre {
namespace {

std::string loader_error() {
  const char* text = ::dlerror();
  return text ? text : "no reason given";
}

}  // namespace

Result<SharedLibrary> SharedLibrary::load(const std::string& name) {
  if (name.empty() || name.find('\0') != std::string::npos) return fail(ErrorCode::invalid_argument, "a library needs a name");
  void* handle = ::dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle) return fail(ErrorCode::unavailable, "cannot load library \"", name, "\": ", loader_error());
  SharedLibrary out;
  out.name_ = name;
  out.handle_ = std::shared_ptr<void>(handle, [](void* loaded) { ::dlclose(loaded); });
  return out;
}

Result<void*> SharedLibrary::symbol(const std::string& name) const {
  if (!handle_) return fail(ErrorCode::unavailable, "no library is loaded to find \"", name, "\" in");
  void* address = ::dlsym(handle_.get(), name.c_str());
  if (!address) return fail(ErrorCode::unavailable, "library \"", name_, "\" has no symbol \"", name, "\": ", loader_error());
  return address;
}

std::string SharedLibrary::path(const std::string& symbol_in_it) const {
  Dl_info info{};
  void* address = handle_ ? ::dlsym(handle_.get(), symbol_in_it.c_str()) : nullptr;
  return address && ::dladdr(address, &info) && info.dli_fname ? info.dli_fname : name_;
}

void SharedLibrary::keep_loaded() {
  // A second reference that nobody gives back.
  if (handle_) ::dlopen(name_.c_str(), RTLD_NOW | RTLD_LOCAL);
}

}  // namespace nacre
