#include "backends/native/packs.h"

#include "backends/native/kernels/kernels.h"
#include "core/cpu.h"
#include "core/lasting.h"
#include "nacre/version.h"

namespace nacre::native {
namespace {

constexpr int64_t kWorthKeeping = int64_t{64} << 10;  // bytes; less is packed as fast as a file is opened

/// What the bytes of every pack depend on.
const std::string& engine_key() {
  static const auto* key = [] {
    auto* out = new std::string(cat("nacre ", version(), " layout ", kPackLayout, " ", kernels().isa));
    for (std::string_view feature : names_of(cpu().features)) *out += cat(" ", feature);
    return out;
  }();
  return *key;
}

}  // namespace

Result<Tensor> PackCache::floats(std::span<const std::byte> source, std::string_view layout, int64_t size,
                                 FunctionRef<Result<void>(float*)> fill) const {
  DiskCache* const disk = size * 4 >= kWorthKeeping ? disk_.get() : nullptr;
  const std::string key = disk ? cat(engine_key(), "\n", layout, "\n", size) : "";
  if (disk)
    if (const auto kept = disk->find(key, source); kept && kept->bytes.size() == size_t(size) * 4)
      return Tensor::view(DType::float32, {size}, kept->bytes.data(), kept->bytes.size(), kept->owner);
  Tensor out = NACRE_TRY(allocate_lasting(DType::float32, {size}));
  NACRE_TRY(fill(out.mutable_data<float>().data()));
  if (disk) disk->keep(key, source, std::as_bytes(out.data<float>()));
  return out;
}

}  // namespace nacre::native
