#include "tessera/data/loader/loader.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "tessera/core/error.h"
#include "tessera/core/interrupt.h"
#include "tessera/core/thread_pool.h"

namespace tessera {
namespace {

/// Rejected or unreadable samples in a row that mean that nothing usable is there.
constexpr int kMostDraws = 1000;
constexpr std::chrono::milliseconds kInterruptPoll{100};

/// 1 for pictures that are wider than high.
std::vector<int> aspect_groups(const ClipSource& source) {
  std::vector<int> groups;
  for (std::size_t i = 0; i < source.size(); ++i) {
    const Size size = source.picture_size(i);
    groups.push_back(size.width > size.height ? 1 : 0);
  }
  return groups;
}

}  // namespace

Loader::Loader(const ClipSource& source, LoaderOptions options, LoaderPosition start)
    : source_(source),
      options_(std::move(options)),
      groups_(options_.group_by_aspect ? aspect_groups(source) : std::vector<int>()),
      skipped_(start.skipped) {
  if (source_.size() == 0) fail("the dataset is empty: there is nothing to load");
  if (options_.prefetch < 1) fail("prefetch {}: must be 1 at least", options_.prefetch);
  if (options_.max_skipped < 0) fail("max_skipped {}: must not be negative", options_.max_skipped);
  batches_per_epoch_ = epoch_batches(source_.size(), groups_, options_.sampler, start.epoch).size();
  if (batches_per_epoch_ == 0)
    fail("{} samples make no whole batch of {} for each of {} processes; lower the batch size",
         source_.size(), options_.sampler.batch_size, options_.sampler.world);
  to_make_ = to_give_ = start.epoch * batches_per_epoch_ + start.batch;
  const int workers = std::min(resolve_threads(options_.workers), options_.prefetch);
  for (int i = 0; i < workers; ++i) workers_.emplace_back([this] { work(); });
}

Loader::~Loader() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  room_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

Batch Loader::next() {
  const auto start = std::chrono::steady_clock::now();
  Made made;
  {
    std::unique_lock lock(mutex_);
    while (!done_.wait_for(lock, kInterruptPoll, [this] { return made_.contains(to_give_); }))
      if (options_.heed_interrupt) check_interrupt();
    made = std::move(made_.extract(to_give_).mapped());
    ++to_give_;
  }
  room_.notify_all();
  statistics_.wait_seconds +=
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  count_skipped(made);
  if (made.error) std::rethrow_exception(made.error);
  ++statistics_.batches;
  statistics_.frames += static_cast<std::int64_t>(made.batch.frames.size());
  for (const auto& [stage, seconds] : made.times) statistics_.stages[stage] += seconds;
  return std::move(made.batch);
}

LoaderPosition Loader::position() const {
  const std::lock_guard lock(mutex_);
  return {to_give_ / batches_per_epoch_, to_give_ % batches_per_epoch_, skipped_};
}

void Loader::count_skipped(const Made& made) {
  for (const SkippedSample& sample : made.skipped) {
    if (++skipped_ > options_.max_skipped)
      fail("{} (unreadable samples: {}, allowed: {})", sample.reason, skipped_,
           options_.max_skipped);
    if (options_.on_skip) options_.on_skip(sample);
  }
}

void Loader::work() {
  for (;;) {
    std::uint64_t number = 0;
    Indices indices;
    {
      std::unique_lock lock(mutex_);
      room_.wait(lock, [this] {
        return stopping_ || to_make_ < to_give_ + static_cast<std::uint64_t>(options_.prefetch);
      });
      if (stopping_) return;
      number = to_make_++;
      indices = samples_of(number);
    }
    Made made = make(number, indices);
    {
      const std::lock_guard lock(mutex_);
      made_.emplace(number, std::move(made));
    }
    done_.notify_all();
  }
}

Indices Loader::samples_of(std::uint64_t number) {
  const std::uint64_t epoch = number / batches_per_epoch_;
  if (!epochs_.contains(epoch)) {
    epochs_.clear();
    epochs_[epoch] = epoch_batches(source_.size(), groups_, options_.sampler, epoch);
  }
  return epochs_[epoch][number % batches_per_epoch_];
}

Loader::Made Loader::make(std::uint64_t number, const Indices& indices) const {
  Made made;
  const SamplerOptions& sampler = options_.sampler;
  const std::uint64_t place = number % batches_per_epoch_ * sampler.world + sampler.rank;
  const Random random =
      Random(sampler.seed).fork("batch").fork(number / batches_per_epoch_).fork(place);
  try {
    std::vector<Clip> clips;
    for (std::size_t i = 0; i < indices.size(); ++i)
      clips.push_back(load_clip(indices[i], random.fork(i), made));
    const StageTimer timer(made.times, "collate");
    made.batch = collate(std::move(clips), options_.collate);
  } catch (...) {
    made.error = std::current_exception();
  }
  return made;
}

std::size_t Loader::draw_like(std::size_t index, Random& random) const {
  const std::int64_t last = static_cast<std::int64_t>(source_.size()) - 1;
  std::size_t drawn = random.uniform_int(0, last);
  while (!groups_.empty() && groups_[drawn] != groups_[index]) drawn = random.uniform_int(0, last);
  return drawn;
}

Clip Loader::load_clip(std::size_t index, const Random& random, Made& made) const {
  Random replacement = random.fork("replacement");
  for (int draw = 0; draw < kMostDraws; ++draw) {
    if (options_.heed_interrupt) check_interrupt();
    try {
      std::optional<Clip> clip = with_context(source_.name(index), [&] {
        return source_.load(index, random.fork("sample").fork(draw), made.times);
      });
      if (clip) return std::move(*clip);
    } catch (const Interrupted&) {
      throw;
    } catch (const Error& error) {
      made.skipped.push_back({source_.name(index), error.what()});
      if (made.skipped.size() > static_cast<std::size_t>(options_.max_skipped)) throw;
    }
    index = draw_like(index, replacement);
  }
  fail(
      "{} samples in a row were of no use for training; check the labels, the pipeline's crop and "
      "that the sequences are as long as a clip",
      kMostDraws);
}

}  // namespace tessera
