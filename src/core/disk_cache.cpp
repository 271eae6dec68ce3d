#include "core/disk_cache.h"

#include <algorithm>
#include <cstring>
#include <set>

#include "core/kept_ahead.h"
#include "core/knobs.h"
#include "core/log.h"
#include "core/os/stamp.h"
#include "core/thread_team.h"

namespace nacre {
namespace {

using Bytes = DiskCache::Bytes;

constexpr uint64_t kMagic = 0x31306b6361706e;  // "npack01"
constexpr std::string_view kSuffix = ".kept", kSecretFile = "secret", kTemporary = ".tmp-";
constexpr int64_t kDefaultLimit = int64_t{4} << 30, kSecond = 1'000'000'000;

Bytes bytes_of(std::string_view text) { return std::as_bytes(std::span(text.data(), text.size())); }

std::string hex(const Digest& digest) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (uint64_t word : {digest.high, digest.low})
    for (int shift = 60; shift >= 0; shift -= 4) out += kDigits[word >> shift & 15];
  return out;
}

// Times of a file system advance in steps: of two changes within one, the second leaves no trace in them.
bool is_settled(const MappedSource& source) { return now_nanoseconds() - std::max(source.modified, source.changed) > 2 * kSecond; }

Result<KeyedHash::Secret> read_secret(const std::string& path) {
  KeyedHash::Secret out;
  const MappedFile file = NACRE_TRY(map_own_file(path));
  if (file.bytes().size() != out.size())
    return fail(ErrorCode::io, "\"", path, "\" has ", file.bytes().size(), " bytes instead of ", out.size());
  std::memcpy(out.data(), file.bytes().data(), out.size());
  return out;
}

// Of two processes that make one at the same time, the second one's counts.
Result<KeyedHash::Secret> secret_in(const std::string& folder) {
  const std::string path = cat(folder, "/", kSecretFile);
  if (auto there = read_secret(path)) return there;
  KeyedHash::Secret made;
  NACRE_TRY(fill_random(made));
  NACRE_TRY(write_own_file(path, made, {}));
  return read_secret(path);
}

struct KeptFile {
  std::string path;
  FileStamp stamp;
};
/// Kept files and what writers that died left behind, the one used longest ago first.
std::vector<KeptFile> files_in(const std::string& folder) {
  std::vector<KeptFile> out;
  const auto names = list_directory(folder);
  if (!names) return out;
  for (const std::string& name : *names) {
    const bool abandoned = name.find(kTemporary) != std::string::npos;
    if (!name.ends_with(kSuffix) && !name.ends_with(kUsesSuffix) && !abandoned) continue;
    const std::string path = cat(folder, "/", name);
    const auto stamp = stamp_of(path);
    if (!stamp) continue;
    if (abandoned && now_nanoseconds() - stamp->modified > 3600 * kSecond)
      remove_file(path);
    else
      out.push_back({path, *stamp});
  }
  std::ranges::sort(out, {}, [](const KeptFile& file) { return file.stamp.modified; });
  return out;
}

int64_t total_of(const std::vector<KeptFile>& files) {
  int64_t total = 0;
  for (const KeptFile& file : files) total += file.stamp.size;
  return total;
}

Result<int64_t> limit_of_cache() { return NACRE_TRY(knob_integer(Knob::cache_limit)).value_or(kDefaultLimit); }

std::string folder_path(std::string_view folder) {
  const auto directory = knob_text(Knob::cache_dir);
  return directory ? cat(*directory, "/", folder) : "";
}

bool is_first_time(const std::string& text) {
  static auto* mutex = new std::mutex;
  static auto* said = new std::set<std::string>;
  const std::lock_guard lock(*mutex);
  return said->insert(text).second;
}

}  // namespace

// --- the head of a file: numbers of 64 bits, a hash over them, zeros ---

std::array<std::byte, kCacheHeadBytes> write_cache_head(const CacheHead& head, const KeyedHash& hash) {
  const MappedSource& origin = head.origin;
  const uint64_t words[] = {kMagic,
                            head.key.low,
                            head.key.high,
                            head.body.low,
                            head.body.high,
                            head.source.low,
                            head.source.high,
                            head.body_bytes,
                            head.source_bytes,
                            origin.device,
                            origin.inode,
                            static_cast<uint64_t>(origin.size),
                            static_cast<uint64_t>(origin.modified),
                            static_cast<uint64_t>(origin.changed),
                            static_cast<uint64_t>(origin.offset)};
  const Digest seal = hash.of(std::as_bytes(std::span(words)));
  std::array<std::byte, kCacheHeadBytes> out{};
  std::memcpy(out.data(), words, sizeof words);
  std::memcpy(out.data() + sizeof words, &seal, sizeof seal);
  return out;
}

Result<CacheHead> read_cache_head(std::span<const std::byte> file, const KeyedHash& hash) {
  constexpr size_t kWords = 15;
  if (file.size() < kCacheHeadBytes) return fail(ErrorCode::io, "has ", file.size(), " bytes, less than a head");
  uint64_t words[kWords];
  Digest seal;
  std::memcpy(words, file.data(), sizeof words);
  std::memcpy(&seal, file.data() + sizeof words, sizeof seal);
  if (words[0] != kMagic) return fail(ErrorCode::io, "is of another kind or version");
  if (hash.of(std::as_bytes(std::span(words))) != seal) return fail(ErrorCode::io, "was not written here, or was changed since");
  CacheHead out{.key = {words[1], words[2]},
                .body = {words[3], words[4]},
                .source = {words[5], words[6]},
                .body_bytes = words[7],
                .source_bytes = words[8],
                .origin = {words[9], words[10], static_cast<int64_t>(words[11]), static_cast<int64_t>(words[12]),
                           static_cast<int64_t>(words[13]), static_cast<int64_t>(words[14])}};
  if (out.body_bytes != file.size() - kCacheHeadBytes)
    return fail(ErrorCode::io, "has ", file.size() - kCacheHeadBytes, " bytes after its head, which says ", out.body_bytes);
  return out;
}

// --- the cache ---

Result<std::shared_ptr<DiskCache>> DiskCache::open_at(const std::string& path, int64_t limit) {
  if (!path.starts_with('/')) return fail(ErrorCode::invalid_argument, "\"", path, "\" is not an absolute path");
  NACRE_TRY(make_own_directory(path));
  return std::make_shared<DiskCache>(path, NACRE_TRY(secret_in(path)), limit);
}

std::shared_ptr<DiskCache> DiskCache::open(std::string_view folder) {
  const std::string path = folder_path(folder);
  if (path.empty()) return nullptr;
  const auto limit = limit_of_cache();
  auto cache = limit ? open_at(path, *limit) : Result<std::shared_ptr<DiskCache>>(std::unexpected(limit.error()));
  if (cache) return *cache;
  if (is_first_time(path)) log_message(LogLevel::warning, "nothing is kept in NACRE_CACHE_DIR: ", cache.error().what());
  return nullptr;
}

// The source's ends tell models of one shape apart without reading them; what the name leaves open the head decides.
std::string DiskCache::path_for(std::string_view key, Bytes source) const {
  std::string text = cat(key, "\n", source.size(), "\n");
  for (Bytes part : {source.first(std::min<size_t>(source.size(), 64)), source.last(std::min<size_t>(source.size(), 64))})
    text.append(reinterpret_cast<const char*>(part.data()), part.size());
  return cat(path_, "/", hex(hash_.of(bytes_of(text))), kSuffix);
}

Result<void> DiskCache::write(const std::string& path, std::string_view key, Bytes source, Bytes made) const {
  const auto origin = mapped_source(source.data(), source.size());
  const CacheHead head{.key = hash_.of(bytes_of(key)),
                       .body = hash_.of(made),
                       .source = hash_.of(source),
                       .body_bytes = made.size(),
                       .source_bytes = source.size(),
                       .origin = origin && is_settled(*origin) ? *origin : MappedSource{}};
  return write_own_file(path, write_cache_head(head, hash_), made);
}

std::optional<DiskCache::Kept> DiskCache::find(std::string_view key, Bytes source) const {
  const std::string path = path_for(key, source);
  const std::optional<CheckedFile> checked = take_checked(path);
  const auto file = checked ? Result<MappedFile>(checked->file) : map_own_file(path);
  if (!file) {
    if (file.error().code() != ErrorCode::not_found) log_message(LogLevel::info, "made again: ", file.error().what());
    return std::nullopt;
  }
  const auto refuse = [&](std::string_view why) {
    log_message(LogLevel::info, "\"", path, "\" ", why, ": made again");
    return std::nullopt;
  };
  const auto head = read_cache_head(file->bytes(), hash_);
  if (!head) return refuse(head.error().message());
  if (head->key != hash_.of(bytes_of(key)) || head->source_bytes != source.size()) return refuse("is of something else");
  const auto origin = mapped_source(source.data(), source.size());
  const bool same_file = origin && *origin == head->origin;
  if (!same_file && hash_.of(source) != head->source) return refuse("is of other weights");
  const Bytes body = file->bytes().subspan(kCacheHeadBytes);
  const ThreadLimit alone(is_checking_ahead() ? 1 : 0);
  if ((checked ? checked->body : hash_.of(body)) != head->body) return refuse("is damaged");
  // A model that was moved or copied is known by its times from now on.
  if (!same_file && origin && is_settled(*origin)) static_cast<void>(write(path, key, source, body));
  if (origin) note_kept_use(*origin, path);
  const auto own = mapped_source(file->bytes().data(), file->bytes().size());
  if (own && now_nanoseconds() - own->modified > 60 * kSecond) touch_file(path);
  return Kept{body, file->owner()};
}

void DiskCache::make_room(int64_t bytes) {
  if (used_ >= 0 && used_ + bytes <= limit_) return;
  std::vector<KeptFile> files = files_in(path_);
  used_ = total_of(files);
  for (const KeptFile& file : files) {
    if (used_ + bytes <= limit_) return;
    remove_file(file.path);
    used_ -= file.stamp.size;
  }
}

void DiskCache::keep(std::string_view key, Bytes source, Bytes made) {
  const int64_t bytes = static_cast<int64_t>(made.size() + kCacheHeadBytes);
  const std::lock_guard lock(mutex_);
  if (refused_ || bytes > limit_) return;
  make_room(bytes);
  const std::string path = path_for(key, source);
  if (auto done = write(path, key, source, made); !done) {
    refused_ = true;  // a full disk is not asked again for every weight
    if (is_first_time(path_)) log_message(LogLevel::warning, "packed weights are not kept: ", done.error().what());
    return;
  }
  used_ += bytes;
  if (const auto origin = mapped_source(source.data(), source.size())) note_kept_use(*origin, path);
}

// --- for people ---

DiskCacheState disk_cache_state(std::string_view folder) {
  DiskCacheState out{.path = folder_path(folder), .reason = {}};
  if (out.path.empty()) return out;
  const auto limit = limit_of_cache();
  out.limit = limit.value_or(0);
  const auto cache = limit ? DiskCache::open_at(out.path, *limit) : Result<std::shared_ptr<DiskCache>>(std::unexpected(limit.error()));
  if (!cache) out.reason = cache.error().what();
  const std::vector<KeptFile> files = files_in(out.path);
  out.files = static_cast<int64_t>(files.size()), out.bytes = total_of(files);
  return out;
}

Result<int64_t> clear_disk_cache(std::string_view folder) {
  const std::string path = folder_path(folder);
  if (path.empty()) return fail(ErrorCode::invalid_argument, "NACRE_CACHE_DIR is not set: nothing is kept");
  if (!is_directory(path)) return int64_t{0};
  const std::vector<KeptFile> files = files_in(path);
  for (const KeptFile& file : files) remove_file(file.path);
  remove_file(cat(path, "/", kSecretFile));
  return total_of(files);
}

}  // namespace nacre
