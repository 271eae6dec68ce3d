#include "io/npy.h"
#include "io/npy_image.h"
#include "io/zip.h"

namespace nacre {
namespace {

constexpr std::string_view kSuffix = ".npy";

Error named(Error error, std::string_view name) {
  error.within(cat("'", name, "'"));
  return error;
}

}  // namespace

Result<NamedTensors> parse_npz(std::span<const std::byte> bytes, std::shared_ptr<const void> owner, const NpzLimits& limits) {
  NamedTensors out;
  for (const ZipMember& member : NACRE_TRY(read_zip(bytes, std::move(owner), {limits.bytes, limits.members}))) {
    std::string_view name = member.name;
    if (!name.ends_with(kSuffix)) return fail(ErrorCode::invalid_model, "'", name, "' in the archive is no .npy file");
    name.remove_suffix(kSuffix.size());
    Result<Tensor> tensor = parse_npy(member.bytes, member.owner);
    if (!tensor) return std::unexpected(named(std::move(tensor).error(), name));
    out.emplace_back(name, *std::move(tensor));
  }
  return out;
}

Result<NamedTensors> load_npz(const std::string& path, const NpzLimits& limits) {
  const MappedFile file = NACRE_TRY(map_file(path));
  Result<NamedTensors> out = parse_npz(file.bytes(), file.owner(), limits);
  if (!out) return std::unexpected(std::move(out).error().within(path));
  return out;
}

Result<void> save_npz(const std::string& path, const NamedTensors& tensors, const NpzOptions& options) {
  ZipWriter zip(NACRE_TRY(FileWriter::create(path)));
  for (const auto& [name, tensor] : tensors) {
    const NpyImage image = NACRE_TRY(npy_image(tensor));
    NACRE_TRY(zip.add(cat(name, kSuffix), {image.head(), image.body()}, options.compress));
  }
  return zip.finish();
}

}  // namespace nacre
