#include "importers/huggingface/directory.h"

#include <algorithm>
#include <cstdlib>

#include "core/os/file.h"

namespace nacre {
namespace {

using Names = std::vector<std::string>;

std::string listed(const Names& names) {
  std::string out;
  for (const std::string& name : names) out += cat(out.empty() ? "" : ", ", name);
  return out.empty() ? "none" : out;
}

Names names_in(const std::string& directory) {
  auto names = list_directory(directory);
  return names ? std::move(*names) : Names();
}

// --- the local cache ---

/// With ~ for the home directory at its start, as huggingface_hub reads them.
std::string environment(const char* variable) {
  const char* value = std::getenv(variable);
  const char* home = std::getenv("HOME");
  if (!value) return "";
  return value[0] == '~' && (value[1] == '/' || !value[1]) && home ? cat(home, value + 1) : value;
}

// The order of huggingface_hub/constants.py. The offline variables (HF_HUB_OFFLINE, TRANSFORMERS_OFFLINE) change nothing: nothing
// here goes out.
std::string cache_directory() {
  for (const char* variable : {"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"})
    if (std::string given = environment(variable); !given.empty()) return given;
  if (const std::string home = environment("HF_HOME"); !home.empty()) return home + "/hub";
  if (const std::string cache = environment("XDG_CACHE_HOME"); !cache.empty()) return cache + "/huggingface/hub";
  return environment("HOME") + "/.cache/huggingface/hub";
}

struct HubName {
  std::string name, revision;
};

HubName split_revision(std::string_view text) {
  const size_t at = text.find('@');
  if (at == text.npos) return {std::string(text), "main"};
  return {std::string(text.substr(0, at)), std::string(text.substr(at + 1))};
}

bool is_name_part(std::string_view part) noexcept {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  return !part.empty() && part[0] != '.' && part.find_first_not_of(letters) == part.npos && part.find("..") == part.npos;
}

/// The revision's commit: refs/REVISION holds it, or it is a snapshot's own name, or there is only one snapshot.
Result<std::string> find_snapshot(const std::string& place, const std::string& revision) {
  const std::string snapshots = place + "/snapshots/";
  if (is_file(place + "/refs/" + revision)) {
    const MappedFile file = NACRE_TRY(map_file(place + "/refs/" + revision));
    std::string_view commit = file.text();
    while (!commit.empty() && commit.back() <= ' ') commit.remove_suffix(1);
    if (is_name_part(commit) && is_directory(cat(snapshots, commit))) return cat(snapshots, commit);
  }
  if (is_directory(snapshots + revision)) return snapshots + revision;
  const Names all = names_in(snapshots);
  if (all.size() == 1 && revision == "main") return snapshots + all[0];
  return fail(ErrorCode::not_found, "revision \"", revision, "\" is not in the cache; snapshots in ", snapshots, ": ", listed(all));
}

Result<std::string> find_in_cache(std::string_view text) {
  const HubName hub = split_revision(text);
  std::string folder = "models--" + hub.name;
  if (const size_t slash = folder.find('/'); slash != folder.npos) folder.replace(slash, 1, "--");
  const std::string place = cache_directory() + "/" + folder;
  if (is_directory(place)) return find_snapshot(place, hub.revision);
  return fail(ErrorCode::not_found, "no model \"", text, "\": looked for the directory and for ", place,
              " (the cache of the Hub; nothing is downloaded)");
}

// --- which file ---

// transformers.js writes a dtype as a suffix of the file's name: DEFAULT_DTYPE_SUFFIX_MAPPING in its utils/dtypes.js.
struct Suffix {
  std::string_view dtype, suffix;
};
constexpr Suffix kSuffixes[] = {{"fp32", ""}, {"float32", ""}, {"float16", "_fp16"}, {"q8", "_quantized"}};

std::string suffix_of(const std::string& dtype) {
  for (const Suffix& each : kSuffixes)
    if (each.dtype == dtype) return std::string(each.suffix);
  return dtype.starts_with('_') ? dtype : "_" + dtype;
}

bool is_onnx(std::string_view name) { return name.ends_with(".onnx"); }

Names onnx_files(const std::string& directory) {
  Names out;
  for (const std::string& name : names_in(directory))
    if (is_onnx(name) && is_file(directory + "/" + name)) out.push_back(name);
  for (const std::string& name : names_in(directory + "/onnx"))
    if (is_onnx(name) && is_file(directory + "/onnx/" + name)) out.push_back("onnx/" + name);
  return out;
}

bool leaves_directory(std::string_view name) {
  return name.empty() || name[0] == '/' || name == ".." || name.starts_with("../") || name.find("/../") != name.npos ||
         name.ends_with("/..");
}

// Weights that are here, and why they are not taken; listed where nothing else is found.
struct Foreign {
  std::string_view name, reason;
};
constexpr Foreign kForeign[] = {{"pytorch_model.bin", "a pickle, a program that is not run"},
                                {"pytorch_model.bin.index.json", "shards of pickles, programs that are not run"},
                                {"tf_model.h5", "of TensorFlow"},
                                {"flax_model.msgpack", "of Flax"},
                                {"adapter_model.safetensors", "an adapter without its model"}};

std::string foreign_files(const ModelDirectory& directory) {
  for (const Foreign& each : kForeign)
    if (directory.has(each.name))
      return cat("; ", each.name, " is ", each.reason,
                 ": save the model as model.safetensors (save_pretrained of transformers) or export it to ONNX");
  return "";
}

constexpr std::string_view kSafetensors[] = {"model.safetensors.index.json", "model.safetensors"};
// Of one model written several times the plainest counts: as exported, then optimised, then quantised.
constexpr std::string_view kVariants[] = {"", "_optimized", "_quantized"};

class Search {
 public:
  explicit Search(const ModelDirectory& directory) : directory_(directory) {}

  bool take(const std::string& name, std::string reason) {
    if (!is_file(directory_.file(name))) return false;
    const auto format = is_onnx(name) ? ModelFile::Format::onnx : ModelFile::Format::safetensors;
    found.push_back({format, name, directory_.file(name), std::move(reason)});
    return true;
  }

  void take_safetensors() {
    // Without config.json only a static model can be meant, a table of word vectors: static_embedding.h.
    if (!is_file(directory_.file("config.json")) && !is_file(directory_.file("tokenizer.json"))) return;
    for (const std::string_view name : kSafetensors)
      if (take(std::string(name), "config.json with safetensors comes first")) return;
  }

  void take_onnx(const std::string& stem, const std::string& reason) {
    for (const char* folder : {"", "onnx/"}) take(cat(folder, stem, ".onnx"), reason);
  }

  std::vector<ModelFile> found;

 private:
  const ModelDirectory& directory_;
};

}  // namespace

bool is_hub_name(std::string_view text) noexcept {
  const size_t at = text.find('@');
  if (at != text.npos && !is_name_part(text.substr(at + 1))) return false;
  const std::string_view name = text.substr(0, at);
  const size_t slash = name.find('/');
  return slash == name.npos ? is_name_part(name) : is_name_part(name.substr(0, slash)) && is_name_part(name.substr(slash + 1));
}

Result<ModelDirectory> ModelDirectory::open(std::string_view path_or_name) {
  if (is_directory(std::string(path_or_name))) return ModelDirectory(std::string(path_or_name));
  if (!is_hub_name(path_or_name)) return fail(ErrorCode::not_found, "there is no such directory: ", path_or_name);
  return ModelDirectory(NACRE_TRY(find_in_cache(path_or_name)));
}

bool ModelDirectory::has(std::string_view name) const { return is_file(file(name)); }

Result<Json> ModelDirectory::json(std::string_view name) const {
  if (!has(name)) return fail(ErrorCode::not_found, name, " is missing in ", path_);
  const MappedFile mapped = NACRE_TRY(map_file(file(name)));
  Result<Json> out = parse_json(mapped.text());
  if (!out) out.error().within(name);
  return out;
}

Result<Json> ModelDirectory::json_or_empty(std::string_view name) const { return has(name) ? json(name) : parse_json("{}"); }

std::vector<std::string> ModelDirectory::candidates() const {
  Names out = onnx_files(path_);
  for (const std::string& name : names_in(path_))
    if ((name.ends_with(".safetensors") || name == kSafetensors[0]) && has(name)) out.push_back(name);
  std::sort(out.begin(), out.end());
  return out;
}

Result<std::vector<ModelFile>> ModelDirectory::all_weights(const WeightChoice& choice) const {
  Search search(*this);
  if (!choice.file.empty()) {
    if (leaves_directory(choice.file)) return fail(ErrorCode::invalid_argument, "file \"", choice.file, "\" leaves the model's directory");
    if (search.take(choice.file, "named by the caller")) {
      if (is_onnx(choice.file) || std::find(std::begin(kSafetensors), std::end(kSafetensors), choice.file) != std::end(kSafetensors))
        return search.found;
      return fail(ErrorCode::unsupported, choice.file,
                  " is neither an .onnx file nor model.safetensors or its index; there are: ", listed(candidates()));
    }
    return fail(ErrorCode::not_found, choice.file, " is not in ", path_, "; there are: ", listed(candidates()));
  }
  if (!choice.dtype.empty()) {
    if (choice.component == "model" && suffix_of(choice.dtype).empty()) search.take_safetensors();
    search.take_onnx(choice.component + suffix_of(choice.dtype), cat("dtype ", choice.dtype));
    if (!search.found.empty()) return search.found;
    return fail(ErrorCode::not_found, "no ", choice.component, suffix_of(choice.dtype), ".onnx for dtype ", choice.dtype, " in ", path_,
                " or its onnx/; there are: ", listed(candidates()));
  }
  if (choice.component == "model") search.take_safetensors();
  for (const std::string_view variant : kVariants) search.take_onnx(cat(choice.component, variant), "first in the search order");
  if (!search.found.empty()) return search.found;
  const Names others = choice.component == "model" ? onnx_files(path_) : Names();
  if (others.size() == 1 && search.take(others[0], "the only .onnx file here")) return search.found;
  if (others.size() > 1)
    return fail(ErrorCode::invalid_argument, "several files could be the model in ", path_, ": ", listed(others),
                "; name one of them, or a dtype");
  return fail(ErrorCode::not_found, "no model here: looked for config.json with model.safetensors or its index, ", choice.component,
              ".onnx and onnx/", choice.component, ".onnx (also _optimized and _quantized) in ", path_,
              "; there are: ", listed(candidates()), foreign_files(*this));
}

Result<ModelFile> ModelDirectory::weights(const WeightChoice& choice) const { return std::move(NACRE_TRY(all_weights(choice)).front()); }

}  // namespace nacre
