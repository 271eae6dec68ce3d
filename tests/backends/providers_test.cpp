// What every execution provider is told: a library that was built with all of them and keeps what it is asked
// (tests/support/stubs/ort_recording.cpp) stands for ONNX Runtime 1.17, 1.22 and 1.24. Real ones are in onnxruntime_test.cpp.
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include "nacre/backends.h"
#include "runtime/backend.h"
#include "tests/support/model_maker.h"

namespace nacre {
namespace {

using namespace test;

class Setting {
 public:
  Setting(const char* name, const std::optional<std::string>& value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    put(value);
  }
  ~Setting() { put(before_); }
  Setting(const Setting&) = delete;
  Setting& operator=(const Setting&) = delete;

 private:
  void put(const std::optional<std::string>& value) { value ? ::setenv(name_, value->c_str(), 1) : ::unsetenv(name_); }
  const char* name_;
  std::optional<std::string> before_;
};

/// A copy of the stub in a folder of its own: its version is in its name.
std::filesystem::path library_of(const std::string& version, const std::string& folder) {
  const std::filesystem::path there = std::filesystem::path(testing::TempDir()) / folder;
  std::filesystem::create_directories(there);
  const std::filesystem::path path = std::filesystem::canonical(there) / ("libonnxruntime.so." + version);
  if (!std::filesystem::exists(path)) std::filesystem::copy_file(NACRE_BINARY_DIR "/tests/stubs/ort_recording.so", path);
  return path;
}

/// The library of a version, chosen by the environment.
class Stub {
 public:
  explicit Stub(const std::string& version) : path_(library_of(version, "ort-" + version)), chosen_("NACRE_ONNXRUNTIME", path_.string()) {
    forget();
  }

  /// What this process's copy was asked; what a trial in a child process asked is not among it.
  std::string recorded() const {
    const auto text = function<const char*()>("nacre_recorded");
    return text ? text() : "";
  }
  void forget() const {
    if (const auto clear = function<void()>("nacre_forget")) clear();
  }
  /// How the provider was appended: the lines that begin with "update" and "append".
  std::string appended() const {
    std::string out, all = recorded();
    for (size_t begin = 0; begin < all.size(); begin = all.find('\n', begin) + 1) {
      const std::string line = all.substr(begin, all.find('\n', begin) - begin);
      if (line.starts_with("append") || line.starts_with("update")) out += (out.empty() ? "" : "; ") + line;
    }
    return out;
  }

 private:
  template <class F>
  F* function(const char* name) const {
    void* library = ::dlopen(path_.c_str(), RTLD_NOW | RTLD_NOLOAD);
    if (!library) return nullptr;
    const auto found = reinterpret_cast<F*>(::dlsym(library, name));
    ::dlclose(library);  // the process keeps its own
    return found;
  }

  std::filesystem::path path_;
  Setting chosen_;
};

ModelMaker times_64() {
  ModelMaker m(13, 8);
  m.input("x", DType::float32, {"n"}).output("y", DType::float32, {"n"});
  m.constant("many", Tensor::scalar<float>(32)).constant("two", Tensor::scalar<float>(2));
  m.node("Mul", {"x", "many"}, {"z"}, {}, "", "product").node("Mul", {"z", "two"}, {"y"}, {}, "", "shift");
  return m;
}

Session session_on(const std::string& device, const BackendOptions& options = {}) {
  return times_64().session(
      {.backends = {device.empty() ? "onnxruntime" : "onnxruntime:" + device}, .strict = true, .threads = 1, .backend_options = options});
}

struct Asked {
  const char *version, *device, *key, *value, *expected;
};

class Providers : public testing::TestWithParam<Asked> {};

// https://onnxruntime.ai/docs/execution-providers/: each provider's name, keys and way in, by version.
TEST_P(Providers, IsAppendedWithItsNameAndOptions) {
  const auto& [version, device, key, value, expected] = GetParam();
  const Stub stub(version);
  const std::string name(
      device, std::string_view(device).find(':') == std::string_view::npos ? std::strlen(device) : std::string_view(device).find(':'));
  BackendOptions options;
  if (*key) options.emplace_back("onnxruntime." + name + "." + key, value);
  const Session session = session_on(device, options);
  EXPECT_EQ(stub.appended(), expected);
  EXPECT_EQ(values_of<float>(session.run({{"x", floats({2}, {1, 3})}})["y"]), (std::vector<float>{64, 192}));
}

INSTANTIATE_TEST_SUITE_P(
    Table, Providers,
    testing::Values(Asked{"1.17.0", "cuda", "gpu_mem_limit", "1000", "update CUDA_V2(gpu_mem_limit=1000); append CUDA_V2"},
                    Asked{"1.17.0", "cuda:1", "", "", "update CUDA_V2(device_id=1); append CUDA_V2"},
                    Asked{"1.24.0", "cuda:1", "cudnn_conv_algo_search", "HEURISTIC",
                          "update CUDA_V2(cudnn_conv_algo_search=HEURISTIC, device_id=1); append CUDA_V2"},
                    Asked{"1.17.0", "tensorrt", "trt_fp16_enable", "1", "update TensorRT_V2(trt_fp16_enable=1); append TensorRT_V2"},
                    Asked{"1.24.0", "tensorrt", "", "", "append TensorRT_V2"},
                    Asked{"1.22.0", "nvtensorrtrtx", "enable_cuda_graph", "1", "append NvTensorRtRtx(enable_cuda_graph=1)"},
                    Asked{"1.17.0", "rocm", "gpu_mem_limit", "1000", "update ROCM(gpu_mem_limit=1000); append ROCM"},
                    Asked{"1.17.0", "migraphx:1", "migraphx_fp16_enable", "1", "append MIGraphX struct(1, 1)"},
                    Asked{"1.24.0", "migraphx", "migraphx_bf16_enable", "1", "append MIGraphX(migraphx_bf16_enable=1)"},
                    Asked{"1.17.0", "directml:0", "performance_preference", "high_performance",
                          "append DML(performance_preference=high_performance, device_id=0)"},
                    Asked{"1.24.0", "directml", "device_filter", "npu", "append DML(device_filter=npu)"},
                    Asked{"1.17.0", "openvino", "device_type", "NPU", "append OpenVINO_V2(device_type=NPU)"},
                    Asked{"1.24.0", "openvino", "precision", "FP32", "append OpenVINO_V2(precision=FP32)"},
                    Asked{"1.17.0", "coreml", "coreml_flags", "3", "append exported CoreML(3)"},
                    Asked{"1.22.0", "coreml", "MLComputeUnits", "CPUOnly", "append CoreML(MLComputeUnits=CPUOnly)"},
                    Asked{"1.17.0", "qnn", "backend_type", "htp", "append QNN(backend_type=htp)"},
                    Asked{"1.24.0", "qnn", "htp_performance_mode", "burst", "append QNN(htp_performance_mode=burst)"},
                    Asked{"1.17.0", "vitisai", "config_file", "/a.json", "append VitisAI(config_file=/a.json)"},
                    Asked{"1.22.0", "vitisai", "config_file", "/a.json", "append VitisAI_V1(config_file=/a.json)"},
                    Asked{"1.22.0", "webgpu", "preferredLayout", "NHWC", "append WebGPU(preferredLayout=NHWC)"},
                    Asked{"1.17.0", "xnnpack", "intra_op_num_threads", "2", "append XNNPACK(intra_op_num_threads=2)"},
                    Asked{"1.17.0", "nnapi", "nnapi_flags", "2", "append exported Nnapi(2)"},
                    Asked{"1.24.0", "acl", "enable_fast_math", "1", "append exported ACL(1)"},
                    Asked{"1.17.0", "cann", "npu_mem_limit", "1000", "update CANN(npu_mem_limit=1000); append CANN"},
                    Asked{"1.24.0", "azure", "", "", "append AZURE()"}, Asked{"1.24.0", "cpu", "", "", ""},
                    // Presets: the first of their list that the library has.
                    Asked{"1.24.0", "gpu", "", "", "append TensorRT_V2"}, Asked{"1.24.0", "auto", "", "", "append TensorRT_V2"},
                    Asked{"1.24.0", "npu", "", "", "append VitisAI_V1()"}),
    [](const auto& info) {
      std::string name = cat(info.param.device, "_", info.param.version, "_", info.param.key);
      for (char& c : name)
        if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
      return name;
    });

TEST(ProviderOptions, AllThreeOfVitisAiArrive) {
  const Stub stub("1.24.0");
  session_on("vitisai", {{"onnxruntime.vitisai.config_file", "/a.json"},
                         {"onnxruntime.vitisai.cache_dir", "/cache"},
                         {"onnxruntime.vitisai.cache_key", "k"}});
  EXPECT_EQ(stub.appended(), "append VitisAI_V1(config_file=/a.json, cache_dir=/cache, cache_key=k)");
}

TEST(ProviderOptions, SettingsOfTheSessionArrive) {
  const Stub stub("1.17.0");
  session_on("", {{"onnxruntime.optimisation", "2"},
                  {"onnxruntime.intra_threads", "3"},
                  {"onnxruntime.inter_threads", "4"},
                  {"onnxruntime.deterministic", "1"},
                  {"onnxruntime.config.session.intra_op.allow_spinning", "0"}});
  EXPECT_EQ(stub.recorded(), "optimisation 2\nintra_threads 3\ninter_threads 4\ndeterministic\nsession.intra_op.allow_spinning=0\n");
}

TEST(ProviderOptions, UnknownKeysAreErrorsWithTheKnownOnesOrTheLibrarysWords) {
  const Stub stub("1.24.0");
  for (const char* device : {"nvtensorrtrtx", "migraphx", "directml", "coreml", "webgpu", "vitisai", "qnn", "openvino", "nnapi", "acl",
                             "xnnpack", "azure", "cpu"})
    expect_error(thrown_by([&] { session_on(device, {{cat("onnxruntime.", device, ".toaster"), "1"}}); }), ErrorCode::invalid_argument,
                 {cat("provider '", device, "' of onnxruntime has no option \"toaster\"")});
  for (const char* device : {"cuda", "tensorrt", "rocm", "cann"})
    expect_error(thrown_by([&] { session_on(device, {{cat("onnxruntime.", device, ".toaster"), "1"}}); }), ErrorCode::unavailable,
                 {"Unknown provider option: \"toaster\""});
}

TEST(ProviderOptions, OldLibrariesAreNotToldWhatTheyDoNotKnow) {
  const Stub stub("1.17.0");
  expect_error(thrown_by([] { session_on("coreml", {{"onnxruntime.coreml.MLComputeUnits", "CPUOnly"}}); }), ErrorCode::unavailable,
               {"\"MLComputeUnits\" of coreml needs a newer ONNX Runtime than 1.17.0"});
  expect_error(thrown_by([] { session_on("migraphx", {{"onnxruntime.migraphx.migraphx_bf16_enable", "1"}}); }), ErrorCode::unavailable,
               {"\"migraphx_bf16_enable\" of migraphx needs a newer ONNX Runtime than 1.17.0"});
  expect_error(thrown_by([] { session_on("webgpu"); }), ErrorCode::unavailable, {"Unknown provider name. 'WebGPU'"});
}

TEST(ProviderOptions, TheReasonOfAProviderThatCannotWorkIsItsOwn) {
  const Stub stub("1.24.0");
  expect_error(thrown_by([] { session_on("cuda", {{"onnxruntime.cuda.user_compute_stream", "no driver"}}); }), ErrorCode::unavailable,
               {"CUDA driver version is insufficient for CUDA runtime version"});
}

TEST(ProviderDevices, AreListedWithWhatTheLibraryTells) {
  const Stub stub("1.24.0");
  const Probe probe = probe_backend(**find_backend("onnxruntime"));
  ASSERT_TRUE(probe.available) << probe.reason;
  ASSERT_EQ(probe.devices.size(), 3u);
  EXPECT_EQ(probe.devices[2].name, "Stub 200");
  EXPECT_EQ(probe.devices[2].vendor, "NVIDIA");
  EXPECT_EQ(probe.devices[2].kind, "cuda");
  EXPECT_EQ(probe.devices[2].index, 1);
  EXPECT_EQ(probe.devices[2].memory_total, -1) << "unknown";
  for (const BackendInfo& backend : backends())
    if (backend.name == "onnxruntime")
      EXPECT_NE(to_json({backend}).find(R"({"target":"onnxruntime:cuda:1","name":"Stub 200","vendor":"NVIDIA","memory_total":null,)"
                                        R"("memory_free":null,"compute_units":null})"),
                std::string::npos)
          << to_json({backend});
}

TEST(ProviderDevices, AnIndexThatDoesNotExistListsThoseThatDo) {
  const Stub stub("1.24.0");
  expect_error(thrown_by([] { session_on("cuda:2"); }), ErrorCode::not_found,
               {"no device 'cuda:2'", "cuda:0 (Stub 100)", "cuda:1 (Stub 200)"});
}

// A library that was built for TensorRT and CUDA often finds the parts of CUDA alone.
TEST(ProviderPresets, GoOnToTheNextOneAndSayWhy) {
  const Setting without("NACRE_STUB_WITHOUT", "TensorrtExecutionProvider");
  const Stub stub("1.23.0");
  const Session session = session_on("gpu");
  EXPECT_EQ(stub.appended(), "append CUDA_V2");
  const std::string report = session.report().text();
  EXPECT_NE(report.find("cuda is taken; onnxruntime's provider tensorrt was passed over: "), std::string::npos) << report;
  EXPECT_NE(report.find("Failed to load library libnvinfer.so.10"), std::string::npos) << report;
  expect_error(thrown_by([] { session_on("tensorrt"); }), ErrorCode::unavailable, {"Failed to load library libnvinfer.so.10"});
}

TEST(ProviderDevices, ListingsSayWhichProvidersWorkAndWhyTheOthersDoNot) {
  const Setting without("NACRE_STUB_WITHOUT", "TensorrtExecutionProvider");
  const Stub stub("1.23.1");
  std::string notes;
  for (const BackendInfo& backend : backends())
    if (backend.name == "onnxruntime")
      for (const std::string& note : backend.notes) notes += note + "\n";
  EXPECT_NE(notes.find("built with cuda; it works here\n"), std::string::npos) << notes;
  EXPECT_NE(notes.find("built with tensorrt; it does not work here: "), std::string::npos) << notes;
  EXPECT_NE(notes.find("Failed to load library libnvinfer.so.10"), std::string::npos) << notes;
  const Probe quick = probe_backend(**find_backend("onnxruntime"));
  EXPECT_EQ(std::count(quick.notes.begin(), quick.notes.end(), "built with cuda; whether it works here shows when a session asks for it"),
            1);
}

// NACRE_ONNXRUNTIME, ORT_DYLIB_PATH, ONNXRUNTIME_ROOT, (beside the program,) the active environment's package, the loader's folders.
TEST(Search, TakesTheFirstPlaceThatHasALibrary) {
  const std::filesystem::path temporary = std::filesystem::canonical(testing::TempDir());
  library_of("1.19.0", "search/venv/lib/python3.11/site-packages/onnxruntime/capi");
  library_of("1.18.1", "search/loader");
  library_of("1.18.9", "search/loader"), library_of("1.18.10", "search/loader");  // the newest of a folder
  std::optional<Setting> first(std::in_place, "NACRE_ONNXRUNTIME", library_of("1.21.0", "search/a").string());
  std::optional<Setting> second(std::in_place, "ORT_DYLIB_PATH", library_of("1.20.1", "search/b").string());
  std::optional<Setting> third(std::in_place, "ONNXRUNTIME_ROOT",
                               library_of("1.20.0", "search/c/lib").parent_path().parent_path().string());
  std::optional<Setting> fourth(std::in_place, "VIRTUAL_ENV", temporary / "search/venv");
  const Setting conda("CONDA_PREFIX", std::nullopt), fifth("LD_LIBRARY_PATH", "relative:" + (temporary / "search/loader").string());
  const auto found = [] {
    const Probe probe = probe_backend(**find_backend("onnxruntime"));
    return probe.available ? cat(probe.version, " ", probe.notes.at(0)) : probe.reason;
  };
  EXPECT_EQ(found(), "1.21.0 from NACRE_ONNXRUNTIME");
  first.emplace("NACRE_ONNXRUNTIME", std::nullopt);
  EXPECT_EQ(found(), "1.20.1 from ORT_DYLIB_PATH");
  second.emplace("ORT_DYLIB_PATH", std::nullopt);
  EXPECT_EQ(found(), "1.20.0 from ONNXRUNTIME_ROOT");
  third.emplace("ONNXRUNTIME_ROOT", std::nullopt);
  EXPECT_EQ(found(), "1.19.0 from VIRTUAL_ENV");
  fourth.emplace("VIRTUAL_ENV", std::nullopt);
  EXPECT_EQ(found(), "1.18.10 from LD_LIBRARY_PATH");
}

TEST(Search, WithoutALibraryTheReasonListsEveryPlaceThatWasLookedAt) {
  const Setting first("NACRE_ONNXRUNTIME", std::nullopt), second("ORT_DYLIB_PATH", std::nullopt), third("ONNXRUNTIME_ROOT", std::nullopt);
  const Setting fourth("VIRTUAL_ENV", "/nowhere/venv"), conda("CONDA_PREFIX", std::nullopt), fifth("LD_LIBRARY_PATH", "/nowhere/loader");
  const Probe probe = probe_backend(**find_backend("onnxruntime"));
  if (probe.available) GTEST_SKIP() << "this system has an ONNX Runtime: " << probe.library;
  for (const char* part : {"was not found: no libonnxruntime.so in", "/nowhere/loader", "/usr/lib", "pip install onnxruntime"})
    EXPECT_NE(probe.reason.find(part), std::string::npos) << probe.reason;
}

TEST(ProviderDevices, AutoTakesTheAcceleratorFirst) {
  const Stub stub("1.24.0");
  const Session session = times_64().session({.backends = {"auto"}, .threads = 1});
  EXPECT_EQ(session.report().regions.at(0).backend, "onnxruntime:auto");
  EXPECT_EQ(stub.appended(), "append TensorRT_V2");
}

class ReadBack : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Versions, ReadBack, testing::Values("1.17.0", "1.22.0", "1.24.0"),
                         [](const auto& info) { return std::string("Version1_") + std::string(info.param).substr(2, 2); });

TEST_P(ReadBack, WhatAProviderLeavesToTheCpuIsInTheReport) {
  const Stub stub(GetParam());
  const Session session = times_64().session({.backends = {"onnxruntime:cuda"}, .threads = 1, .optimise = false});
  const Report report = session.report();
  ASSERT_EQ(report.warnings.size(), 1u) << report.text();
  EXPECT_EQ(report.warnings[0], "onnxruntime's provider cuda took 1 nodes; 1 on cpu, first \"shift\"");
  ASSERT_EQ(report.regions.at(0).reasons.size(), 2u);
  EXPECT_TRUE(report.regions[0].reasons[0].ends_with(", on cuda")) << report.json();
  EXPECT_TRUE(report.regions[0].reasons[1].ends_with(", on cpu")) << report.json();
}

TEST_P(ReadBack, AProviderThatTookNothingIsSaid) {
  const Stub stub(GetParam());
  const Report report = times_64().session({.backends = {"onnxruntime:directml"}, .threads = 1}).report();
  ASSERT_EQ(report.warnings.size(), 1u) << report.text();
  EXPECT_EQ(report.warnings[0], "onnxruntime's provider directml took no node; 2 on cpu");
}

TEST(IoBinding, IsTheDefaultOfDevicesAndCanBeSwitchedOff) {
  const Stub stub("1.24.0");
  const Inputs inputs{{"x", floats({1}, {1})}};
  for (const auto& [device, value, bound] : {std::tuple("cuda", "", true), {"cuda", "0", false}, {"cpu", "", false}, {"cpu", "1", true}}) {
    stub.forget();
    const Session session = session_on(device, *value ? BackendOptions{{"onnxruntime.io_binding", value}} : BackendOptions{});
    EXPECT_EQ(values_of<float>(session.run(inputs)["y"]), std::vector<float>{64});
    EXPECT_EQ(stub.recorded().find("run bound") != std::string::npos, bound) << device << " " << value;
  }
}

}  // namespace
}  // namespace nacre
