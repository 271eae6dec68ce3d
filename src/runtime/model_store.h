// Behind nacre::Models: one lock, entries by name, versions that are counted by their users.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "core/clock.h"
#include "nacre/models.h"

namespace nacre::detail {

using Milliseconds = std::chrono::milliseconds;

/// One version of a model in memory.
struct ModelVersion {
  std::string name;
  ModelSpec spec;
  LoadedModel loaded;
  int64_t version = 0;

  // Under the store's lock:
  int64_t bytes = 0;
  int users = 0;
  bool detached = false;  // no name leads to it: it goes with its last user
  std::vector<bool> slots;
  int running = 0, waiting = 0;
  int64_t runs = 0;
  double mean_milliseconds = 0;
  Instant last_used = now();
  std::condition_variable slot_freed;
};
using VersionPtr = std::shared_ptr<ModelVersion>;

/// A load in progress, for those who wait for it.
struct ModelLoad {
  bool done = false;
  int64_t reserved = 0;
  std::optional<Refusal> failure;
};

struct ModelEntry {
  ModelSpec spec;
  VersionPtr current;
  std::shared_ptr<ModelLoad> load;
  int64_t loads = 0, version = 0;
  int failures = 0;  // in a row
  Instant retry_at{};
  std::optional<Refusal> last_failure;
};
using EntryPtr = std::shared_ptr<ModelEntry>;

struct ModelStore : std::enable_shared_from_this<ModelStore> {
  explicit ModelStore(const ModelsOptions& options);

  void add(const std::string& name, const ModelSpec& spec);
  VersionPtr acquire(const std::string& name, Milliseconds timeout);
  void release(const VersionPtr& version);
  void unload(const std::string& name, bool forget);
  void swap(const std::string& name, const ModelSpec& spec, const Inputs& probe);
  int take_slot(ModelVersion& version);
  void give_slot(ModelVersion& version, int slot, double milliseconds);
  std::vector<ModelStatus> list() const;
  int64_t bytes() const;
  void start_reaper();
  void stop();

  ModelsOptions options_;

 private:
  using Lock = std::unique_lock<std::mutex>;
  using Doomed = std::vector<VersionPtr>;  // destroyed after the lock is given back

  EntryPtr find(const std::string& name) const;
  VersionPtr load(Lock& lock, const std::string& name, const EntryPtr& entry, Doomed& doomed);
  VersionPtr load_unlocked(const std::string& name, const ModelSpec& spec, int64_t version) const;
  void make_room(int64_t bytes, const ModelVersion* keep, const std::string& name, Doomed& doomed);
  bool evict_one(const ModelVersion* keep, Doomed& doomed);
  void detach(ModelEntry& entry, Doomed& doomed);
  void note_failure(ModelEntry& entry, const Refusal& failure);
  int64_t in_use() const { return held_ + reserved_; }
  Milliseconds until_room() const;
  void reap(const std::stop_token& stop);

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::condition_variable_any reaper_wakes_;
  std::map<std::string, EntryPtr> entries_;
  int64_t held_ = 0, reserved_ = 0;
  std::jthread reaper_;
};

/// A user of a version.
struct ModelInUse {
  ModelInUse(std::shared_ptr<ModelStore> of, VersionPtr used) : store(std::move(of)), version(std::move(used)) {}
  ModelInUse(const ModelInUse&) = delete;
  ModelInUse& operator=(const ModelInUse&) = delete;
  std::shared_ptr<ModelStore> store;
  VersionPtr version;
  ~ModelInUse() { store->release(version); }
};

/// Bytes that a session holds now: weights, packed copies, what it keeps between runs.
int64_t bytes_of_session(const Session& session);
/// The least that loading the path will take: the files' sizes.
int64_t bytes_on_disk(const std::filesystem::path& path);

}  // namespace nacre::detail
