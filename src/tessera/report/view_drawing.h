#pragma once

#include <cstdint>
#include <unordered_map>

#include "tessera/image/image.h"
#include "tessera/metrics/frame_view.h"
#include "tessera/metrics/pair_count.h"

/// Pictures of what a metric judged: ground truth, prediction, and where they differ.
namespace tessera {

/// Which predicted object stands for which true one: those that are each other's largest overlap,
/// over all frames that were added.
class ObjectPairs {
 public:
  void add(const FrameView& view);
  /// 0 when it stands for none.
  std::uint32_t truth_of(std::uint32_t prediction) const;

 private:
  PairTable pairs_;
  std::unordered_map<std::uint32_t, std::uint32_t> truth_of_;
};

Image draw_truth(const FrameView& view);
/// Objects that stand for a true one have its colour.
Image draw_prediction(const FrameView& view, const ObjectPairs& pairs);

/// Where the sides differ.
struct Difference {
  Image picture;
  double wrong = 0;  ///< share of the judged pixels
};
/// Red: another class (or an object against background); orange: another object of the class; pale:
/// right; white: not judged.
Difference draw_difference(const FrameView& view, const ObjectPairs& pairs);

}  // namespace tessera
