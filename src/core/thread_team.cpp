#include "core/thread_team.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <chrono>
#include <exception>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

#include "core/float_mode.h"
#include "core/knobs.h"
#include "core/os/processor.h"

namespace nacre {
namespace {

constexpr int kMostThreads = 1000;   // the slots' state counts in ten bits
constexpr int kSlots = 32;           // parallel_fors that can have helpers at the same time
constexpr int kChunksPerThread = 4;  // finer chunks even out threads that are slow or late
constexpr auto kSpin = std::chrono::microseconds(50);

struct Job {
  RangeBody body;
  int64_t items, chunk;
  uint64_t float_mode;
  std::atomic<int64_t> next{0};
  std::atomic<bool> failed{false};
  std::exception_ptr failure;

  void run_chunks(int thread) noexcept {
    for (;;) {
      const int64_t begin = next.fetch_add(chunk, std::memory_order_relaxed);
      if (begin >= items) return;
      try {
        body(begin, std::min(begin + chunk, items), thread);
      } catch (...) {
        if (!failed.exchange(true)) failure = std::current_exception();
        next.store(items, std::memory_order_relaxed);
      }
    }
  }
};

// Where a job is offered. `state` packs: open (1 bit), and ten bits each of helpers inside, helpers ever, helpers allowed.
// A helper enters by compare-exchange on the state, so it never touches a job whose caller has closed the slot.
struct alignas(64) Slot {
  static constexpr uint32_t kOpen = 1, kInside = 1u << 1, kEver = 1u << 11, kAllowed = 1u << 21, kMask = 1023;
  std::atomic<uint32_t> state{0};
  Job* job = nullptr;

  static uint32_t inside(uint32_t state) { return state / kInside & kMask; }
  static uint32_t ever(uint32_t state) { return state / kEver & kMask; }
  static uint32_t allowed(uint32_t state) { return state / kAllowed & kMask; }

  void open(Job& offered, int helpers) {
    job = &offered;
    state.store(kOpen | static_cast<uint32_t>(helpers) * kAllowed, std::memory_order_release);
  }

  // The helper's thread number, or 0 when there is nothing to join.
  int enter() {
    uint32_t seen = state.load(std::memory_order_relaxed);
    do {
      if (!(seen & kOpen) || ever(seen) >= allowed(seen)) return 0;
    } while (!state.compare_exchange_weak(seen, seen + kInside + kEver, std::memory_order_acquire, std::memory_order_relaxed));
    return static_cast<int>(ever(seen)) + 1;
  }

  void leave() {
    const uint32_t before = state.fetch_sub(kInside, std::memory_order_release);
    if (!(before & kOpen) && inside(before) == 1) state.notify_one();
  }

  void close_and_wait();
};

void pause_cpu() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Spins until `done()` for up to ~50 us; true when it is.
template <class Done>
bool spin_until(Done done) {
  const auto begin = std::chrono::steady_clock::now();
  do {
    for (int i = 0; i < 32; ++i) {
      if (done()) return true;
      pause_cpu();
    }
  } while (std::chrono::steady_clock::now() - begin < kSpin);
  return done();
}

void Slot::close_and_wait() {
  uint32_t seen = state.fetch_and(~kOpen, std::memory_order_acquire) & ~kOpen;
  const auto is_empty = [&] { return inside(seen = state.load(std::memory_order_acquire)) == 0; };
  if (inside(seen) == 0 || spin_until(is_empty)) return;
  while (!is_empty()) state.wait(seen, std::memory_order_acquire);
}

thread_local bool inside_team = false;
thread_local int thread_limit = 0;

int64_t chunk_size(int64_t items, int64_t grain, int threads) {
  const int64_t grains = (items - 1) / grain + 1;
  if (threads <= 1) return items;
  const int64_t per_chunk = std::max<int64_t>(grains / (int64_t{threads} * kChunksPerThread), 1);
  return grain > items / per_chunk ? items : per_chunk * grain;  // the product may not overflow
}

struct TeamSize {
  int threads;
  std::string reason;
};

TeamSize size_of_process_team() {
  const int cpus = affinity_cpus();
  const std::optional<double> quota = cgroup_cpu_quota();
  const Result<std::optional<int64_t>> asked = knob_integer(Knob::threads, 1, kMostThreads);
  std::string why = cat(cpus, cpus == 1 ? " CPU" : " CPUs", " by affinity, ");
  if (quota)
    append(why, "a quota of "), append(why, *quota), append(why, " CPUs");
  else
    append(why, "no CPU quota");
  if (asked && *asked) return {static_cast<int>(**asked), cat(**asked, ": NACRE_THREADS (", why, ")")};
  if (!asked) append(why, cat("; ", asked.error().message(), ", ignored"));
  // A quota of 1.5 CPUs gets two threads: with one, half a CPU would lie idle.
  const int allowed = quota ? std::max(static_cast<int>(*quota + 0.99), 1) : cpus;
  const int threads = std::clamp(std::min(cpus, allowed), 1, kMostThreads);
  return {threads, cat(threads, ": ", why)};
}

}  // namespace

struct ThreadTeam::Shared {
  alignas(64) std::atomic<uint32_t> epoch{0};  // counts offers; idle threads watch it
  alignas(64) std::atomic<uint32_t> sleepers{0};
  alignas(64) std::atomic<uint32_t> claimed{0};  // one bit a slot
  std::atomic<bool> stopping{false};
  Slot slots[kSlots];
  std::once_flag started;
  std::vector<std::thread> threads;

  Slot* claim() {
    uint32_t seen = claimed.load(std::memory_order_relaxed);
    for (;;) {
      const int free = std::countr_one(seen);
      if (free == kSlots) return nullptr;
      if (claimed.compare_exchange_weak(seen, seen | 1u << free, std::memory_order_acquire)) return &slots[free];
    }
  }

  void give_back(const Slot* slot) { claimed.fetch_and(~(1u << (slot - slots)), std::memory_order_release); }

  void announce(int helpers) {
    epoch.fetch_add(1, std::memory_order_seq_cst);
    const auto asleep = static_cast<int>(sleepers.load(std::memory_order_seq_cst));
    if (asleep == 0) return;
    if (helpers >= asleep)
      epoch.notify_all();
    else
      for (int i = 0; i < helpers; ++i) epoch.notify_one();
  }

  // Helps one job, looking first behind the slot helped last so that no caller is starved. False when there was none.
  bool help(int& last) {
    const uint32_t offers = claimed.load(std::memory_order_acquire);
    for (int step = 1; offers && step <= kSlots; ++step) {
      const int at = (last + step) % kSlots;
      if (!(offers >> at & 1)) continue;
      const int thread = slots[at].enter();
      if (thread == 0) continue;
      last = at;
      Job& job = *slots[at].job;
      set_float_mode(job.float_mode);  // nothing runs here between jobs, so nothing is restored
      job.run_chunks(thread);
      slots[at].leave();
      return true;
    }
    return false;
  }

  void work() {
    inside_team = true;
    for (int last = 0; !stopping.load(std::memory_order_relaxed);) {
      const uint32_t seen = epoch.load(std::memory_order_seq_cst);
      if (help(last) || spin_until([&] { return epoch.load(std::memory_order_relaxed) != seen; })) continue;
      sleepers.fetch_add(1, std::memory_order_seq_cst);
      epoch.wait(seen, std::memory_order_seq_cst);
      sleepers.fetch_sub(1, std::memory_order_relaxed);
    }
  }
};

ThreadTeam& ThreadTeam::process() {
  static ThreadTeam* const team = [] {
    TeamSize size = size_of_process_team();
    return new ThreadTeam(size.threads, std::move(size.reason));
  }();
  return *team;
}

ThreadTeam::ThreadTeam(int size, std::string reason)
    : size_(std::clamp(size, 1, kMostThreads)), reason_(std::move(reason)), shared_(std::make_unique<Shared>()) {}

ThreadTeam::~ThreadTeam() {
  shared_->stopping.store(true);
  shared_->epoch.fetch_add(1);
  shared_->epoch.notify_all();
  for (std::thread& thread : shared_->threads) thread.join();
}

void ThreadTeam::start() {
  std::call_once(shared_->started, [this] {
    const SignalsBlocked guard;  // the application's handlers run on the application's threads
    try {
      for (int i = 1; i < size_; ++i) shared_->threads.emplace_back([shared = shared_.get()] { shared->work(); });
    } catch (const std::system_error&) {
      // The system has no more threads for us: those we have do the work.
    }
  });
}

int ThreadTeam::threads_for(int threads) const noexcept {
  int most = thread_limit > 0 ? std::min(size_, thread_limit) : size_;
  if (threads > 0) most = std::min(most, threads);
  return inside_team ? 1 : most;
}

void ThreadTeam::parallel_for(int64_t items, int64_t grain, RangeBody body, int threads) {
  if (items <= 0) return;
  threads = threads_for(threads);
  const int64_t chunk = chunk_size(items, std::max<int64_t>(grain, 1), threads);
  if (chunk >= items) return body(0, items, 0);
  start();
  Job job{.body = body, .items = items, .chunk = chunk, .float_mode = float_mode(), .failure = {}};
  const auto helpers = static_cast<int>(std::min<int64_t>(threads, (items - 1) / chunk + 1)) - 1;
  Slot* slot = shared_->claim();
  if (slot) {
    slot->open(job, helpers);
    shared_->announce(helpers);
  }
  inside_team = true;
  job.run_chunks(0);
  inside_team = false;
  if (slot) {
    slot->close_and_wait();
    shared_->give_back(slot);
  }
  if (job.failure) std::rethrow_exception(job.failure);
}

ThreadLimit::ThreadLimit(int threads) noexcept : saved_(thread_limit) {
  if (threads > 0) thread_limit = saved_ > 0 ? std::min(saved_, threads) : threads;
}
ThreadLimit::~ThreadLimit() { thread_limit = saved_; }

}  // namespace nacre
