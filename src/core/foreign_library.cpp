#include "core/foreign_library.h"

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "core/cpu.h"
#include "core/knobs.h"
#include "core/log.h"
#include "core/os/child.h"
#include "core/os/elf.h"
#include "core/os/file.h"
#include "core/os/stamp.h"

namespace nacre {
namespace {

constexpr int kTrialMilliseconds = 60'000;
constexpr std::string_view kVerdictHead = "nacre verdicts 1";

std::string joined_path(std::string_view folder, std::string_view name) { return cat(folder, folder.ends_with('/') ? "" : "/", name); }

// "libonnxruntime.so.1.31.1" is newer than ".so.1.4.0": runs of digits compare as numbers.
bool older_name(std::string_view a, std::string_view b) {
  auto digits = [](std::string_view text) { return std::min(text.find_first_not_of("0123456789"), text.size()); };
  while (!a.empty() && !b.empty()) {
    const size_t m = digits(a), n = digits(b);
    if (m && n) {
      if (m != n) return m < n;
      if (const int order = a.substr(0, m).compare(b.substr(0, n)); order != 0) return order < 0;
      a.remove_prefix(m), b.remove_prefix(n);
    } else {
      if (a[0] != b[0]) return a[0] < b[0];
      a.remove_prefix(1), b.remove_prefix(1);
    }
  }
  return a.size() < b.size();
}

std::string library_in(const std::string& folder, const std::string& stem) {
  const auto names = list_directory(folder);
  if (!names) return "";
  std::string best;
  for (const std::string& name : *names)
    if (name == stem || (name.starts_with(stem + ".") && name.find_first_not_of("0123456789.", stem.size()) == std::string::npos))
      if (best.empty() || older_name(best, name)) best = name;
  return best.empty() ? "" : joined_path(folder, best);
}

std::vector<std::string> split(std::string_view list, char separator) {
  std::vector<std::string> out;
  while (!list.empty()) {
    const size_t end = std::min(list.find(separator), list.size());
    if (end > 0) out.emplace_back(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return out;
}

std::vector<std::string> site_packages(const std::string& environment) {
  std::vector<std::string> out;
  for (const char* lib : {"lib", "lib64"})
    if (const auto names = list_directory(joined_path(environment, lib)))
      for (const std::string& name : *names)
        if (name.starts_with("python3"))
          for (const char* packages : {"site-packages", "dist-packages"})
            out.push_back(cat(environment, "/", lib, "/", name, "/", packages));
  return out;
}

/// Verdicts by key; the file is input like any other: lines that do not read as one are dropped.
class Verdicts {
 public:
  static Verdicts& process() {
    static auto* verdicts = new Verdicts;
    return *verdicts;
  }

  /// Empty text: it went well. None: not known.
  std::optional<std::string> find(const std::string& key) {
    const std::lock_guard lock(mutex_);
    read();
    const auto found = known_.find(key);
    return found == known_.end() ? std::nullopt : std::optional(found->second);
  }

  void remember(const std::string& key, std::string verdict) {
    for (char& c : verdict)
      if (c == '\n' || c == '\t') c = ' ';
    const std::lock_guard lock(mutex_);
    read();
    known_[key] = verdict;
    write();
  }

 private:
  static std::string file() {
    const auto folder = knob_text(Knob::cache_dir);
    return folder ? joined_path(*folder, "foreign-verdicts") : "";
  }

  void read() {
    if (const std::string path = file(); path != read_from_) {
      read_from_ = path;
      const auto mapped = path.empty() || !is_file(path) ? Result<MappedFile>(MappedFile()) : map_file(path);
      const std::vector<std::string> lines = split(mapped ? mapped->text() : std::string_view(), '\n');
      if (lines.empty() || lines[0] != kVerdictHead) return;
      for (const std::string& line : lines) {
        const size_t last = line.rfind('\t');
        if (std::count(line.begin(), line.end(), '\t') == 5) known_.emplace(line.substr(0, last), line.substr(last + 1));
      }
    }
  }

  void write() const {
    if (read_from_.empty()) return;
    std::string text = cat(kVerdictHead, "\n");
    for (const auto& [key, verdict] : known_) text += cat(key, "\t", verdict, "\n");
    auto done = make_directories(*knob_text(Knob::cache_dir));
    if (done) done = write_file(read_from_, text);
    if (!done) log_message(LogLevel::warning, "verdicts on libraries are not kept: ", done.error().what());
  }

  std::mutex mutex_;
  std::string read_from_;
  std::unordered_map<std::string, std::string> known_;
};

std::string cpu_key() {
  std::string out = cat(cpu().model, "/", to_string(cpu().isa));
  std::replace(out.begin(), out.end(), '\t', ' ');
  return out;
}

Result<std::string> examine(const SearchPlace& place, const ForeignSearch& search) {
  if (!place.path.starts_with('/')) return fail(ErrorCode::unavailable, place.from, " is \"", place.path, "\", not an absolute path");
  std::string path = place.path;
  if (is_directory(path)) {
    path = library_in(place.path, search.stem);
    for (const char* below : {"lib", "capi", "lib64"})
      if (path.empty()) path = library_in(joined_path(place.path, below), search.stem);
    if (path.empty()) return fail(ErrorCode::not_found, "no ", search.stem, " in ", place.path);
  }
  path = NACRE_TRY(real_path(path));
  if (is_disabled(path)) return fail(ErrorCode::unavailable, path, " is switched off by NACRE_DISABLE");
  NACRE_TRY(check_library_file(path));
  return path;
}

}  // namespace

Result<FoundLibrary> find_foreign(const ForeignSearch& search) {
  std::string looked, wrong;
  for (const SearchPlace& place : search.places) {
    auto path = examine(place, search);
    if (path) return FoundLibrary{std::move(*path), place.from};
    if (place.demanded) return std::unexpected(path.error().within(cat(search.what, " (", place.from, ")")));
    if (path.error().code() == ErrorCode::not_found)
      looked += cat(looked.empty() ? "" : ", ", place.path);
    else
      wrong += cat("; ", path.error().message());
  }
  Error error(ErrorCode::unavailable, cat(search.what, " was not found: no ", search.stem, " in ", looked, wrong), search.advice);
  return std::unexpected(std::move(error));
}

std::vector<SearchPlace> usual_places(const std::string& package_folder) {
  std::vector<SearchPlace> out;
  if (const std::string folder = program_folder(); !folder.empty()) out.push_back({folder, "next to the program"});
  for (const char* variable : {"VIRTUAL_ENV", "CONDA_PREFIX"})
    if (const char* environment = std::getenv(variable); environment && *environment == '/')
      for (const std::string& packages : site_packages(environment)) out.push_back({joined_path(packages, package_folder), variable});
  if (const char* list = std::getenv("LD_LIBRARY_PATH"))
    for (std::string& folder : split(list, ':'))
      if (folder.starts_with('/')) out.push_back({std::move(folder), "LD_LIBRARY_PATH"});
  for (const char* folder : {"/usr/local/lib", "/usr/local/lib64", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64",
                             "/usr/lib", "/opt/homebrew/lib"})
    if (is_directory(folder)) out.push_back({folder, "system"});
  return out;
}

Result<SharedLibrary> open_foreign(const std::string& path) {
  if (!path.starts_with('/'))
    return fail(ErrorCode::unavailable, "\"", path, "\" is not an absolute path; libraries are loaded by those only");
  if (is_disabled(path)) return fail(ErrorCode::unavailable, "\"", path, "\" is switched off by NACRE_DISABLE");
  NACRE_TRY(check_library_file(path));
  log_message(LogLevel::info, "loading ", path, " (NACRE_DISABLE=", path, " would leave it alone)");
  SharedLibrary library = NACRE_TRY(SharedLibrary::load(path));
  library.keep_loaded();  // they start threads and register exit handlers
  return library;
}

Result<void> try_foreign(const std::string& path, std::string_view name, FunctionRef<std::string()> trial) {
  const FileStamp stamp = NACRE_TRY(stamp_of(path));
  const std::string key = cat(name, "\t", path, "\t", stamp.size, "\t", stamp.modified, "\t", cpu_key());
  std::optional<std::string> verdict = Verdicts::process().find(key);
  if (!verdict) {
    log_message(LogLevel::info, "trying ", path, " (", name, ") in a child process");
    const auto seen = run_in_child(trial, kTrialMilliseconds);
    if (!seen && seen.error().code() == ErrorCode::unsupported) return {};
    const ChildResult result = NACRE_TRY(seen);
    verdict = result.finished ? result.text : cat("its trial (", name, ") ", result.cause);
    if (!result.timed_out) Verdicts::process().remember(key, *verdict);  // a busy machine is no property of the library
  }
  if (verdict->empty()) return {};
  return fail(ErrorCode::unavailable, "\"", path, "\" cannot be used: ", *verdict);
}

static thread_local bool probes_thoroughly = false;
ThoroughProbe::ThoroughProbe() noexcept : before_(std::exchange(probes_thoroughly, true)) {}
ThoroughProbe::~ThoroughProbe() { probes_thoroughly = before_; }
bool ThoroughProbe::wanted() noexcept { return probes_thoroughly; }

bool is_disabled(std::string_view backend_or_path) {
  const std::vector<std::string> listed = split(knob_text(Knob::disable).value_or(""), ',');
  return std::find(listed.begin(), listed.end(), backend_or_path) != listed.end();
}

}  // namespace nacre
