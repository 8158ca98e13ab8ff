#include "tessera/data/loader/sampler.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "tessera/core/error.h"

namespace tessera {
namespace {

template <class T>
void shuffle(std::vector<T>& items, Random random) {
  for (std::size_t i = items.size(); i > 1; --i)
    std::swap(items[i - 1], items[random.uniform_int(0, static_cast<std::int64_t>(i) - 1)]);
}

void check(const SamplerOptions& options) {
  if (options.batch_size < 1) fail("batch size {}: must be 1 at least", options.batch_size);
  if (options.world < 1 || options.rank < 0 || options.rank >= options.world)
    fail("rank {} of {} processes: ranks go from 0 to one less than the number of processes",
         options.rank, options.world);
}

/// Cuts one group into batches.
void cut(Indices members, const SamplerOptions& options, Random random,
         std::vector<Indices>& batches) {
  const std::size_t size = options.batch_size;
  if (const std::size_t rest = members.size() % size; rest != 0) {
    const std::size_t own = members.size();
    if (options.last_batch == LastBatch::kDrop) members.resize(own - rest);
    if (options.last_batch == LastBatch::kFill)
      for (std::size_t i = rest; i < size; ++i)
        members.push_back(members[random.uniform_int(0, static_cast<std::int64_t>(own) - 1)]);
  }
  for (std::size_t i = 0; i < members.size(); i += size)
    batches.emplace_back(members.begin() + i, members.begin() + std::min(i + size, members.size()));
}

}  // namespace

std::vector<Indices> epoch_batches(std::size_t count, const std::vector<int>& groups,
                                   const SamplerOptions& options, std::uint64_t epoch) {
  check(options);
  if (!groups.empty() && groups.size() != count)
    fail("{} groups for {} samples: expected one a sample", groups.size(), count);
  const Random random = Random(options.seed).fork("order").fork(epoch);
  std::map<int, Indices> members;
  for (std::size_t i = 0; i < count; ++i) members[groups.empty() ? 0 : groups[i]].push_back(i);

  std::vector<Indices> all;
  for (auto& [group, indices] : members) {
    const Random own = random.fork(static_cast<std::uint64_t>(group));
    if (options.shuffle) shuffle(indices, own.fork("shuffle"));
    cut(std::move(indices), options, own.fork("fill"), all);
  }
  if (options.shuffle && members.size() > 1) shuffle(all, random.fork("batches"));

  std::vector<Indices> mine;
  const std::size_t rounds = all.size() / options.world;
  for (std::size_t round = 0; round < rounds; ++round)
    mine.push_back(std::move(all[round * options.world + options.rank]));
  return mine;
}

std::vector<std::int64_t> clip_positions(std::int64_t key, const ClipWindow& window) {
  if (window.first > window.last)
    fail("a clip from {} to {} holds no frame", window.first, window.last);
  const int count = window.frames == 0 ? window.last - window.first + 1 : window.frames;
  const double step =
      count == 1 ? 0 : static_cast<double>(window.last - window.first) / (count - 1);
  std::vector<std::int64_t> positions;
  for (int i = 0; i < count; ++i)
    positions.push_back(static_cast<std::int64_t>(
        std::nearbyint(static_cast<double>(key + window.first) + step * i)));
  return positions;
}

std::optional<Indices> choose_clip(const Dataset& dataset, std::size_t key,
                                   const ClipWindow& window) {
  const auto& frames = dataset.frames();
  const std::string& sequence = frames.at(key).key.sequence;
  const auto is_inside = [&](std::int64_t index) {
    return index >= 0 && index < static_cast<std::int64_t>(frames.size()) && !sequence.empty() &&
           frames[index].key.sequence == sequence;
  };
  const std::vector<std::int64_t> positions =
      clip_positions(static_cast<std::int64_t>(key), window);
  if (!is_inside(static_cast<std::int64_t>(key) + window.last) || !is_inside(positions.front()))
    return std::nullopt;
  return Indices(positions.begin(), positions.end());
}

std::vector<Indices> videos_of_objects(const std::vector<SequenceInfo>& sequences,
                                       const std::vector<bool>& has_objects, int cut_at_empty) {
  std::vector<Indices> videos;
  for (const SequenceInfo& sequence : sequences) {
    Indices video;
    for (std::size_t i = sequence.first; i < sequence.first + sequence.count; ++i) {
      if (!has_objects.at(i)) continue;
      const bool is_far = cut_at_empty > 0 && !video.empty() &&
                          i - video.back() > static_cast<std::size_t>(cut_at_empty);
      if (is_far) videos.push_back(std::exchange(video, {}));
      video.push_back(i);
    }
    if (!video.empty()) videos.push_back(std::move(video));
  }
  return videos;
}

std::optional<Indices> choose_clip(const Indices& video, std::size_t place,
                                   const ClipWindow& window) {
  const std::vector<std::int64_t> positions =
      clip_positions(static_cast<std::int64_t>(place), window);
  const std::int64_t end = static_cast<std::int64_t>(place) + window.last;
  if (positions.front() < 0 || end >= static_cast<std::int64_t>(video.size())) return std::nullopt;
  Indices clip;
  for (const std::int64_t position : positions) clip.push_back(video[position]);
  return clip;
}

std::optional<std::size_t> choose_reference(const Dataset& dataset, std::size_t key,
                                            const ReferenceWindow& window, Random& random) {
  if (window.first > window.last || (window.first == 0 && window.last == 0))
    fail("reference window [{}, {}] holds no frame but the key frame itself", window.first,
         window.last);
  const auto& frames = dataset.frames();
  const SampleKey& own = frames.at(key).key;
  std::vector<std::optional<std::size_t>> candidates;
  for (int offset = window.first; offset <= window.last; ++offset) {
    if (offset == 0) continue;
    std::optional<std::size_t> found;
    // Gaps only move a frame's index nearer to the key's.
    for (std::size_t i = key; offset > 0 ? ++i < frames.size() : i-- > 0;) {
      if (frames[i].key.sequence != own.sequence) break;
      const int distance = frames[i].key.frame - own.frame;
      if (distance == offset) found = i;
      if (offset > 0 ? distance >= offset : distance <= offset) break;
    }
    if (found || !window.existing_only) candidates.push_back(found);
  }
  if (candidates.empty()) return window.else_itself ? std::optional(key) : std::nullopt;
  return candidates[random.uniform_int(0, static_cast<std::int64_t>(candidates.size()) - 1)];
}

}  // namespace tessera
