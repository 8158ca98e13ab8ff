#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "tessera/data/dataset.h"
#include "tessera/data/dataset_spec.h"
#include "tessera/data/problems.h"

namespace tessera {

/// How much of a class there is.
struct ClassCount {
  std::int64_t pixels = 0;
  std::int64_t segments = 0;  ///< over all pictures
  std::int64_t objects = 0;   ///< things: tracks in videos, segments in still pictures
};

/// What a split of a dataset holds, every file of it read.
struct SplitInspection {
  DatasetSpec spec;
  bool has_labels = false;
  std::shared_ptr<const Dataset> dataset;           ///< null where it can't be opened at all
  std::vector<std::size_t> readable;                ///< frames whose files are all right, in order
  std::vector<std::pair<Size, std::size_t>> sizes;  ///< of pictures, the commonest first
  std::vector<ClassCount> counts;                   ///< of each class
  std::int64_t pixels = 0;                          ///< of labelled pictures
  std::int64_t unlabelled_pixels = 0;               ///< in panoptic and semantic maps
  std::int64_t crowds = 0;                          ///< groups that aren't told apart
  std::int64_t ignored = 0;  ///< segments left out of training and evaluation
  ProblemList problems;

  std::size_t pictures() const { return dataset ? dataset->size() : 0; }
  std::size_t sequences() const { return dataset ? dataset->sequences().size() : 0; }
};

/// Opens a split and reads all of it on `threads` threads. Whatever is wrong goes to `problems`
/// instead of stopping it.
SplitInspection inspect_split(const DatasetSpec& spec, int threads);

}  // namespace tessera
