#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tessera/data/loader/batch.h"
#include "tessera/data/loader/clip_source.h"
#include "tessera/data/loader/sampler.h"

namespace tessera {

/// A sample that could not be read, and why.
struct SkippedSample {
  std::string name;
  std::string reason;
};

struct LoaderOptions {
  SamplerOptions sampler;
  CollateOptions collate;
  /// Whether upright and lying pictures never meet in a batch (mmdet's GroupSampler).
  bool group_by_aspect = false;
  int workers = 0;      ///< 0: one a processor
  int prefetch = 4;     ///< batches that are finished or being made: the bound on memory
  int max_skipped = 0;  ///< unreadable samples that are replaced by others before it is an error
  /// Whether Ctrl-C ends next(); a training loop that saves its state first looks for itself.
  bool heed_interrupt = true;
  /// Told of every skipped sample, on the thread that calls next().
  std::function<void(const SkippedSample&)> on_skip;
};

/// The next batch to come; save it to go on in the middle of an epoch.
struct LoaderPosition {
  std::uint64_t epoch = 0;
  std::uint64_t batch = 0;
  std::int64_t skipped = 0;
  friend bool operator==(const LoaderPosition&, const LoaderPosition&) = default;
};

struct LoaderStatistics {
  std::int64_t batches = 0;
  std::int64_t frames = 0;
  double wait_seconds = 0;  ///< that next() stood still
  StageTimes stages;        ///< summed over workers
};

/// Makes batches ahead of time on worker threads. A batch depends on seed, epoch and its place in
/// the epoch only, so the sequence is the same for any number of workers. Batches follow one
/// another without end, epoch after epoch.
class Loader {
 public:
  /// `source` must outlive the loader.
  Loader(const ClipSource& source, LoaderOptions options, LoaderPosition start = {});
  /// Stops the workers; each finishes the sample it is at.
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  /// The next batch. Throws what making it threw, with the sample's name, and Interrupted on
  /// Ctrl-C (where it is heeded).
  Batch next();

  std::uint64_t batches_per_epoch() const { return batches_per_epoch_; }
  LoaderPosition position() const;
  const LoaderStatistics& statistics() const { return statistics_; }

 private:
  struct Made {
    Batch batch;
    std::vector<SkippedSample> skipped;
    StageTimes times;
    std::exception_ptr error;
  };

  void work();
  Made make(std::uint64_t number, const Indices& indices) const;
  Clip load_clip(std::size_t index, const Random& random, Made& made) const;
  /// Another sample of the same group.
  std::size_t draw_like(std::size_t index, Random& random) const;
  /// The samples of a batch; the lock is held.
  Indices samples_of(std::uint64_t number);
  void count_skipped(const Made& made);

  const ClipSource& source_;
  const LoaderOptions options_;
  const std::vector<int> groups_;  ///< as epoch_batches takes them
  std::uint64_t batches_per_epoch_ = 0;
  LoaderStatistics statistics_;
  std::int64_t skipped_ = 0;

  mutable std::mutex mutex_;
  std::condition_variable room_;
  std::condition_variable done_;
  bool stopping_ = false;
  std::uint64_t to_make_ = 0;  ///< batches are numbered through all epochs
  std::uint64_t to_give_ = 0;
  std::map<std::uint64_t, Made> made_;
  std::map<std::uint64_t, std::vector<Indices>> epochs_;  ///< those that batches are being made of
  std::vector<std::thread> workers_;
};

}  // namespace tessera
