#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "tessera/data/synth/synth_frame.h"

/// The synthetic street as a dataset on disk, or frame by frame.
namespace tessera::synth {

struct SynthOptions {
  std::string format = "kitti-step";
  int sequences = 4;  ///< of the train split
  int val_sequences = 2;
  int frames = 30;  ///< of each sequence
  Size size = {1248, 384};
  StreetKind street = StreetKind::kFull;
  std::uint64_t seed = 0;
  int threads = 0;    ///< 0: every processor
  bool flow = false;  ///< write flow/SPLIT/SEQUENCE/FRAME.flo as well
  /// Write predictions/{random-ids,iou,perfect}/SEQUENCE/FRAME.png for val as well: what ideal
  /// segmenters predict that name their objects at random, by overlap, and as the ground truth does
  /// (kitti-step only).
  bool oracles = false;
  bool replace = false;  ///< replace a folder that holds something
};

/// "1248x384"; UsageError for anything else or for sizes that cannot be.
Size parse_size(const std::string& text);

/// Fails with what is wrong in the options.
void check(const SynthOptions& options);
/// Of both splits.
std::size_t total_frames(const SynthOptions& options);

/// Draws every frame and hands each to `work` on one of the threads; `before` and `after` see them
/// in order, from one thread. The frames are the same for any number of threads.
struct FrameStages {
  std::function<void(const SynthFrame&, std::size_t slot)> before;
  std::function<void(const SynthFrame&, std::size_t slot)> work;
  std::function<void(const SynthFrame&, std::size_t slot)> after;
  std::function<void(std::size_t count)> progress;  ///< that many more frames are done
};
void draw_frames(const SynthOptions& options, const FrameStages& stages);

/// Writes the dataset as a whole: nothing is left behind when it fails or is interrupted.
void synthesize(const std::filesystem::path& out, const SynthOptions& options,
                const std::function<void(std::size_t count)>& progress = {});

/// Middlebury's .flo file.
void write_flow(const std::filesystem::path& path, const Pixels<float>& flow);

}  // namespace tessera::synth
