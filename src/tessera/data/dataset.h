#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "tessera/data/sample.h"

namespace tessera {

struct ClassInfo {
  int id = 0;  ///< the number in the dataset's files (COCO category id, Cityscapes trainId, ...)
  std::string name;
  bool is_thing = false;
  Color color = {};
};

/// One picture of a dataset, before it is read.
struct FrameInfo {
  SampleKey key;
  std::filesystem::path image_path;
  /// False where the official loader wouldn't train on it: no object, or a side under 32 pixels
  /// (COCO, YouTube-VIS).
  bool trainable = true;
  Size size = {};  ///< where the annotations tell it
};

/// A run of frames [first, first + count) of one video, in order of SampleKey::frame; a dataset of
/// still pictures has none.
struct SequenceInfo {
  std::string name;
  std::size_t first = 0;
  std::size_t count = 0;
};

/// A split of a dataset on disk. Opening one reads its lists and checks that the files are there;
/// load() reads one picture with its labels and may be called from several threads.
class Dataset {
 public:
  virtual ~Dataset();

  std::size_t size() const { return frames_.size(); }
  const std::vector<FrameInfo>& frames() const { return frames_; }
  const std::vector<SequenceInfo>& sequences() const { return sequences_; }
  /// In the order of the contiguous class index that labels carry.
  const std::vector<ClassInfo>& classes() const { return classes_; }

  virtual Sample load(std::size_t index) const = 0;
  /// The labels alone; Sample::image stays empty.
  virtual Sample load_labels(std::size_t index) const { return load(index); }
  /// Whether a frame shows an object to be learned. Where the dataset's lists do not tell, its
  /// labels are read.
  virtual bool has_objects(std::size_t index) const;
  /// False for test splits.
  virtual bool has_labels() const { return true; }

 protected:
  std::vector<FrameInfo> frames_;
  std::vector<SequenceInfo> sequences_;
  std::vector<ClassInfo> classes_;
};

}  // namespace tessera
