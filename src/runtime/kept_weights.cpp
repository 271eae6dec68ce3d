#include "runtime/kept_weights.h"

#include "core/disk_cache.h"
#include "core/knobs.h"
#include "core/thread_team.h"

namespace nacre {

std::unique_ptr<KeptAhead> check_kept_weights(const std::filesystem::path& path, const SessionOptions& options) {
  if (!knob_text(Knob::cache_dir)) return nullptr;
  const bool says_nothing = options.backends.empty() && !knob_text(Knob::backend) && !knob_text(Knob::config);
  if (!says_nothing && (options.backends.empty() || options.backends[0] != "native")) return nullptr;
  if ((options.threads > 0 ? options.threads : ThreadTeam::process().size()) < 2) return nullptr;
  const auto cache = DiskCache::open(kPackedWeights);
  const auto file = map_file((is_directory(path.string()) ? path / "model.safetensors" : path).string());
  return cache && file ? KeptAhead::start(cache->path(), file->bytes()) : nullptr;
}

}  // namespace nacre
