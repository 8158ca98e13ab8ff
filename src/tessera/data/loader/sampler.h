#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "tessera/core/random.h"
#include "tessera/data/dataset.h"

namespace tessera {

/// What becomes of a group's samples that don't fill a batch.
enum class LastBatch {
  kDrop,
  kKeep,  ///< a smaller batch
  kFill,  ///< filled up with other samples of the group, as mmdet's GroupSampler does
};

struct SamplerOptions {
  std::uint64_t seed = 0;
  bool shuffle = true;
  int batch_size = 1;
  LastBatch last_batch = LastBatch::kDrop;
  int rank = 0;  ///< of `world` processes, each gets batches of its own
  int world = 1;
};

using Indices = std::vector<std::size_t>;

/// The batches of an epoch that one process trains on. Samples of different groups (such as upright
/// and lying pictures) don't meet in a batch; `groups` has one number a sample or is empty. Every
/// process gets equally many batches: the ones that don't go round are left out.
std::vector<Indices> epoch_batches(std::size_t count, const std::vector<int>& groups,
                                   const SamplerOptions& options, std::uint64_t epoch);

/// Which frames may be a key frame's reference: offsets in time from `first` to `last`, 0 left out.
struct ReferenceWindow {
  int first = -2;
  int last = 2;
  /// Whether the draw is among the frames that exist; otherwise among all offsets, and a draw
  /// beyond the sequence's border leaves the key frame without a reference (official KITTI-STEP
  /// loader).
  bool existing_only = true;
  /// A key frame without any is its own reference, as a video's first frame is for VPSNet.
  bool else_itself = false;
};

/// Which frames make a clip with a key frame: those at positions from `first` to `last` of its
/// sequence, counted from the key frame, which need not be one of them.
struct ClipWindow {
  int first = -2;
  int last = 2;
  /// 0: all of them. Otherwise as many at equal distances, both ends included and positions rounded
  /// half to even (STEm-Seg's linspace).
  int frames = 0;
  /// Positions are counted among the frames that show an object, as STEm-Seg does; those without
  /// are in no clip.
  bool leave_out_empty = false;
  /// With `leave_out_empty`: no clip reaches over so many frames in a row without an object. 0:
  /// over any number.
  int cut_at_empty = 0;
};

/// The positions of a clip's frames, counted as `key` is.
std::vector<std::int64_t> clip_positions(std::int64_t key, const ClipWindow& window);

/// The indices of a clip's frames in order of time; nothing when it would leave the sequence.
std::optional<Indices> choose_clip(const Dataset& dataset, std::size_t key,
                                   const ClipWindow& window);

/// The frames of each sequence that show objects, apart where no clip reaches from one to the next.
/// `has_objects` has one value a frame of the dataset.
std::vector<Indices> videos_of_objects(const std::vector<SequenceInfo>& sequences,
                                       const std::vector<bool>& has_objects, int cut_at_empty);

/// The same for the frame at `place` of a video that has left some out.
std::optional<Indices> choose_clip(const Indices& video, std::size_t place,
                                   const ClipWindow& window);

/// The index of a reference frame of the same sequence.
std::optional<std::size_t> choose_reference(const Dataset& dataset, std::size_t key,
                                            const ReferenceWindow& window, Random& random);

}  // namespace tessera
