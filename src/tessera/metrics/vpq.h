#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "tessera/image/panoptic_map.h"
#include "tessera/metrics/class_quality.h"
#include "tessera/metrics/metric.h"
#include "tessera/metrics/pair_count.h"

namespace tessera {

/// Which official program's rules a window is judged by.
enum class VpqRules {
  kVpsNet,     ///< mcahny/vps: PQ's rules on tubes listed in annotations
  kVideoKNet,  ///< Video K-Net: ids are class << 16 | instance, areas from pixels, no crowds
};

struct VpqSettings {
  VpqRules rules = VpqRules::kVideoKNet;
  std::vector<Category> categories;
  int ignore_label = 255;                   ///< kVideoKNet: the class of unlabelled ground truth
  std::vector<int> windows = {1, 2, 3, 4};  ///< lengths in frames
};

/// One frame, its pixels counted.
struct VpqFrame {
  PairTable pairs;
  std::vector<Segment> gt, pred;  ///< kVpsNet only
};

/// What one sequence adds for one window length.
struct VpqWindowCounts {
  std::int64_t windows = 0;
  ClassQualities classes;
};

/// Video panoptic quality (Kim et al., "Video Panoptic Segmentation", eq. 2): panoptic quality
/// where a segment is a tube over a window of consecutive frames. All window lengths are counted in
/// one pass over the frames; only the longest window's pair tables are kept.
class VideoPanopticQuality : public Metric {
 public:
  explicit VideoPanopticQuality(VpqSettings settings);

  /// The following frames belong to this sequence; `order` is its place in the data set.
  void begin_sequence(std::size_t order, const std::string& name);
  /// The same, with window lengths of this sequence's own (as many as settings().windows).
  void begin_sequence(std::size_t order, const std::string& name, std::vector<int> lengths);
  /// Frames of a sequence in order of time. An Error says what is wrong with the frame.
  void add_frame(VpqFrame frame);

  const VpqSettings& settings() const { return settings_; }
  /// The counts of one window length over all sequences.
  VpqWindowCounts total(std::size_t window) const;

  Report report() const override;
  void merge(const Metric& other) override;
  nlohmann::json save() const override;
  static std::unique_ptr<VideoPanopticQuality> restore(const nlohmann::json& saved);

 private:
  struct Sequence {
    std::string name;
    std::vector<VpqWindowCounts> counts;  ///< one a window length
  };

  Report vpsnet_report() const;
  Report videoknet_report() const;

  VpqSettings settings_;
  std::map<std::size_t, Sequence> sequences_;
  Sequence* current_ = nullptr;
  std::vector<int> lengths_;
  std::deque<VpqFrame> recent_;  ///< the newest last
};

/// Counts one window (or frame) by Video K-Net's rules.
void match_videoknet(const PairTable& table, const VpqSettings& settings, ClassQualities& counts);

/// The {"PQ", ..., "per_class"} object of one window length by Video K-Net's arithmetic.
nlohmann::ordered_json videoknet_window_json(const VpqWindowCounts& counts,
                                             const std::vector<Category>& categories);

}  // namespace tessera
