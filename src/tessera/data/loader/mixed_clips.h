#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "tessera/data/loader/clip_source.h"

namespace tessera {

/// One sample of an epoch: which source it comes from, and its place there.
struct MixedSample {
  std::size_t source = 0;
  std::size_t index = 0;
  friend bool operator==(const MixedSample&, const MixedSample&) = default;
};

/// STEm-Seg's ConcatDataset: of `total` samples every source gets its `shares` (which add up to 1):
/// as many whole rounds as fit, then samples at equal distances. Of a source with more samples than
/// that only the first ones are used.
std::vector<MixedSample> mix_samples(const std::vector<std::size_t>& sizes,
                                     const std::vector<double>& shares, std::size_t total);

/// Several sources as one, each with its share of an epoch.
class MixedClips : public ClipSource {
 public:
  struct Part {
    double share = 1;
    std::unique_ptr<ClipSource> clips;
  };

  MixedClips(std::vector<Part> parts, std::size_t total);

  std::size_t size() const override { return samples_.size(); }
  std::string name(std::size_t index) const override;
  Size picture_size(std::size_t index) const override;
  /// A clip that is of no use is replaced by one of the same source, so that shares hold.
  std::optional<Clip> load(std::size_t index, const Random& random,
                           StageTimes& times) const override;

 private:
  /// Its place in its source.
  std::size_t place_of(const MixedSample& sample) const;

  std::vector<Part> parts_;
  std::vector<MixedSample> samples_;
  std::vector<Indices> orders_;  ///< of each source: "the first samples" are the first of these
};

}  // namespace tessera
