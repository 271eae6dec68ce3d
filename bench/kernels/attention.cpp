// Attention of one head, on one thread; operations counted are those of the two products.
//
//     nacre_bench_attention [isa]
#include <cstring>
#include <string>
#include <vector>

#include "bench/kernels/timing.h"

using namespace nacre::bench;
using nacre::native::AttentionArgs;
using nacre::native::Kernels;

static void run(const Kernels& k, int64_t queries, int64_t keys, int64_t head, bool causal) {
  int64_t stride = 12 * head;  // heads side by side, as models store them
  std::vector<float> q(static_cast<size_t>(queries * stride), 0.1f), kv(static_cast<size_t>(keys * stride), 0.2f), y(q.size());
  AttentionArgs args;
  args.q = q.data(), args.k = kv.data(), args.v = kv.data(), args.y = y.data();
  args.q_stride = args.k_stride = args.v_stride = args.y_stride = stride;
  args.queries = queries, args.keys = keys, args.head_size = args.value_size = head, args.scale = 0.125f;
  args.causal = causal, args.causal_offset = keys - queries;
  std::vector<float> scratch(static_cast<size_t>(k.attention_scratch(args)));
  args.scratch = scratch.data();
  Measured measured = measure(k, [&] { k.attention(args); });
  std::string name =
      std::to_string(queries) + " queries " + std::to_string(keys) + " keys " + std::to_string(head) + (causal ? " causal" : "");
  report(k.isa, name.c_str(), 4.0 * static_cast<double>(queries * keys * head), measured);
}

int main(int count, char** arguments) {
  for (const Kernels* k : nacre::native::available_kernels()) {
    if (count > 1 && std::strcmp(arguments[1], k->isa) != 0) continue;
    run(*k, 128, 128, 32, false);
    run(*k, 128, 128, 64, false);
    run(*k, 197, 197, 64, false);
    run(*k, 512, 512, 64, false);
    run(*k, 1024, 1024, 64, true);
    run(*k, 1500, 1500, 64, false);
    run(*k, 1, 512, 64, true);
    run(*k, 1, 4096, 64, true);
  }
}
