#include "runtime/model_store.h"

#include <algorithm>

#include "core/log.h"
#include "core/os/memory.h"
#include "runtime/model_swap.h"
#include "runtime/session_state.h"

namespace nacre::detail {
namespace {

constexpr Milliseconds kNever{-1}, kSoon{1000};
constexpr Milliseconds kLongestBackoff{60'000};
constexpr double kNewest = 0.2;  // weight of the last run in the mean

Refusal refuse(Refusal::Kind kind, ErrorCode code, Milliseconds retry_after, const std::string& text) {
  return {kind, code, text, retry_after};
}

Milliseconds until(Instant when) { return std::max(Milliseconds(0), std::chrono::ceil<Milliseconds>(when - now())); }

ModelsOptions completed(ModelsOptions options) {
  if (options.memory_budget <= 0) {
    const int64_t machine = total_memory() > 0 ? total_memory() : INT64_MAX / 2;
    options.memory_budget = std::min(machine, cgroup_memory_limit().value_or(machine)) / 5 * 4;
  }
  return options;
}

}  // namespace

int64_t bytes_of_session(const Session& session) {
  int64_t total = session.state().weight_bytes;
  for (const CompiledRegion& region : session.state().regions) total += region.executable->resident_bytes();
  return total;
}

int64_t bytes_on_disk(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) {
    const auto size = std::filesystem::file_size(path, error);
    return error ? 0 : static_cast<int64_t>(size);
  }
  int64_t total = 0;
  for (const auto& file : std::filesystem::directory_iterator(path, error))
    if (file.path().extension() == ".safetensors") total += static_cast<int64_t>(file.file_size(error));
  return total;
}

ModelStore::ModelStore(const ModelsOptions& options) : options_(completed(options)) {}

// --- names ---

EntryPtr ModelStore::find(const std::string& name) const {
  const auto found = entries_.find(name);
  if (found != entries_.end()) return found->second;
  std::string known;
  for (const auto& [each, entry] : entries_) known += cat(known.empty() ? "" : ", ", each);
  throw refuse(Refusal::Kind::unknown_model, ErrorCode::not_found, kNever,
               cat("no model is called '", name, "'; there are ", known.empty() ? "none" : known));
}

void ModelStore::add(const std::string& name, const ModelSpec& spec) {
  if (spec.slots < 1 || spec.queue < 0)
    throw Error(ErrorCode::invalid_argument, cat("model '", name, "' asks for ", spec.slots, " slots and a queue of ", spec.queue));
  {
    const std::lock_guard lock(mutex_);
    auto entry = std::make_shared<ModelEntry>();
    entry->spec = spec;
    if (!entries_.emplace(name, std::move(entry)).second)
      throw refuse(Refusal::Kind::exists, ErrorCode::invalid_argument, kNever, cat("a model is called '", name, "' already"));
  }
  if (spec.mode == LoadMode::lazy) return;
  try {
    release(acquire(name, options_.timeout));
  } catch (...) {
    unload(name, true);
    throw;
  }
}

// --- loading ---

VersionPtr ModelStore::acquire(const std::string& name, Milliseconds timeout) {
  Doomed doomed;  // declared before the lock: destroyed after it is given back
  const Instant deadline = now() + timeout;
  Lock lock(mutex_);
  for (;;) {
    const EntryPtr entry = find(name);
    VersionPtr version = entry->current;
    if (!version && !entry->load) version = load(lock, name, entry, doomed);
    if (version) {
      ++version->users;
      version->last_used = now();
      return version;
    }
    const std::shared_ptr<ModelLoad> waited = entry->load;
    if (!waited) continue;
    if (!changed_.wait_until(lock, deadline, [&] { return waited->done; }))
      throw refuse(Refusal::Kind::timed_out, ErrorCode::deadline_exceeded, kSoon,
                   cat("model '", name, "' is still loading after ", timeout.count(), " ms"));
    if (waited->failure) throw *waited->failure;
  }
}

// One caller loads; the others wait for its ModelLoad. The lock is given back while it loads.
VersionPtr ModelStore::load(Lock& lock, const std::string& name, const EntryPtr& entry, Doomed& doomed) {
  if (entry->last_failure && now() < entry->retry_at)
    throw refuse(Refusal::Kind::load_failed, entry->last_failure->code(), until(entry->retry_at), entry->last_failure->message());
  const ModelSpec spec = entry->spec;
  const int64_t least = bytes_on_disk(spec.path);
  make_room(least, nullptr, name, doomed);
  const auto flight = entry->load = std::make_shared<ModelLoad>();
  flight->reserved = least, reserved_ += least;
  ++entry->loads;
  lock.unlock();
  doomed.clear();
  VersionPtr version;
  std::optional<Refusal> failure;
  try {
    version = load_unlocked(name, spec, entry->version);
  } catch (const Error& error) {
    failure = refuse(Refusal::Kind::load_failed, error.code(), kSoon, cat("model '", name, "' does not load: ", error.what()));
  } catch (const std::exception& error) {
    failure = refuse(Refusal::Kind::load_failed, ErrorCode::internal, kSoon, cat("model '", name, "' does not load: ", error.what()));
  }
  lock.lock();
  reserved_ -= flight->reserved;
  if (version) {
    try {
      make_room(version->bytes, version.get(), name, doomed);
      held_ += version->bytes;
    } catch (const Refusal& refusal) {
      failure = refusal;
      doomed.push_back(std::exchange(version, nullptr));
    }
  }
  flight->done = true, flight->failure = failure;
  entry->load = nullptr;
  changed_.notify_all();
  if (failure) {
    note_failure(*entry, *failure);
    throw *failure;
  }
  entry->failures = 0, entry->last_failure.reset();
  const auto named = entries_.find(name);
  version->detached = named == entries_.end() || named->second != entry;  // removed meanwhile: this caller alone has it
  if (!version->detached) entry->current = version;
  reaper_wakes_.notify_all();
  return version;
}

void ModelStore::note_failure(ModelEntry& entry, const Refusal& failure) {
  if (failure.kind() != Refusal::Kind::load_failed) return;
  entry.last_failure = failure;
  entry.retry_at = now() + std::min(kLongestBackoff, kSoon * (1 << std::min(entry.failures++, 6)));
}

VersionPtr ModelStore::load_unlocked(const std::string& name, const ModelSpec& spec, int64_t number) const {
  auto version = std::make_shared<ModelVersion>();
  version->name = name, version->spec = spec, version->version = number;
  if (spec.loader)
    version->loaded = spec.loader(spec);
  else
    version->loaded.session = std::make_shared<const Session>(Session::load(spec.path, spec.session));
  if (!version->loaded.session) throw Error(ErrorCode::internal, cat("the loader of model '", name, "' gave no session"));
  version->bytes = bytes_of_session(*version->loaded.session) + version->loaded.bytes;
  version->slots.resize(static_cast<size_t>(spec.slots));
  return version;
}

// --- memory ---

Milliseconds ModelStore::until_room() const {
  double soonest = -1;
  for (const auto& [name, entry] : entries_)
    if (entry->current && entry->spec.mode != LoadMode::pinned) {
      const double wait = std::max(1.0, entry->current->mean_milliseconds);
      soonest = soonest < 0 ? wait : std::min(soonest, wait);
    }
  return soonest < 0 ? kNever : std::max(Milliseconds(1), Milliseconds(static_cast<int64_t>(soonest)));
}

// Counts and bytes; `keep` is the version the room is for.
void ModelStore::make_room(int64_t bytes, const ModelVersion* keep, const std::string& name, Doomed& doomed) {
  const int64_t budget = options_.memory_budget;
  if (bytes > budget)
    throw refuse(Refusal::Kind::too_large, ErrorCode::resource_exhausted, kNever,
                 cat("model '", name, "' takes ", bytes, " bytes, all models together may take ", budget));
  const auto loaded = [&] {
    return std::count_if(entries_.begin(), entries_.end(), [](const auto& e) { return e.second->current || e.second->load; });
  };
  const bool counts = !keep && options_.most_loaded > 0;
  while (in_use() + bytes > budget || (counts && loaded() >= options_.most_loaded)) {
    if (evict_one(keep, doomed)) continue;
    throw refuse(Refusal::Kind::no_memory, ErrorCode::resource_exhausted, until_room(),
                 cat("model '", name, "' needs ", bytes, " bytes; ", in_use(), " of ", budget, " are taken by models in use or pinned, ",
                     loaded(), " are loaded"));
  }
}

// The one that was used longest ago.
bool ModelStore::evict_one(const ModelVersion* keep, Doomed& doomed) {
  ModelEntry* oldest = nullptr;
  for (const auto& [name, entry] : entries_) {
    const VersionPtr& version = entry->current;
    if (!version || version->users > 0 || version.get() == keep || entry->spec.mode == LoadMode::pinned) continue;
    if (!oldest || version->last_used < oldest->current->last_used) oldest = entry.get();
  }
  if (oldest) detach(*oldest, doomed);
  return oldest != nullptr;
}

void ModelStore::detach(ModelEntry& entry, Doomed& doomed) {
  VersionPtr version = std::exchange(entry.current, nullptr);
  if (!version) return;
  version->detached = true;
  if (version->users > 0) return;
  held_ -= version->bytes;
  doomed.push_back(std::move(version));
}

void ModelStore::release(const VersionPtr& version) {
  VersionPtr doomed;
  const std::lock_guard lock(mutex_);
  version->last_used = now();
  if (--version->users == 0 && version->detached) {
    held_ -= version->bytes;
    doomed = version;
  }
  changed_.notify_all();
  reaper_wakes_.notify_all();
}

void ModelStore::unload(const std::string& name, bool forget) {
  Doomed doomed;
  Lock lock(mutex_);
  const EntryPtr entry = find(name);
  const VersionPtr version = entry->current;
  detach(*entry, doomed);
  if (forget) entries_.erase(name);
  const bool gone = changed_.wait_for(lock, options_.timeout, [&] { return !version || version->users == 0; });
  if (!gone)
    throw refuse(Refusal::Kind::timed_out, ErrorCode::deadline_exceeded, kSoon,
                 cat("model '", name, "' still has ", version->users, " users; it goes with the last of them"));
}

// --- slots ---

int ModelStore::take_slot(ModelVersion& version) {
  Lock lock(mutex_);
  auto find_free = [&] { return std::find(version.slots.begin(), version.slots.end(), false); };
  auto free = find_free();
  if (free == version.slots.end()) {
    const double each = std::max(1.0, version.mean_milliseconds) / static_cast<double>(version.slots.size());
    const Milliseconds wait(static_cast<int64_t>(std::max(1.0, each * (version.waiting + 1))));
    if (version.waiting >= version.spec.queue)
      throw refuse(Refusal::Kind::busy, ErrorCode::resource_exhausted, wait,
                   cat("model '", version.name, "' is busy: ", version.slots.size(), " run and ", version.waiting,
                       " wait, which is as many as may"));
    ++version.waiting;
    const bool got = version.slot_freed.wait_for(lock, options_.timeout, [&] { return (free = find_free()) != version.slots.end(); });
    --version.waiting;
    if (!got)
      throw refuse(Refusal::Kind::timed_out, ErrorCode::deadline_exceeded, wait,
                   cat("model '", version.name, "' had no free slot within ", options_.timeout.count(), " ms"));
  }
  *free = true;
  ++version.running;
  return static_cast<int>(free - version.slots.begin());
}

void ModelStore::give_slot(ModelVersion& version, int slot, double milliseconds) {
  const int64_t bytes = bytes_of_session(*version.loaded.session) + version.loaded.bytes;
  Doomed doomed;
  const std::lock_guard lock(mutex_);
  version.slots[static_cast<size_t>(slot)] = false;
  --version.running;
  if (milliseconds >= 0) {
    ++version.runs;
    version.mean_milliseconds = version.runs == 1 ? milliseconds : version.mean_milliseconds * (1 - kNewest) + milliseconds * kNewest;
  }
  held_ += bytes - std::exchange(version.bytes, bytes);
  while (in_use() > options_.memory_budget && evict_one(&version, doomed)) {}
  version.slot_freed.notify_one();
}

// --- swapping ---

void ModelStore::swap(const std::string& name, const ModelSpec& spec, const Inputs& probe) {
  const VersionPtr old = acquire(name, options_.timeout);
  const ModelInUse held{shared_from_this(), old};
  Doomed doomed;
  const int64_t least = bytes_on_disk(spec.path);
  {
    const std::lock_guard lock(mutex_);
    make_room(least, old.get(), name, doomed);
    reserved_ += least;
  }
  doomed.clear();
  VersionPtr fresh;
  std::optional<Error> failure;
  try {
    fresh = load_unlocked(name, spec, old->version + 1);
    check_swap(*old->loaded.session, *fresh->loaded.session, probe);
    fresh->bytes = bytes_of_session(*fresh->loaded.session) + fresh->loaded.bytes;
  } catch (const Error& error) { failure = error; } catch (const std::exception& error) {
    failure = Error(ErrorCode::internal, error.what());
  }
  const std::lock_guard lock(mutex_);
  reserved_ -= least;
  if (fresh) doomed.push_back(fresh);
  if (failure)
    throw refuse(Refusal::Kind::swap_rejected, failure->code(), kNever,
                 cat("model '", name, "' stays as it is, the new version is refused: ", failure->what()));
  const EntryPtr entry = find(name);
  if (entry->current != old)
    throw refuse(Refusal::Kind::swap_rejected, ErrorCode::invalid_argument, Milliseconds(0),
                 cat("model '", name, "' was swapped or unloaded meanwhile"));
  make_room(fresh->bytes, old.get(), name, doomed);
  held_ += fresh->bytes;
  detach(*entry, doomed);
  entry->spec = spec, entry->current = fresh, entry->version = fresh->version;
  changed_.notify_all();
}

// --- what there is, and what nobody used for long ---

std::vector<ModelStatus> ModelStore::list() const {
  std::vector<ModelStatus> out;
  const std::lock_guard lock(mutex_);
  for (const auto& [name, entry] : entries_) {
    ModelStatus status{.name = name, .loads = entry->loads, .version = entry->version};
    if (entry->load) status.state = ModelStatus::State::loading;
    if (const VersionPtr& version = entry->current) {
      status.state = ModelStatus::State::ready;
      status.bytes = version->bytes, status.users = version->users, status.running = version->running, status.waiting = version->waiting;
      status.runs = version->runs, status.mean_run_milliseconds = version->mean_milliseconds;
    }
    out.push_back(std::move(status));
  }
  return out;
}

int64_t ModelStore::bytes() const {
  const std::lock_guard lock(mutex_);
  return held_;
}

void ModelStore::start_reaper() {
  reaper_ = std::jthread([this](const std::stop_token& stop) { reap(stop); });
}

void ModelStore::stop() {
  reaper_ = {};  // asks it to stop and joins
  Doomed doomed;
  const std::lock_guard lock(mutex_);
  for (auto& [name, entry] : entries_) detach(*entry, doomed);
  entries_.clear();
}

// Sleeps until the first model's time is up, or until something changes.
void ModelStore::reap(const std::stop_token& stop) {
  Lock lock(mutex_);
  while (!stop.stop_requested()) {
    Doomed doomed;
    Instant next = Instant::max();
    for (auto& [name, entry] : entries_) {
      const VersionPtr& version = entry->current;
      if (!version || version->users > 0 || entry->spec.mode == LoadMode::pinned || entry->spec.keep_alive.count() < 0) continue;
      const Instant end = version->last_used + entry->spec.keep_alive;
      if (end <= now())
        detach(*entry, doomed);
      else
        next = std::min(next, end);
    }
    if (!doomed.empty()) {
      lock.unlock();
      doomed.clear();
      lock.lock();
      continue;  // things changed while the lock was open
    }
    bool woken = false;
    auto wakes = [&] { return std::exchange(woken, true); };  // any notification: looks again
    if (next == Instant::max())
      reaper_wakes_.wait(lock, stop, wakes);
    else
      reaper_wakes_.wait_until(lock, stop, next, wakes);
  }
}

}  // namespace nacre::detail
