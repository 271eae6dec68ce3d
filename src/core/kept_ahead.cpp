#include "core/kept_ahead.h"

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "core/disk_cache.h"
#include "core/os/processor.h"
#include "core/thread_team.h"

namespace nacre {
namespace {

constexpr size_t kMostFiles = 4096, kNameDigits = 32;
constexpr std::string_view kKept = ".kept";

/// A model's file, whatever part of it is meant.
MappedSource whole(MappedSource origin) {
  origin.offset = 0;
  return origin;
}

std::string list_path(const std::string& folder, const MappedSource& model) {
  return cat(folder, "/", model.device, "-", model.inode, kUsesSuffix);
}

// One name a line. Only names that the cache itself could have given.
std::vector<std::string> read_list(const std::string& path) {
  std::vector<std::string> out;
  const auto file = map_own_file(path);
  if (!file) return out;
  std::string_view rest = file->text();
  while (!rest.empty() && out.size() < kMostFiles) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view name = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (name.size() == kNameDigits && name.find_first_not_of("0123456789abcdef") == name.npos) out.emplace_back(name);
  }
  return out;
}

std::optional<KeyedHash> hash_of(const std::string& folder) {
  KeyedHash::Secret secret;
  const auto file = map_own_file(folder + "/secret");
  if (!file || file->bytes().size() != secret.size()) return std::nullopt;
  std::memcpy(secret.data(), file->bytes().data(), secret.size());
  return KeyedHash(secret);
}

}  // namespace

struct KeptAhead::Work {
  enum class State : uint8_t { waiting, busy, done };
  struct Item {
    std::string path;
    State state = State::waiting;
    std::optional<CheckedFile> checked;
  };

  Work(std::string path, const KeyedHash& keyed, const MappedSource& source)
      : folder(std::move(path)), hash(keyed), model(whole(source)), listed(read_list(list_path(folder, model))) {
    for (const std::string& name : listed) items.push_back({.path = cat(folder, "/", name, kKept), .checked = {}});
  }
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;
  ~Work() {
    {
      const std::lock_guard lock(mutex);
      stopping = true;
    }
    if (thread.joinable()) thread.join();
    try {
      write_down();
    } catch (const std::exception&) {}  // no memory: the next process knows less
  }

  const std::string folder;
  const KeyedHash hash;
  const MappedSource model;
  const std::vector<std::string> listed;  // names of the last time
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<Item> items;
  std::vector<std::string> used;  // names of this time
  bool stopping = false, running = false;
  std::thread thread;

  // Files that are missing or too short are left to the finder, who says why. The lock is given up meanwhile.
  void check(Item& item, std::unique_lock<std::mutex>& lock) {
    item.state = State::busy;
    lock.unlock();
    std::optional<CheckedFile> checked;
    if (const auto file = map_own_file(item.path); file && file->bytes().size() >= kCacheHeadBytes)
      checked = CheckedFile{*file, hash.of(file->bytes().subspan(kCacheHeadBytes))};
    lock.lock();
    item.checked = std::move(checked);
    item.state = State::done;
    changed.notify_all();
  }

  // From the first to the last, as they will be asked for.
  void check_all() {
    const ThreadLimit alone(1);
    std::unique_lock lock(mutex);
    for (Item& item : items)
      if (item.state == State::waiting && !stopping) check(item, lock);
    running = false;
  }

  // Who finds the wanted one in the other's hands checks another one meanwhile.
  std::optional<CheckedFile> take(const std::string& path) {
    const ThreadLimit alone(1);
    std::unique_lock lock(mutex);
    const auto found = std::ranges::find(items, path, &Item::path);
    if (found == items.end()) return std::nullopt;
    if (found->state == State::waiting) check(*found, lock);
    while (found->state == State::busy) {
      const auto other = std::ranges::find(items.rbegin(), items.rend(), State::waiting, &Item::state);
      if (other == items.rend())
        changed.wait(lock, [&] { return found->state != State::busy; });
      else
        check(*other, lock);
    }
    return std::exchange(found->checked, std::nullopt);
  }

  void note(const MappedSource& origin, const std::string& path) {
    if (whole(origin) != model || !path.starts_with(folder) || !path.ends_with(kKept)) return;
    const std::string name = path.substr(folder.size() + 1, path.size() - folder.size() - 1 - kKept.size());
    const std::lock_guard lock(mutex);
    if (used.size() < kMostFiles && std::ranges::find(used, name) == used.end()) used.push_back(name);
  }

  void write_down() const {
    if (used.empty() || used == listed) return;
    std::string text;
    for (const std::string& name : used) text += name + "\n";
    static_cast<void>(write_own_file(list_path(folder, model), std::as_bytes(std::span(text)), {}));
  }
};

namespace {

using Work = KeptAhead::Work;

/// Those at work now.
struct Registry {
  std::mutex mutex;
  std::vector<std::weak_ptr<Work>> works;

  std::vector<std::shared_ptr<Work>> all() {
    const std::lock_guard lock(mutex);
    std::vector<std::shared_ptr<Work>> out;
    for (const auto& each : works)
      if (auto work = each.lock()) out.push_back(std::move(work));
    return out;
  }
  void add(const std::shared_ptr<Work>& work) {
    const std::lock_guard lock(mutex);
    std::erase_if(works, [](const auto& each) { return each.expired(); });
    works.push_back(work);
  }
};
Registry& registry() {
  static auto* out = new Registry;
  return *out;
}

}  // namespace

std::unique_ptr<KeptAhead> KeptAhead::start(const std::string& folder, std::span<const std::byte> source) {
  const auto origin = mapped_source(source.data(), source.size());
  if (!origin) return nullptr;
  for (auto& work : registry().all())
    if (work->folder == folder && work->model == whole(*origin)) return std::make_unique<KeptAhead>(std::move(work));
  const std::optional<KeyedHash> hash = hash_of(folder);
  if (!hash) return nullptr;
  auto work = std::make_shared<Work>(folder, *hash, *origin);
  if (!work->items.empty()) {
    const SignalsBlocked guard;
    try {
      work->running = true;
      work->thread = std::thread([work = work.get()] { work->check_all(); });
    } catch (const std::system_error&) { work->running = false; }  // no more threads: finders do it
  }
  registry().add(work);
  return std::make_unique<KeptAhead>(std::move(work));
}

std::optional<CheckedFile> take_checked(const std::string& path) {
  for (const auto& work : registry().all())
    if (auto checked = work->take(path)) return checked;
  return std::nullopt;
}

bool is_checking_ahead() {
  for (const auto& work : registry().all()) {
    const std::lock_guard lock(work->mutex);
    if (work->running) return true;
  }
  return false;
}

void note_kept_use(const MappedSource& origin, const std::string& path) {
  for (const auto& work : registry().all()) work->note(origin, path);
}

}  // namespace nacre
