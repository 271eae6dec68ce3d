// numpy's .npy and .npz files.
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
//
//     for (auto& [name, tensor] : NACRE_TRY(load_npz("inputs.npz"))) feeds.emplace(name, tensor);
//     Tensor x = NACRE_TRY(load_npy("x.npy"));
//     NACRE_TRY(save_npz("outputs.npz", {{"logits", logits}}));
//
// Read: bool, integers, floats and complex numbers of either byte order, '<U' and '|S' as strings, C and Fortran order,
// versions 1 to 3; '<V2', which is how numpy stores ml_dtypes' bfloat16, as bfloat16. Objects are refused: to read them is
// to run code. Written: the same; int4 and its kin widened to int8 or uint8, 8- and 4-bit floats to float32.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/result.h"

namespace nacre {

using NamedTensors = std::vector<std::pair<std::string, Tensor>>;

struct NpzLimits {
  int64_t bytes = int64_t{16} << 30;  ///< of all members together, uncompressed
  int64_t members = 65536;
};

/// Views the bytes, kept alive by `owner`, where order and alignment allow.
Result<Tensor> parse_npy(std::span<const std::byte> bytes, std::shared_ptr<const void> owner = nullptr);
Result<Tensor> load_npy(const std::string& path);
Result<void> save_npy(const std::string& path, const Tensor& tensor);

/// In the order of the archive; names without ".npy". Stored members are viewed, deflated ones inflated.
Result<NamedTensors> parse_npz(std::span<const std::byte> bytes, std::shared_ptr<const void> owner = nullptr, const NpzLimits& limits = {});
Result<NamedTensors> load_npz(const std::string& path, const NpzLimits& limits = {});

struct NpzOptions {
  bool compress = false;
};
Result<void> save_npz(const std::string& path, const NamedTensors& tensors, const NpzOptions& options = {});

}  // namespace nacre
