// Keys: https://onnxruntime.ai/docs/execution-providers/
#include "backends/onnxruntime/providers.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <map>
#include <mutex>

#include "core/foreign_library.h"
#include "core/log.h"
#include "core/os/elf.h"

namespace nacre::onnxruntime {
namespace {

struct Words {
  std::vector<const char*> keys, values;
  explicit Words(const BackendOptions& options) {
    for (const auto& [key, value] : options) keys.push_back(key.c_str()), values.push_back(value.c_str());
  }
};

Result<void> generic(const Library& library, SessionOptions* session, const Provider& provider, const BackendOptions& options) {
  const Words words(options);
  return library.api.call(kAppendProvider, session, std::string(provider.generic).c_str(), words.keys.data(), words.values.data(),
                          words.keys.size());
}

// Four providers have options of a type of their own: made, filled by name, appended, given back.
template <const auto& create, const auto& update, const auto& release, const auto& append>
Result<void> with_options(const Library& library, SessionOptions* session, const Provider&, const BackendOptions& options) {
  ProviderOptions* raw = nullptr;
  NACRE_TRY(library.api.call(create, &raw));
  const auto held = library.api.own(raw, release);
  const Words words(options);
  if (!options.empty()) NACRE_TRY(library.api.call(update, raw, words.keys.data(), words.values.data(), words.keys.size()));
  return library.api.call(append, session, raw);
}

Result<void> openvino(const Library& library, SessionOptions* session, const Provider&, const BackendOptions& options) {
  const Words words(options);
  return library.api.call(kAppendOpenVino, session, words.keys.data(), words.values.data(), words.keys.size());
}

Result<void> vitisai(const Library& library, SessionOptions* session, const Provider& provider, const BackendOptions& options) {
  if (!library.api.has(kAppendVitisAi)) return generic(library, session, provider, options);
  const Words words(options);
  return library.api.call(kAppendVitisAi, session, words.keys.data(), words.values.data(), words.keys.size());
}

Result<int> whole_number(const std::string& key, const std::string& value) {
  int out = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), out);
  if (error != std::errc() || end != value.data() + value.size())
    return fail(ErrorCode::invalid_argument, "option \"", key, "\" is \"", value, "\", takes a whole number");
  return out;
}

// By name where the library knows it, else by a plain struct. Versions of it differ in its middle: only the first two fields may
// be set.
Result<void> migraphx(const Library& library, SessionOptions* session, const Provider& provider, const BackendOptions& options) {
  const auto by_name = generic(library, session, provider, options);
  if (by_name || by_name.error().message().find("Unknown provider name") == std::string::npos) return by_name;
  alignas(16) unsigned char record[256] = {};
  for (const auto& [key, value] : options) {
    if (key != "device_id" && key != "migraphx_fp16_enable")
      return fail(ErrorCode::unsupported, "option \"", key, "\" of migraphx needs a newer ONNX Runtime than ", library.version);
    const int number = NACRE_TRY(whole_number(key, value));
    std::memcpy(record + (key == "device_id" ? 0 : sizeof(int)), &number, sizeof number);
  }
  return library.api.call(kAppendMigraphx, session, record);
}

// These come with a function that the library exports beside its table.
Result<void> exported(const Library& library, SessionOptions* session, const Provider& provider, const BackendOptions& options) {
  uint32_t flags = 0;
  for (const auto& [key, value] : options) {
    if (!key.ends_with("_flags") && key != "enable_fast_math")
      return fail(ErrorCode::unsupported, "option \"", key, "\" of ", provider.name, " needs a newer ONNX Runtime than ", library.version);
    flags = uint32_t(NACRE_TRY(whole_number(key, value)));
  }
  const auto append =
      library.handle.function<Status*(SessionOptions*, uint32_t)>(cat("OrtSessionOptionsAppendExecutionProvider_", provider.generic));
  if (!append) return fail(ErrorCode::unavailable, library.path, " was built without provider '", provider.name, "'");
  return library.api.take((*append)(session, flags));
}

Result<void> coreml(const Library& library, SessionOptions* session, const Provider& provider, const BackendOptions& options) {
  if (library.api.version() >= 20) return generic(library, session, provider, options);
  return exported(library, session, provider, options);
}

constexpr std::string_view kMigraphxKeys =
    "device_id migraphx_fp16_enable migraphx_bf16_enable migraphx_fp8_enable migraphx_int8_enable migraphx_int8_calibration_table_name "
    "migraphx_int8_use_native_calibration_table migraphx_exhaustive_tune migraphx_model_cache_dir migraphx_mem_limit "
    "migraphx_arena_extend_strategy";
constexpr std::string_view kRtxKeys =
    "device_id has_user_compute_stream user_compute_stream nv_max_workspace_size nv_max_shared_mem_size nv_dump_subgraphs "
    "nv_detailed_build_log enable_cuda_graph nv_profile_min_shapes nv_profile_max_shapes nv_profile_opt_shapes nv_multi_profile_enable "
    "nv_use_external_data_initializer nv_runtime_cache_path nv_op_types_to_exclude";
constexpr std::string_view kQnnKeys =
    "backend_type backend_path profiling_level profiling_file_path rpc_control_latency vtcm_mb htp_performance_mode qnn_saver_path "
    "qnn_context_priority htp_graph_finalization_optimization_mode soc_model htp_arch device_id enable_htp_fp16_precision "
    "offload_graph_io_quantization enable_htp_spill_fill_buffer enable_htp_shared_memory_allocator dump_json_qnn_graph json_qnn_graph_dir "
    "op_packages skip_qnn_version_check";
constexpr std::string_view kOpenVinoKeys =
    "device_type precision num_of_threads num_streams cache_dir load_config context enable_qdq_optimizer disable_dynamic_shapes "
    "model_priority reshape_input layout enable_opencl_throttling";
constexpr std::string_view kWebGpuKeys =
    "deviceId preferredLayout enableGraphCapture storageBufferCacheMode uniformBufferCacheMode queryResolveBufferCacheMode "
    "defaultBufferCacheMode validationMode forceCpuNodeNames enablePIXCapture dawnBackendType powerPreference";

// In the order in which presets try them: the fastest of a vendor first.
constexpr Provider kProviders[] = {
    {"cpu", "CPUExecutionProvider", "-", nullptr},
    {"tensorrt", "TensorrtExecutionProvider", "",
     with_options<kCreateTensorRtOptions, kUpdateTensorRtOptions, kReleaseTensorRtOptions, kAppendTensorRt>},
    {"cuda", "CUDAExecutionProvider", "", with_options<kCreateCudaOptions, kUpdateCudaOptions, kReleaseCudaOptions, kAppendCuda>},
    {"nvtensorrtrtx", "NvTensorRTRTXExecutionProvider", kRtxKeys, generic, "NvTensorRtRtx"},
    {"migraphx", "MIGraphXExecutionProvider", kMigraphxKeys, migraphx, "MIGraphX"},
    {"rocm", "ROCMExecutionProvider", "", with_options<kCreateRocmOptions, kUpdateRocmOptions, kReleaseRocmOptions, kAppendRocm>},
    {"directml", "DmlExecutionProvider", "device_id performance_preference device_filter disable_metacommands enable_graph_capture",
     generic, "DML"},
    {"coreml", "CoreMLExecutionProvider",
     "ModelFormat MLComputeUnits RequireStaticInputShapes EnableOnSubgraphs SpecializationStrategy ProfileComputePlan "
     "AllowLowPrecisionAccumulationOnGPU ModelCacheDirectory coreml_flags",
     coreml, "CoreML"},
    {"webgpu", "WebGpuExecutionProvider", kWebGpuKeys, generic, "WebGPU"},
    {"vitisai", "VitisAIExecutionProvider",
     "config_file cache_dir cache_key target xclbin log_level enable_cache_file_io_in_mem cacheDir cacheKey", vitisai, "VitisAI"},
    {"qnn", "QNNExecutionProvider", kQnnKeys, generic, "QNN"},
    {"openvino", "OpenVINOExecutionProvider", kOpenVinoKeys, openvino, "OpenVINO"},
    {"nnapi", "NnapiExecutionProvider", "nnapi_flags", exported, "Nnapi"},
    {"cann", "CANNExecutionProvider", "", with_options<kCreateCannOptions, kUpdateCannOptions, kReleaseCannOptions, kAppendCann>},
    {"acl", "ACLExecutionProvider", "enable_fast_math", exported, "ACL"},
    {"xnnpack", "XnnpackExecutionProvider", "intra_op_num_threads", generic, "XNNPACK"},
    {"azure", "AzureExecutionProvider", "-", generic, "AZURE"},
};

constexpr std::string_view kGpu[] = {"tensorrt", "cuda", "nvtensorrtrtx", "migraphx", "rocm", "directml", "coreml", "webgpu"};
#if defined(_WIN32)
constexpr std::string_view kNpu[] = {"vitisai", "directml", "cpu"};
#else
constexpr std::string_view kNpu[] = {"vitisai", "qnn", "coreml", "nnapi", "cpu"};
#endif
constexpr std::string_view kAuto[] = {"tensorrt", "cuda",   "nvtensorrtrtx", "migraphx", "rocm", "directml",
                                      "coreml",   "webgpu", "vitisai",       "qnn",      "cpu"};

std::span<const std::string_view> preset(std::string_view name) {
  if (name == "gpu") return kGpu;
  if (name == "npu") return kNpu;
  if (name == "auto") return kAuto;
  return {};
}

bool is_built_in(const Library& library, const Provider& provider) {
  return std::find(library.providers.begin(), library.providers.end(), provider.named) != library.providers.end();
}

std::string built_in(const Library& library) {
  std::string out;
  for (const std::string& name : library.providers) out += cat(out.empty() ? "" : ", ", short_name(name));
  return out;
}

// Once per library: ONNX Runtime refuses a second registration of one name.
Result<void> register_plugin(const Library& library, const std::string& path) {
  static auto* mutex = new std::mutex;
  static auto* registered = new std::map<std::string, bool>;
  const std::lock_guard lock(*mutex);
  bool& done = (*registered)[cat(library.path, "\n", path)];
  if (done) return {};
  log_message(LogLevel::info, "loading ", path, " (NACRE_DISABLE=", path, " would leave it alone)");
  NACRE_TRY(library.api.call(kRegisterProviderLibrary, library.env, path.c_str(), path.c_str()));
  done = true;
  return {};
}

}  // namespace

std::span<const Provider> all_providers() { return kProviders; }

const Provider* find_provider(std::string_view name) {
  const auto found =
      std::find_if(std::begin(kProviders), std::end(kProviders), [&](const Provider& p) { return p.name == name || p.named == name; });
  return found == std::end(kProviders) ? nullptr : found;
}

std::string_view short_name(std::string_view named) {
  const Provider* provider = find_provider(named);
  return provider ? provider->name : named;
}

bool is_preset(std::string_view name) { return !preset(name).empty(); }

Result<std::vector<const Provider*>> choose_providers(const Library& library, std::string_view device) {
  const std::string_view name = device.empty() ? "cpu" : device;
  std::vector<const Provider*> out;
  const auto add = [&](std::string_view each) {
    if (const Provider* provider = find_provider(each); provider && is_built_in(library, *provider)) out.push_back(provider);
  };
  if (!is_preset(name)) add(name);
  for (std::string_view each : preset(name)) add(each);
  if (!out.empty()) return out;
  return fail(ErrorCode::unavailable, "ONNX Runtime ", library.version, " at ", library.path, " was built without ",
              is_preset(name) ? cat("a provider for '", device, "'") : cat("provider '", device, "'"), "; it has ", built_in(library));
}

Result<void> check_keys(const Provider& provider, const BackendOptions& options) {
  for (const auto& [key, value] : options) {
    if (provider.keys.empty()) return {};
    const std::string padded = cat(" ", provider.keys, " ");
    if (padded.find(cat(" ", key, " ")) == std::string::npos || key.find(' ') != std::string::npos)
      return fail(ErrorCode::invalid_argument, "provider '", provider.name, "' of onnxruntime has no option \"", key, "\"; it has ",
                  provider.keys == "-" ? std::string_view("none") : provider.keys);
  }
  return {};
}

Result<std::vector<ProviderDevice>> provider_devices(const Library& library) {
  if (!library.api.has(kGetEpDevices))
    return fail(ErrorCode::unavailable, "ONNX Runtime lists devices since 1.22, ", library.path, " is ", library.version);
  const Api& api = library.api;
  const EpDevice* const* devices = nullptr;
  size_t count = 0;
  NACRE_TRY(api.call(kGetEpDevices, library.env, &devices, &count));
  std::vector<ProviderDevice> out;
  for (size_t i = 0; i < count; ++i) {
    const HardwareDevice* hardware = api.get(kEpDeviceDevice, devices[i]);
    const auto text = [](const char* given) { return std::string(given ? given : ""); };
    const KeyValuePairs* about = api.get(kHardwareDeviceMetadata, hardware);
    const int type = api.get(kHardwareDeviceType, hardware);
    out.push_back({.provider = text(api.get(kEpDeviceEpName, devices[i])),
                   .vendor = text(api.get(kHardwareDeviceVendor, hardware)),
                   .name = about ? text(api.get(kGetKeyValue, about, "Description")) : "",
                   .kind = type == 1   ? "gpu"
                           : type == 2 ? "npu"
                                       : "cpu",
                   .handle = devices[i]});
  }
  return out;
}

Result<std::vector<ProviderDevice>> plugin_devices(const Library& library, const std::string& path) {
  if (!library.api.has(kGetEpDevices))
    return fail(ErrorCode::unavailable, "provider libraries need ONNX Runtime 1.22 or newer, ", library.path, " is ", library.version);
  if (is_disabled(path)) return fail(ErrorCode::unavailable, path, " is switched off by NACRE_DISABLE");
  NACRE_TRY(check_library_file(path));
  NACRE_TRY(register_plugin(library, path));
  std::vector<ProviderDevice> out = NACRE_TRY(provider_devices(library));
  std::erase_if(out, [&](const ProviderDevice& device) {
    const Provider* own = find_provider(device.provider);
    return own && is_built_in(library, *own);
  });
  return out;
}

Result<void> append_plugin(const Library& library, SessionOptions* session, const std::string& path, const std::string& wanted,
                           BackendOptions settings, std::string& chosen) {
  const std::vector<ProviderDevice> devices = NACRE_TRY(plugin_devices(library, path));
  std::string known;
  for (const ProviderDevice& device : devices) known += cat(known.empty() ? "" : ", ", device.provider);
  const auto found =
      std::find_if(devices.begin(), devices.end(), [&](const ProviderDevice& d) { return wanted.empty() || d.provider == wanted; });
  if (found == devices.end())
    return fail(ErrorCode::not_found, path, " offers no provider", wanted.empty() ? "" : cat(" '", wanted, "'"), "; it offers ",
                known.empty() ? "none" : known);
  // Its own default is the fastest precision of the processor, bfloat16 on some: not the model's numbers.
  const bool has_config = std::any_of(settings.begin(), settings.end(), [](const auto& s) { return s.first == "load_config"; });
  if (found->provider.starts_with("OpenVINO") && !has_config)
    settings.emplace_back("load_config", R"({"CPU":{"INFERENCE_PRECISION_HINT":"f32"}})");
  chosen = found->provider;
  const Words words(settings);
  return library.api.call(kAppendProviderV2, session, library.env, &found->handle, size_t{1}, words.keys.data(), words.values.data(),
                          words.keys.size());
}

}  // namespace nacre::onnxruntime
