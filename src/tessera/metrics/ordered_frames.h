#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <mutex>
#include <optional>
#include <vector>

#include "tessera/core/interrupt.h"
#include "tessera/core/thread_pool.h"

namespace tessera {

/// Calls produce(index, worker) for every index in [0, count) on `threads` threads, and
/// consume(index, product) with the products in order of index, one at a time. Producers never run
/// more than a few items ahead of the consumer, so memory does not grow with `count`.
template <class Product, class Produce, class Consume>
void for_each_in_order(std::size_t count, int threads, const Produce& produce,
                       const Consume& consume) {
  const std::size_t ahead = 4 * static_cast<std::size_t>(std::max(1, threads));
  std::vector<std::optional<Product>> ring(ahead);
  std::mutex mutex;
  std::condition_variable moved_on;
  std::size_t next = 0;
  bool failed = false;
  const auto give_up = [&] {
    const std::lock_guard lock(mutex);
    failed = true;
    moved_on.notify_all();
  };
  parallel_for(count, threads, [&](std::size_t index, int worker) {
    try {
      Product product = produce(index, worker);
      std::unique_lock lock(mutex);
      while (!failed && index >= next + ahead) {
        moved_on.wait_for(lock, std::chrono::milliseconds(100));
        check_interrupt();  // Ctrl-C may have stopped the producer that is waited for
      }
      if (failed) return;
      ring[index % ahead] = std::move(product);
      for (; ring[next % ahead].has_value(); ++next) {
        consume(next, *ring[next % ahead]);
        ring[next % ahead].reset();
      }
      moved_on.notify_all();
    } catch (...) {
      give_up();
      throw;
    }
  });
}

}  // namespace tessera
