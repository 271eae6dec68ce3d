// Stands for an ONNX Runtime that was built with every provider: its table has the entries that the adapter uses, each at its position,
// and keeps a line of what it was asked. Its version is in its file's name (libonnxruntime.so.1.24.0). Entries that are newer than
// that version, and those that the adapter has no use for, end the process. Every model of it gives 64 times its input.
#include <dlfcn.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

#define NACRE_EXPORT extern "C" __attribute__((visibility("default")))

std::string& record() {
  static auto* text = new std::string;
  return *text;
}
void note(const std::string& line) { record() += line + "\n"; }

struct Status {
  int code;
  std::string text;
};
Status* refuse(int code, const std::string& text) { return new Status{code, text}; }

struct Options {
  std::string provider, profile;
  int severity = 2;
};
struct Session {
  std::string provider;
};
struct Value {
  std::vector<long long> shape;
  std::vector<float> own;
  void* data;
};
struct Binding {
  std::vector<const Value*> inputs;
  int outputs = 0;
};
struct Device {
  const char* provider;
  int type;  // 0 CPU, 1 GPU
  const char *vendor, *name;
};
struct Part {
  const char* provider;
  std::vector<const char* const*> nodes;
};
using Log = void (*)(void*, int, const char*, const char*, const char*, const char*);
Log log_to = nullptr;

const std::string& version() {
  static const auto* text = [] {
    Dl_info about{};
    dladdr(reinterpret_cast<const void*>(&version), &about);
    const std::string path = about.dli_fname;
    return new std::string(path.substr(path.rfind(".so.") + 4));
  }();
  return *text;
}
int minor_version() { return std::atoi(version().c_str() + 2); }

std::string pairs(const char* const* keys, const char* const* values, size_t count) {
  std::string out;
  for (size_t i = 0; i < count; ++i) out += (i ? ", " : "") + std::string(keys[i]) + "=" + values[i];
  return out;
}

// What a provider says of an option that it does not know, and of one that it cannot follow.
Status* judge(const char* const* keys, const char* const* values, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    if (std::strcmp(keys[i], "toaster") == 0) return refuse(1, "Unknown provider option: \"toaster\".");
    if (std::strcmp(values[i], "no driver") == 0) return refuse(11, "CUDA driver version is insufficient for CUDA runtime version");
  }
  return nullptr;
}

Status* append(Options* options, const char* provider) {
  const char* missing = std::getenv("NACRE_STUB_WITHOUT");
  if (missing && std::strcmp(missing, provider) == 0) return refuse(11, "Failed to load library libnvinfer.so.10");
  options->provider = provider;
  return nullptr;
}

// Since when the one function for all providers knows a name, and what the provider calls itself.
struct Known {
  const char *name, *provider;
  int since;
};
constexpr Known kKnown[] = {{"DML", "DmlExecutionProvider", 17},          {"QNN", "QNNExecutionProvider", 17},
                            {"XNNPACK", "XnnpackExecutionProvider", 17},  {"AZURE", "AzureExecutionProvider", 17},
                            {"VitisAI", "VitisAIExecutionProvider", 17},  {"CoreML", "CoreMLExecutionProvider", 20},
                            {"WebGPU", "WebGpuExecutionProvider", 20},    {"NvTensorRtRtx", "NvTensorRTRTXExecutionProvider", 22},
                            {"MIGraphX", "MIGraphXExecutionProvider", 23}};

Status* append_by_name(Options* options, const char* name, const char* const* keys, const char* const* values, size_t count) {
  for (const Known& known : kKnown)
    if (std::strcmp(known.name, name) == 0 && known.since <= minor_version()) {
      note(std::string("append ") + name + "(" + pairs(keys, values, count) + ")");
      if (Status* wrong = judge(keys, values, count)) return wrong;
      return append(options, known.provider);
    }
  return refuse(1, std::string("Unknown provider name. '") + name + "'");
}

struct Struct {
  std::string name;
};
template <const char* name>
Status* create_struct(Struct** out) {
  *out = new Struct{name};
  return nullptr;
}
Status* update_struct(Struct* held, const char* const* keys, const char* const* values, size_t count) {
  note("update " + held->name + "(" + pairs(keys, values, count) + ")");
  return judge(keys, values, count);
}
void release_struct(Struct* held) { delete held; }
template <const char* name, const char* provider>
Status* append_struct(Options* options, const Struct* held) {
  note(std::string("append ") + name + (held->name == name ? "" : " with the options of " + held->name));
  return append(options, provider);
}
template <const char* name, const char* provider>
Status* append_pairs(Options* options, const char* const* keys, const char* const* values, size_t count) {
  note(std::string("append ") + name + "(" + pairs(keys, values, count) + ")");
  if (Status* wrong = judge(keys, values, count)) return wrong;
  return append(options, provider);
}
constexpr char kCuda[] = "CUDA_V2", kTensorRt[] = "TensorRT_V2", kRocm[] = "ROCM", kCann[] = "CANN", kOpenVino[] = "OpenVINO_V2",
               kVitis[] = "VitisAI_V1", kCudaName[] = "CUDAExecutionProvider", kTensorRtName[] = "TensorrtExecutionProvider",
               kRocmName[] = "ROCMExecutionProvider", kCannName[] = "CANNExecutionProvider", kOpenVinoName[] = "OpenVINOExecutionProvider",
               kVitisName[] = "VitisAIExecutionProvider";

// The struct of MIGraphX begins with two whole numbers.
Status* append_migraphx(Options* options, const int* fields) {
  note("append MIGraphX struct(" + std::to_string(fields[0]) + ", " + std::to_string(fields[1]) + ")");
  return append(options, "MIGraphXExecutionProvider");
}

constexpr const char* kProviders[] = {"TensorrtExecutionProvider", "CUDAExecutionProvider",     "NvTensorRTRTXExecutionProvider",
                                      "MIGraphXExecutionProvider", "ROCMExecutionProvider",     "DmlExecutionProvider",
                                      "CoreMLExecutionProvider",   "WebGpuExecutionProvider",   "VitisAIExecutionProvider",
                                      "QNNExecutionProvider",      "OpenVINOExecutionProvider", "NnapiExecutionProvider",
                                      "CANNExecutionProvider",     "ACLExecutionProvider",      "XnnpackExecutionProvider",
                                      "AzureExecutionProvider",    "CPUExecutionProvider"};

const Device kDevices[] = {{"CPUExecutionProvider", 0, "AMD", "a processor"},
                           {"CUDAExecutionProvider", 1, "NVIDIA", "Stub 100"},
                           {"CUDAExecutionProvider", 1, "NVIDIA", "Stub 200"}};

// "product" on the provider that was asked for and "shift" on the CPU; DML takes nothing.
const char *const kProduct = "product", *const kShift = "shift";
bool takes_product(const std::string& provider) { return provider != "DmlExecutionProvider"; }

Status* create_session(const void*, const void*, size_t, const Options* options, Session** out) {
  *out = new Session{options->provider};
  if (minor_version() < 24 && options->severity == 0 && log_to) {
    const std::string first = takes_product(options->provider) ? options->provider : "CPUExecutionProvider";
    log_to(nullptr, 1, "", "", "", ("Node(s) placed on [" + first + "]. Number of nodes: 1\n  Mul (product)").c_str());
    log_to(nullptr, 1, "", "", "", "Node(s) placed on [CPUExecutionProvider]. Number of nodes: 1\n  Mul (shift)");
  }
  return nullptr;
}

Status* assignments(const Session* session, const Part* const** parts, size_t* count) {
  static Part made[2];
  static const Part* const list[] = {&made[0], &made[1]};
  static std::string provider;
  provider = session->provider;
  const bool takes = takes_product(provider);
  made[0] = {takes ? provider.c_str() : "CPUExecutionProvider", {&kProduct}};
  made[1] = {"CPUExecutionProvider", {&kShift}};
  *parts = list, *count = 2;
  return nullptr;
}

Value* times_64(const Value& x) {
  size_t size = 1;
  for (long long dim : x.shape) size *= static_cast<size_t>(dim);
  auto* y = new Value{x.shape, std::vector<float>(size), nullptr};
  for (size_t i = 0; i < size; ++i) y->own[i] = 64 * static_cast<const float*>(x.data)[i];
  y->data = y->own.data();
  return y;
}

// --- the table ---

template <int position>
void no_entry() {
  note("entry " + std::to_string(position) + " was called");
  __builtin_trap();
}

struct Table {
  std::array<const void*, 415> entries;

  template <size_t... positions>
  explicit Table(std::index_sequence<positions...>) : entries{reinterpret_cast<const void*>(&no_entry<int(positions)>)...} {
    fill_basics(), fill_values(), fill_providers();
  }

  template <class R, class... Args>
  void set(int position, R (*function)(Args...), int since = 17) {
    if (since <= minor_version()) entries[size_t(position)] = reinterpret_cast<const void*>(function);
  }

  void fill_basics() {
    set(1, +[](const Status* status) { return status->code; });
    set(2, +[](const Status* status) { return status->text.c_str(); });
    set(93, +[](Status* status) { delete status; });
    set(4, +[](Log log, void*, int, const char*, void** env) -> Status* { return log_to = log, *env = &record(), nullptr; });
    set(6, +[](const void*) -> Status* { return nullptr; });
    set(
        7,
        +[](const void* env, const char*, const Options* options, Session** out) { return create_session(env, nullptr, 0, options, out); });
    set(8, &create_session);
    set(95, +[](Session* session) { delete session; });
    set(10, +[](Options** out) -> Status* { return *out = new Options, nullptr; });
    set(100, +[](Options* options) { delete options; });
    set(22, +[](Options* options, int level) -> Status* { return options->severity = level, nullptr; });
    set(23, +[](Options*, int level) -> Status* { return note("optimisation " + std::to_string(level)), nullptr; });
    set(24, +[](Options*, int count) -> Status* { return note("intra_threads " + std::to_string(count)), nullptr; });
    set(25, +[](Options*, int count) -> Status* { return note("inter_threads " + std::to_string(count)), nullptr; });
    set(273, +[](Options*, bool on) -> Status* { return note(on ? "deterministic" : "not deterministic"), nullptr; });
    set(130, +[](Options*, const char* key, const char* value) -> Status* { return note(std::string(key) + "=" + value), nullptr; });
    set(39, +[](int** out) -> Status* { return *out = new int, nullptr; });
    set(41, +[](int*, int) -> Status* { return nullptr; });
    set(46, +[](int*) -> Status* { return nullptr; });
    set(97, +[](int* options) { delete options; });
    set(407, &assignments, 24);
    set(408, +[](const Part* part, const char** out) -> Status* { return *out = part->provider, nullptr; }, 24);
    set(
        409,
        +[](const Part* part, const char* const* const** nodes, size_t* count) -> Status* {
          return *nodes = part->nodes.data(), *count = part->nodes.size(), nullptr;
        },
        24);
    set(410, +[](const char* const* node, const char** out) -> Status* { return *out = *node, nullptr; }, 24);
  }

  void fill_values() {
    set(69, +[](int, int, void** out) -> Status* { return *out = &record(), nullptr; });
    set(94, +[](void*) {});
    set(76, +[](void*, void* memory) -> Status* { return std::free(memory), nullptr; });
    set(78, +[](void** out) -> Status* { return *out = &record(), nullptr; });
    set(
        49, +[](const void*, void* data, size_t, const long long* shape, size_t rank, int, Value** out) -> Status* {
          return *out = new Value{{shape, shape + rank}, {}, data}, nullptr;
        });
    set(51, +[](Value* value, void** out) -> Status* { return *out = value->data, nullptr; });
    set(60, +[](const Value*, int* type) -> Status* { return *type = 1, nullptr; });
    set(61, +[](const Value* value, size_t* rank) -> Status* { return *rank = value->shape.size(), nullptr; });
    set(
        62, +[](const Value* value, long long* shape, size_t rank) -> Status* {
          return std::memcpy(shape, value->shape.data(), rank * sizeof *shape), nullptr;
        });
    set(65, +[](const Value* value, const Value** out) -> Status* { return *out = value, nullptr; });
    set(67, +[](const Value*, int* kind) -> Status* { return *kind = 1, nullptr; });
    set(96, +[](Value* value) { delete value; });
    set(99, +[](const Value*) {});
    set(
        9,
        +[](Session*, const void*, const char* const*, const Value* const* inputs, size_t, const char* const*, size_t,
            Value** out) -> Status* { return *out = times_64(*inputs[0]), nullptr; });
    set(
        133, +[](Session*, const void*, Binding* binding) -> Status* {
          return note("run bound"), binding->outputs == 1 ? nullptr : refuse(2, "?");
        });
    set(134, +[](Session*, Binding** out) -> Status* { return *out = new Binding, nullptr; });
    set(135, +[](Binding* binding) { delete binding; });
    set(136, +[](Binding* binding, const char*, const Value* value) -> Status* { return binding->inputs.push_back(value), nullptr; });
    set(138, +[](Binding* binding, const char*, const void*) -> Status* { return ++binding->outputs, nullptr; });
    set(
        140, +[](const Binding* binding, void*, Value*** out, size_t* count) -> Status* {
          *out = static_cast<Value**>(std::malloc(sizeof(Value*)));
          return **out = times_64(*binding->inputs[0]), *count = 1, nullptr;
        });
  }

  void fill_providers() {
    set(
        125, +[](const char* const** names, int* count) -> Status* {
          return *names = kProviders, *count = int(std::size(kProviders)), nullptr;
        });
    set(126, +[](const char* const*, int) -> Status* { return nullptr; });
    set(216, &append_by_name);
    set(170, &append_struct<kTensorRt, kTensorRtName>), set(171, &create_struct<kTensorRt>), set(172, &update_struct),
        set(174, &release_struct);
    set(204, &append_struct<kCuda, kCudaName>), set(205, &create_struct<kCuda>), set(206, &update_struct), set(208, &release_struct);
    set(153, &append_struct<kRocm, kRocmName>), set(255, &create_struct<kRocm>), set(256, &update_struct), set(258, &release_struct);
    set(220, &append_struct<kCann, kCannName>), set(221, &create_struct<kCann>), set(222, &update_struct), set(224, &release_struct);
    set(209, &append_migraphx);
    set(275, &append_pairs<kOpenVino, kOpenVinoName>);
    set(276, &append_pairs<kVitis, kVitisName>, 18);
    set(297, +[](const Device* device, const char* key) { return std::strcmp(key, "Description") == 0 ? device->name : nullptr; }, 22);
    set(
        303,
        +[](const void*, const Device* const** out, size_t* count) -> Status* {
          static const Device* const list[] = {&kDevices[0], &kDevices[1], &kDevices[2]};
          return *out = list, *count = 3, nullptr;
        },
        22);
    set(307, +[](const Device* device) { return device->type; }, 22);
    set(309, +[](const Device* device) { return device->vendor; }, 22);
    set(311, +[](const Device* device) { return device; }, 22);
    set(312, +[](const Device* device) { return device->provider; }, 22);
    set(316, +[](const Device* device) { return device; }, 22);
  }
};

struct Base {
  const void* (*api)(unsigned);
  const char* (*version)();
};
const Base base{[](unsigned asked) -> const void* {
                  static const auto* table = new Table(std::make_index_sequence<415>());
                  return int(asked) <= minor_version() ? table->entries.data() : nullptr;
                },
                [] { return version().c_str(); }};

Status* exported(Options* options, const char* name, const char* provider, unsigned flags) {
  note(std::string("append exported ") + name + "(" + std::to_string(flags) + ")");
  return append(options, provider);
}

}  // namespace

NACRE_EXPORT const void* OrtGetApiBase() { return &base; }
NACRE_EXPORT void* OrtSessionOptionsAppendExecutionProvider_CoreML(Options* options, unsigned flags) {
  return exported(options, "CoreML", "CoreMLExecutionProvider", flags);
}
NACRE_EXPORT void* OrtSessionOptionsAppendExecutionProvider_Nnapi(Options* options, unsigned flags) {
  return exported(options, "Nnapi", "NnapiExecutionProvider", flags);
}
NACRE_EXPORT void* OrtSessionOptionsAppendExecutionProvider_ACL(Options* options, bool fast) {
  return exported(options, "ACL", "ACLExecutionProvider", fast);
}
NACRE_EXPORT const char* nacre_recorded() { return record().c_str(); }
NACRE_EXPORT void nacre_forget() { record().clear(); }
