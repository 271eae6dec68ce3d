// A tokenizer measured by a driver (bench/tokenizer_speed.py): one line in, one line of JSON out.
//
//     nacre_bench_tokenizers tokenizer.json corpus.jsonl
//     prints   {"load_ms": .., "load_cpu_ms": .., "rss_bytes": .., "heap_bytes": .., "texts": ..}      the least of five loads, and what
//     one takes reads    run SECONDS    answers {"n": .., "wall_ms": .., "cpu_ms": .., "tokens": ..}      the least of n passes
#include <malloc.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iostream>
#include <string>

#include "core/clock.h"
#include "core/os/memory.h"
#include "io/json.h"
#include "text/tokenizer.h"

namespace nacre {
namespace {

std::vector<std::string> read_texts(const char* path) {
  std::vector<std::string> out;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) out.emplace_back(*parse_json(line)->text("text"));
  return out;
}

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

struct Pass {
  double wall = 1e9, cpu = 1e9;
  size_t tokens = 0;
};

Pass encode_all(const Tokenizer& tokenizer, std::span<const TextInput> inputs) {
  const Stopwatch watch;
  const double before = cpu_seconds();
  const auto encodings = tokenizer.encode_batch(inputs);
  Pass out{watch.seconds(), cpu_seconds() - before};
  for (const Encoding& encoding : *encodings) out.tokens += encoding.size();
  return out;
}

int serve(const Tokenizer& tokenizer, const std::vector<std::string>& texts) {
  const std::vector<TextInput> inputs(texts.begin(), texts.end());
  for (std::string line; std::getline(std::cin, line);) {
    const double wanted = line.starts_with("run ") ? std::strtod(line.c_str() + 4, nullptr) : 1;
    const Stopwatch watch;
    Pass best;
    size_t count = 0;
    do {
      const Pass pass = encode_all(tokenizer, inputs);
      best = {std::min(best.wall, pass.wall), std::min(best.cpu, pass.cpu), pass.tokens};
      ++count;
    } while (watch.seconds() < wanted);
    std::printf("{\"n\": %zu, \"wall_ms\": %.4f, \"cpu_ms\": %.4f, \"tokens\": %zu}\n", count, best.wall * 1e3, best.cpu * 1e3,
                best.tokens);
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace
}  // namespace nacre

namespace {

/// What the process has taken and not given back.
size_t heap_bytes() {
  const struct mallinfo2 info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) return std::fprintf(stderr, "usage: %s tokenizer.json corpus.jsonl\n", arguments[0]), 2;
  const auto texts = nacre::read_texts(arguments[2]);
  const auto before = nacre::resident_memory();
  const size_t heap = heap_bytes();
  const auto tokenizer = nacre::Tokenizer::load(arguments[1]);
  if (!tokenizer) return std::fprintf(stderr, "%s\n", tokenizer.error().what()), 1;
  const size_t taken = heap_bytes() - heap;
  const auto resident = static_cast<long long>(nacre::resident_memory() - before);
  double wall = 1e9, cpu = 1e9;
  for (int load = 0; load < 5; ++load) {
    const nacre::Stopwatch watch;
    const double start = nacre::cpu_seconds();
    if (!nacre::Tokenizer::load(arguments[1])) return 1;
    wall = std::min(wall, watch.seconds()), cpu = std::min(cpu, nacre::cpu_seconds() - start);
  }
  std::printf("{\"load_ms\": %.3f, \"load_cpu_ms\": %.3f, \"rss_bytes\": %lld, \"heap_bytes\": %zu, \"texts\": %zu}\n", wall * 1e3,
              cpu * 1e3, resident, taken, texts.size());
  std::fflush(stdout);
  return nacre::serve(*tokenizer, texts);
}
