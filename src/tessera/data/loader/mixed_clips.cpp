#include "tessera/data/loader/mixed_clips.h"

#include <cmath>
#include <numeric>
#include <utility>

#include "tessera/core/error.h"

namespace tessera {
namespace {

/// Clips in a row of one source that may be of no use.
constexpr int kMostDraws = 100;

/// torch.linspace(0, last, count).round() in float32: from both ends to the middle.
Indices spread(std::size_t last, std::size_t count) {
  Indices places;
  const auto end = static_cast<float>(last);
  const float step = count > 1 ? end / static_cast<float>(count - 1) : 0;
  for (std::size_t i = 0; i < count; ++i) {
    const float place = i < count / 2 || count == 1
                            ? step * static_cast<float>(i)
                            : end - step * static_cast<float>(count - i - 1);
    places.push_back(static_cast<std::size_t>(std::nearbyint(place)));
  }
  return places;
}

}  // namespace

std::vector<MixedSample> mix_samples(const std::vector<std::size_t>& sizes,
                                     const std::vector<double>& shares, std::size_t total) {
  if (std::abs(std::accumulate(shares.begin(), shares.end(), 0.0) - 1) > 1e-6)
    fail("the shares of a mix add up to {}, expected 1",
         std::accumulate(shares.begin(), shares.end(), 0.0));
  std::vector<MixedSample> samples;
  for (std::size_t source = 0; source < sizes.size(); ++source) {
    const auto count =
        static_cast<std::size_t>(std::nearbyint(shares[source] * static_cast<double>(total)));
    const std::size_t used = std::min(count, sizes[source]);
    if (count == 0) continue;
    if (used == 0) fail("source {} of a mix is empty", source);
    for (std::size_t i = 0; i < count / used * used; ++i) samples.push_back({source, i % used});
    for (const std::size_t i : spread(used - 1, count % used)) samples.push_back({source, i});
  }
  return samples;
}

MixedClips::MixedClips(std::vector<Part> parts, std::size_t total) : parts_(std::move(parts)) {
  std::vector<std::size_t> sizes;
  std::vector<double> shares;
  for (const Part& part : parts_) {
    sizes.push_back(part.clips->size());
    shares.push_back(part.share);
    // Which ones are first says nothing of where they are from.
    Indices order(part.clips->size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    Random random = Random(0).fork("mix").fork(orders_.size());
    for (std::size_t i = order.size(); i > 1; --i)
      std::swap(order[i - 1], order[random.uniform_int(0, static_cast<std::int64_t>(i) - 1)]);
    orders_.push_back(std::move(order));
  }
  samples_ = mix_samples(sizes, shares, total);
}

std::size_t MixedClips::place_of(const MixedSample& sample) const {
  return orders_[sample.source][sample.index];
}

std::string MixedClips::name(std::size_t index) const {
  const MixedSample& sample = samples_.at(index);
  return parts_[sample.source].clips->name(place_of(sample));
}

Size MixedClips::picture_size(std::size_t index) const {
  const MixedSample& sample = samples_.at(index);
  return parts_[sample.source].clips->picture_size(place_of(sample));
}

std::optional<Clip> MixedClips::load(std::size_t index, const Random& random,
                                     StageTimes& times) const {
  const MixedSample& sample = samples_.at(index);
  const ClipSource& clips = *parts_[sample.source].clips;
  Random other = random.fork("other of the source");
  std::size_t place = place_of(sample);
  for (int draw = 0; draw < kMostDraws; ++draw) {
    if (auto clip = clips.load(place, random.fork(draw), times)) return clip;
    place = other.uniform_int(0, static_cast<std::int64_t>(clips.size()) - 1);
  }
  return std::nullopt;
}

}  // namespace tessera
