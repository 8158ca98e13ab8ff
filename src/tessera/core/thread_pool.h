#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace tessera {

/// The number of threads that `requested` means: itself, or every processor this process may use
/// when it is 0 or less.
int resolve_threads(int requested);

/// A fixed set of worker threads that run tasks in the order they were submitted.
class ThreadPool {
 public:
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int size() const { return static_cast<int>(workers_.size()); }

  /// Queues a task. A task must not let an exception escape; parallel_for below is the way to have
  /// errors forwarded.
  void submit(std::function<void()> task);

 private:
  void work();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> tasks_;
  bool stopping_ = false;
  std::vector<std::thread> workers_;
};

/// Calls body(index, worker) for every index in [0, count) on `threads` threads (this one
/// included), handing out indexes in order. `worker` in [0, threads) tells the threads apart, for
/// per-thread state. The first exception stops the hand-out and is rethrown here once all threads
/// are done; Ctrl-C stops it with Interrupted.
void parallel_for(std::size_t count, int threads,
                  const std::function<void(std::size_t index, int worker)>& body);

}  // namespace tessera
