// The backends of this build on this machine: what works, what does not and why.
//
//     for (const nacre::BackendInfo& backend : nacre::backends()) {
//       std::cout << backend.name << ": " << (backend.available ? backend.version : backend.reason) << "\n";
//       for (const nacre::DeviceInfo& device : backend.devices) std::cout << "  " << device.target << " " << device.name << "\n";
//     }
//
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nacre/dtype.h"

namespace nacre {

struct DeviceInfo {
  std::string target;         ///< what SessionOptions::backends takes: "native:cpu:0"
  std::string name;           ///< "AMD EPYC 9554"; empty: unknown
  std::string vendor;         ///< empty: unknown
  int64_t memory_total = -1;  ///< bytes; -1: unknown
  int64_t memory_free = -1;   ///< bytes, now; -1: unknown
  int compute_units = -1;     ///< cores, multiprocessors; -1: unknown
};

struct BackendInfo {
  std::string name, about;
  bool available = false;
  std::string reason;   ///< why it is not available: what was looked for and where, which version or symbol is missing
  std::string version;  ///< "1.31.1"; "built in"
  std::string library;  ///< the file it was loaded from; empty: none
  std::vector<DeviceInfo> devices;
  std::vector<std::string> notes;      ///< what else its probe found
  std::vector<std::string> operators;  ///< "Add", "com.microsoft.Gelu"; for adapters, what they are asked for
  std::vector<DType> dtypes;           ///< of tensors
};

/// Probes every backend; the first use of another runtime's library happens in a child process.
std::vector<BackendInfo> backends();

/// The same as a JSON list, with null for what is unknown.
std::string to_json(const std::vector<BackendInfo>& backends);

}  // namespace nacre
