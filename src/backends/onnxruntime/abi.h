// The part of ONNX Runtime's C interface that is used here, declared by its layout: a table of functions that only ever grows,
// so that a position means the same in every version that has it. What lies behind a library's last entry is unrelated memory:
// each entry is called only when the library's version has it.
//
//     Session* session = nullptr;
//     NACRE_TRY(api.call(kCreateSession, env, path, options, &session));
//
// Positions: https://onnxruntime.ai/docs/api/c/struct_ort_api.html
#pragma once

#include <memory>

#include "core/result.h"

namespace nacre::onnxruntime {

struct Status;
struct Env;
struct Session;
struct SessionOptions;
struct RunOptions;
struct MemoryInfo;
struct OrtValue;
struct TypeInfo;
struct Allocator;
struct ProviderOptions;
struct EpDevice;
struct HardwareDevice;
struct IoBinding;
struct KeyValuePairs;
struct AssignedSubgraph;
struct AssignedNode;

/// An OrtValue of kind `optional` does not exist: it is its content, or has none.
enum class ValueKind : int { unknown, tensor, sequence, map, opaque, sparse, optional };

using LogFunction = void (*)(void* state, int severity, const char* category, const char* id, const char* where, const char* text);

/// The first thing a library gives.
struct ApiBase {
  const void* (*api)(uint32_t version);  // asking for more than it has prints to stderr
  const char* (*version)();
};

/// The oldest version that is used: 1.17.
inline constexpr int kOldest = 17;

template <class Signature>
struct Slot {
  int position, since = kOldest;  // the minor version of the first library that has it
};

inline constexpr Slot<int(const Status*)> kGetErrorCode{1};
inline constexpr Slot<const char*(const Status*)> kGetErrorMessage{2};
inline constexpr Slot<Status*(LogFunction, void*, int, const char*, Env**)> kCreateEnvWithCustomLogger{4};
inline constexpr Slot<Status*(const Env*)> kDisableTelemetryEvents{6};
inline constexpr Slot<Status*(const Env*, const char*, const SessionOptions*, Session**)> kCreateSession{7};
inline constexpr Slot<Status*(const Env*, const void*, size_t, const SessionOptions*, Session**)> kCreateSessionFromArray{8};
inline constexpr Slot<Status*(Session*, const RunOptions*, const char* const*, const OrtValue* const*, size_t, const char* const*, size_t,
                              OrtValue**)>
    kRun{9};
inline constexpr Slot<Status*(SessionOptions**)> kCreateSessionOptions{10};
inline constexpr Slot<Status*(SessionOptions*, const char*)> kEnableProfiling{14};
inline constexpr Slot<Status*(SessionOptions*, int)> kSetSessionLogSeverityLevel{22};
inline constexpr Slot<Status*(SessionOptions*, int)> kSetSessionGraphOptimizationLevel{23};
inline constexpr Slot<Status*(SessionOptions*, int)> kSetIntraOpNumThreads{24};
inline constexpr Slot<Status*(SessionOptions*, int)> kSetInterOpNumThreads{25};
inline constexpr Slot<Status*(const Session*, size_t*)> kSessionGetInputCount{30};
inline constexpr Slot<Status*(const Session*, size_t*)> kSessionGetOutputCount{31};
inline constexpr Slot<Status*(const Session*, size_t, Allocator*, char**)> kSessionGetInputName{36};
inline constexpr Slot<Status*(const Session*, size_t, Allocator*, char**)> kSessionGetOutputName{37};
inline constexpr Slot<Status*(RunOptions**)> kCreateRunOptions{39};
inline constexpr Slot<Status*(RunOptions*, int)> kRunOptionsSetRunLogSeverityLevel{41};
inline constexpr Slot<Status*(RunOptions*)> kRunOptionsSetTerminate{46};
inline constexpr Slot<Status*(Allocator*, const int64_t*, size_t, int, OrtValue**)> kCreateTensorAsOrtValue{48};
inline constexpr Slot<Status*(const MemoryInfo*, void*, size_t, const int64_t*, size_t, int, OrtValue**)> kCreateTensorWithDataAsOrtValue{
    49};
inline constexpr Slot<Status*(OrtValue*, void**)> kGetTensorMutableData{51};
inline constexpr Slot<Status*(OrtValue*, const char* const*, size_t)> kFillStringTensor{52};
inline constexpr Slot<Status*(const OrtValue*, size_t*)> kGetStringTensorDataLength{53};
inline constexpr Slot<Status*(const OrtValue*, void*, size_t, size_t*, size_t)> kGetStringTensorContent{54};
inline constexpr Slot<Status*(const TypeInfo*, int*)> kGetTensorElementType{60};
inline constexpr Slot<Status*(const TypeInfo*, size_t*)> kGetDimensionsCount{61};
inline constexpr Slot<Status*(const TypeInfo*, int64_t*, size_t)> kGetDimensions{62};
inline constexpr Slot<Status*(const OrtValue*, TypeInfo**)> kGetTensorTypeAndShape{65};
inline constexpr Slot<Status*(const OrtValue*, ValueKind*)> kGetValueType{67};
inline constexpr Slot<Status*(int, int, MemoryInfo**)> kCreateCpuMemoryInfo{69};
inline constexpr Slot<Status*(Allocator*, void*)> kAllocatorFree{76};
inline constexpr Slot<Status*(Allocator**)> kGetAllocatorWithDefaultOptions{78};
inline constexpr Slot<Status*(const OrtValue*, int, Allocator*, OrtValue**)> kGetValue{80};
inline constexpr Slot<Status*(const OrtValue*, size_t*)> kGetValueCount{81};
inline constexpr Slot<Status*(const OrtValue* const*, size_t, ValueKind, OrtValue**)> kCreateValue{82};
inline constexpr Slot<void(Status*)> kReleaseStatus{93};
inline constexpr Slot<void(MemoryInfo*)> kReleaseMemoryInfo{94};
inline constexpr Slot<void(Session*)> kReleaseSession{95};
inline constexpr Slot<void(OrtValue*)> kReleaseValue{96};
inline constexpr Slot<void(RunOptions*)> kReleaseRunOptions{97};
inline constexpr Slot<void(TypeInfo*)> kReleaseTensorTypeAndShapeInfo{99};
inline constexpr Slot<void(SessionOptions*)> kReleaseSessionOptions{100};
inline constexpr Slot<Status*(Session*, Allocator*, char**)> kSessionEndProfiling{110};
inline constexpr Slot<Status*(char***, int*)> kGetAvailableProviders{125};
inline constexpr Slot<Status*(char**, int)> kReleaseAvailableProviders{126};
inline constexpr Slot<Status*(SessionOptions*, const char*, const char*)> kAddSessionConfigEntry{130};
inline constexpr Slot<Status*(Session*, const RunOptions*, const IoBinding*)> kRunWithBinding{133};
inline constexpr Slot<Status*(Session*, IoBinding**)> kCreateIoBinding{134};
inline constexpr Slot<void(IoBinding*)> kReleaseIoBinding{135};
inline constexpr Slot<Status*(IoBinding*, const char*, const OrtValue*)> kBindInput{136};
inline constexpr Slot<Status*(IoBinding*, const char*, const MemoryInfo*)> kBindOutputToDevice{138};
inline constexpr Slot<Status*(const IoBinding*, Allocator*, OrtValue***, size_t*)> kGetBoundOutputValues{140};
inline constexpr Slot<Status*(SessionOptions*, const ProviderOptions*)> kAppendRocm{153};
inline constexpr Slot<Status*(SessionOptions*, const ProviderOptions*)> kAppendTensorRt{170};
inline constexpr Slot<Status*(ProviderOptions**)> kCreateTensorRtOptions{171};
inline constexpr Slot<Status*(ProviderOptions*, const char* const*, const char* const*, size_t)> kUpdateTensorRtOptions{172};
inline constexpr Slot<void(ProviderOptions*)> kReleaseTensorRtOptions{174};
inline constexpr Slot<Status*(const OrtValue*, int*)> kHasValue{192};
inline constexpr Slot<Status*(SessionOptions*, const ProviderOptions*)> kAppendCuda{204};
inline constexpr Slot<Status*(ProviderOptions**)> kCreateCudaOptions{205};
inline constexpr Slot<Status*(ProviderOptions*, const char* const*, const char* const*, size_t)> kUpdateCudaOptions{206};
inline constexpr Slot<void(ProviderOptions*)> kReleaseCudaOptions{208};
inline constexpr Slot<Status*(SessionOptions*, const void*)> kAppendMigraphx{209};
inline constexpr Slot<Status*(SessionOptions*, const char*, const char* const*, const char* const*, size_t)> kAppendProvider{216};
inline constexpr Slot<Status*(SessionOptions*, const ProviderOptions*)> kAppendCann{220};
inline constexpr Slot<Status*(ProviderOptions**)> kCreateCannOptions{221};
inline constexpr Slot<Status*(ProviderOptions*, const char* const*, const char* const*, size_t)> kUpdateCannOptions{222};
inline constexpr Slot<void(ProviderOptions*)> kReleaseCannOptions{224};
inline constexpr Slot<Status*(ProviderOptions**)> kCreateRocmOptions{255};
inline constexpr Slot<Status*(ProviderOptions*, const char* const*, const char* const*, size_t)> kUpdateRocmOptions{256};
inline constexpr Slot<void(ProviderOptions*)> kReleaseRocmOptions{258};
inline constexpr Slot<Status*(SessionOptions*, bool)> kSetDeterministicCompute{273};
inline constexpr Slot<Status*(SessionOptions*, const char* const*, const char* const*, size_t)> kAppendOpenVino{275};
inline constexpr Slot<Status*(SessionOptions*, const char* const*, const char* const*, size_t)> kAppendVitisAi{276, 18};
inline constexpr Slot<const char*(const KeyValuePairs*, const char*)> kGetKeyValue{297, 22};
inline constexpr Slot<Status*(Env*, const char*, const char*)> kRegisterProviderLibrary{301, 22};
inline constexpr Slot<Status*(const Env*, const EpDevice* const**, size_t*)> kGetEpDevices{303, 22};
inline constexpr Slot<Status*(SessionOptions*, Env*, const EpDevice* const*, size_t, const char* const*, const char* const*, size_t)>
    kAppendProviderV2{304, 22};
inline constexpr Slot<int(const HardwareDevice*)> kHardwareDeviceType{307, 22};  // 0 CPU, 1 GPU, 2 NPU
inline constexpr Slot<const char*(const HardwareDevice*)> kHardwareDeviceVendor{309, 22};
inline constexpr Slot<const KeyValuePairs*(const HardwareDevice*)> kHardwareDeviceMetadata{311, 22};
inline constexpr Slot<const char*(const EpDevice*)> kEpDeviceEpName{312, 22};
inline constexpr Slot<const char*(const EpDevice*)> kEpDeviceEpVendor{313, 22};
inline constexpr Slot<const HardwareDevice*(const EpDevice*)> kEpDeviceDevice{316, 22};
inline constexpr Slot<Status*(const Session*, const AssignedSubgraph* const**, size_t*)> kSessionGetAssignments{407, 24};
inline constexpr Slot<Status*(const AssignedSubgraph*, const char**)> kAssignedSubgraphGetEpName{408, 24};
inline constexpr Slot<Status*(const AssignedSubgraph*, const AssignedNode* const**, size_t*)> kAssignedSubgraphGetNodes{409, 24};
inline constexpr Slot<Status*(const AssignedNode*, const char**)> kAssignedNodeGetName{410, 24};
inline constexpr Slot<Status*(const AssignedNode*, const char**)> kAssignedNodeGetOperatorType{412, 24};

/// The table of one library.
class Api {
 public:
  Api(const void* table, int version) : table_(static_cast<const void* const*>(table)), version_(version) {}

  int version() const noexcept { return version_; }  ///< 31 of 1.31.1
  template <class Signature>
  bool has(Slot<Signature> slot) const noexcept {
    return slot.since <= version_;
  }

  /// Entries that may fail.
  template <class... Takes, class... Args>
  Result<void> call(Slot<Status*(Takes...)> slot, Args... args) const {
    NACRE_TRY(require(slot.since));
    return take(entry(slot)(args...));
  }
  /// Entries that may not; the caller asked `has` where they are younger than kOldest.
  template <class R, class... Takes, class... Args>
  R get(Slot<R(Takes...)> slot, Args... args) const {
    return entry(slot)(args...);
  }
  /// What a call said, as an Error; the status is given back.
  Result<void> take(Status* status) const;
  template <class T>
  std::shared_ptr<T> own(T* object, Slot<void(T*)> release) const {
    return std::shared_ptr<T>(object, [free = entry(release)](T* held) {
      if (held) free(held);
    });
  }

 private:
  template <class Signature>
  Signature* entry(Slot<Signature> slot) const {
    return reinterpret_cast<Signature*>(const_cast<void*>(table_[slot.position]));
  }
  Result<void> require(int since) const;

  const void* const* table_;
  int version_;
};

}  // namespace nacre::onnxruntime
