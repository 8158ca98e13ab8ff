#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tessera/image/image.h"
#include "tessera/metrics/metric.h"

/// DAVIS 2017: region similarity J and boundary accuracy F of video objects.
namespace tessera {

enum class DavisTask {
  kUnsupervised,    ///< proposals are matched to objects; all frames; void pixels are left out
  kSemiSupervised,  ///< ids are given; the first and the last frame are left out; void is
                    ///< background
};
/// "unsupervised", "semi-supervised"; UsageError with the nearest for anything else.
DavisTask davis_task(const std::string& name);
std::string to_string(DavisTask task);

constexpr std::uint8_t kDavisVoid = 255;
constexpr int kDavisMaxProposals = 20;

/// J and F of one object, a value a frame.
struct DavisObject {
  std::vector<double> j, f;
};

/// Scores one sequence frame by frame. Memory: two numbers for each frame, object and proposal.
class DavisSequence {
 public:
  /// `objects`: the largest id in the first frame's annotation (davis_object_count); later ids are
  /// background.
  DavisSequence(DavisTask task, int objects);

  /// Pixel values are object and proposal numbers. An Error when sizes differ or there are too many
  /// proposals.
  void add(const LabelMap& truth, const LabelMap& prediction);

  /// The objects' scores. Unsupervised: in the order of the matched proposals, as the official
  /// program lists them, so that number k is not object k.
  std::vector<DavisObject> scores() const;

 private:
  struct Pair {
    std::vector<double> j, f;
  };
  Pair& pair(int object, int proposal) {
    return pairs_[static_cast<std::size_t>(object) * (kDavisMaxProposals + 1) + proposal];
  }
  const Pair& pair(int object, int proposal) const {
    return pairs_[static_cast<std::size_t>(object) * (kDavisMaxProposals + 1) + proposal];
  }

  DavisTask task_;
  int objects_;
  int proposals_ = 0;        ///< largest id so far
  std::vector<Pair> pairs_;  ///< [object][proposal]; proposal 0 is the one that is nowhere
};

/// The largest object number in a sequence's first annotation.
int davis_object_count(const LabelMap& first);

/// Mean, recall (share above 0.5) and decay (first quarter minus last) over frames. The official
/// program keeps the quarters' borders in 8 bits, which fails beyond 256 frames; here they are
/// right for any length.
struct DavisStatistics {
  double mean = 0, recall = 0, decay = 0;
};
DavisStatistics davis_statistics(std::span<const double> values);

/// J, F and J&F over a data set.
class DavisMetric : public Metric {
 public:
  explicit DavisMetric(DavisTask task) : task_(task) {}

  /// A sequence; `order` is its place in the data set.
  void add(std::size_t order, const std::string& name, std::vector<DavisObject> objects);

  Report report() const override;
  void merge(const Metric& other) override;
  nlohmann::json save() const override;
  static std::unique_ptr<Metric> restore(const nlohmann::json& saved);

 private:
  struct Sequence {
    std::size_t order = 0;
    std::string name;
    std::vector<DavisObject> objects;
  };
  std::vector<const Sequence*> in_order() const;

  DavisTask task_;
  std::vector<Sequence> sequences_;
};

}  // namespace tessera
