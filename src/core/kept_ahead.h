// What the disk cache keeps for a model is mapped and checked while the rest of the model is still being opened.
//
//     const auto ahead = KeptAhead::start(cache->path(), weights);   // any weights of a mapped file
//     ...                                                            // DiskCache::find() takes what is ready from it
//     ahead.reset();                                                 // the first run is done: what was used is written down
//
#pragma once

#include <memory>
#include <optional>

#include "core/keyed_hash.h"
#include "core/os/own_file.h"

namespace nacre {

constexpr std::string_view kUsesSuffix = ".uses";

class KeptAhead {
 public:
  /// Works, on a thread of its own, through the files of `folder` that were used the last time this model file was run, or
  /// joins one that is at work for it: the last to go ends it. Null where `source` lies in no mapped file or the folder has no secret. The
  /// list of files is input like the files: a name that is none of ours is passed over, and a file counts only as far as
  /// DiskCache::find() believes it.
  static std::unique_ptr<KeptAhead> start(const std::string& folder, std::span<const std::byte> source);

  struct Work;
  explicit KeptAhead(std::shared_ptr<Work> work) : work_(std::move(work)) {}

 private:
  std::shared_ptr<Work> work_;  // at the end it waits for the thread, drops what nobody took, and writes down what was used
};

// --- for DiskCache ---

/// A kept file and the hash of what follows its head.
struct CheckedFile {
  MappedFile file;
  Digest body;
};
/// The file at `path` where a KeptAhead knows of it; it then belongs to the caller. None: check it yourself.
std::optional<CheckedFile> take_checked(const std::string& path);
/// True while a thread works ahead: hashing with the team would take its processor.
bool is_checking_ahead();
/// That the file at `path` was made from a part of `origin`.
void note_kept_use(const MappedSource& origin, const std::string& path);

}  // namespace nacre
