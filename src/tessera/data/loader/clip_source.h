#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "tessera/core/random.h"
#include "tessera/data/dataset.h"
#include "tessera/data/loader/sampler.h"
#include "tessera/data/transforms/pipeline.h"

namespace tessera {

/// Where a loader gets its samples. load() is called from several threads.
class ClipSource {
 public:
  virtual ~ClipSource();
  virtual std::size_t size() const = 0;
  virtual std::string name(std::size_t index) const = 0;
  /// Of the untransformed picture; found without reading its pixels.
  virtual Size picture_size(std::size_t index) const = 0;
  /// Everything random comes from `random`. Nothing when the clip is of no use for training.
  virtual std::optional<Clip> load(std::size_t index, const Random& random,
                                   StageTimes& times) const = 0;
};

/// A dataset's trainable frames through a pipeline, each alone, with a reference frame or as a
/// clip.
class DatasetClips : public ClipSource {
 public:
  /// `dataset` must outlive this.
  DatasetClips(const Dataset& dataset, Pipeline pipeline,
               std::optional<ReferenceWindow> references = std::nullopt,
               std::optional<ClipWindow> window = std::nullopt);

  std::size_t size() const override { return keys_.size(); }
  std::string name(std::size_t index) const override;
  Size picture_size(std::size_t index) const override;
  std::optional<Clip> load(std::size_t index, const Random& random,
                           StageTimes& times) const override;

 private:
  /// Where a frame is in a video that has left others out.
  struct Place {
    std::size_t video, position;
  };
  void leave_out_empty_frames();
  std::optional<Indices> frames_of(std::size_t index, const Random& random) const;

  const Dataset& dataset_;
  Pipeline pipeline_;
  std::optional<ReferenceWindow> references_;
  std::optional<ClipWindow> window_;
  Indices keys_;                 ///< of the frames that clips are made for
  std::vector<Indices> videos_;  ///< with ClipWindow::leave_out_empty
  std::vector<Place> places_;    ///< in them, of each key
  std::vector<bool> things_;
};

}  // namespace tessera
