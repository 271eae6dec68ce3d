// Memory of large results that comes back when they die, for the next ones: a run that asks the system for 40 MB anew meets ten
// thousand page faults each time.
//
//     Recycler recycler;
//     Tensor out = NACRE_TRY(recycler.allocate(DType::float32, {1, 12, 513, 64}, budget));
//     recycler.trim();                                 // what waits goes back to the system
//
// Keeps no more than was in use at one time. Safe from many threads; tensors may outlive it.
#pragma once

#include "core/allocate.h"

namespace nacre {

class Recycler {
 public:
  Recycler();
  ~Recycler();
  Recycler(Recycler&&) = delete;

  /// As nacre::allocate: uninitialised, charged to `budget` until it dies.
  Result<Tensor> allocate(DType dtype, Shape shape, MemoryBudget* budget = nullptr);
  void trim() noexcept;
  int64_t idle_bytes() const noexcept;

 private:
  struct Pool;
  struct Return;
  std::shared_ptr<Pool> pool_;
};

}  // namespace nacre
