#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tessera/image/id_runs.h"
#include "tessera/metrics/metric.h"
#include "tessera/metrics/pair_count.h"

/// Video panoptic files that carry class and instance in the pixels: KITTI-STEP's and VIPSeg's
/// trees and Video K-Net's results.
namespace tessera {

/// How pixels say class and instance.
enum class StepCoding {
  kRgb,     ///< one RGB PNG: class = R, instance = 256 G + B
  kCatIns,  ///< two 16-bit PNGs, _cat.png and _ins.png
  kVipSeg,  ///< one 16-bit PNG: VIPSeg's panomasks
};

struct StepFrame {
  std::int64_t number = 0;
  std::vector<std::filesystem::path> files;
};

struct StepSequence {
  nlohmann::json id;  ///< a number or, where folders have names, the folder's name
  std::string name;
  std::string key;                ///< what both sides are paired by: "2" for "0002" and "000002"
  std::vector<StepFrame> frames;  ///< by number
};

struct StepTree {
  std::filesystem::path root;
  StepCoding coding = StepCoding::kRgb;
  std::vector<StepSequence> sequences;
};

/// Finds out which of these a folder holds, and lists it:
///  - SSSSSS_FFFFFF_panoptic.png, all in one folder (Video K-Net's ground truth)
///  - [panoptic/]SEQ/SSSSSS_FFFFFF_cat.png and _ins.png (Video K-Net's results)
///  - SEQ/FFFFFF.png, RGB (KITTI-STEP's panoptic_maps/val, a custom dataset's panoptic/)
///  - panomasks/VIDEO/FFFFFFFF.png, 16 bits (VIPSeg), videos as val.txt beside it lists them
StepTree list_step_tree(const std::filesystem::path& root);

/// A sequence of the ground truth with its predictions, frame by frame.
struct StepPair {
  std::size_t order = 0;
  StepSequence gt;
  std::vector<StepFrame> pred;  ///< as many as gt.frames
  StepCoding gt_coding = StepCoding::kRgb, pred_coding = StepCoding::kRgb;
};

/// Pairs sequences by number or name and frames by number (VIPSeg: both by position, as the
/// official results count, or else by the names of videos and frames). An Error names the missing
/// predictions; extra ones are warned about.
std::vector<StepPair> pair_step_trees(const StepTree& gt, const StepTree& pred);

/// "000012".
std::string frame_number_text(const StepFrame& frame);
/// A frame's pixels as its files code them.
IdRuns read_step_frame(const StepFrame& frame, StepCoding coding);
/// A coded value as class << 16 | instance.
std::uint32_t decode_step_value(std::uint32_t value, StepCoding coding);

/// Decodes and counts the sequences of options.shard on options.threads threads and hands them over
/// in order: begin(pair) once a sequence, add(pair, frame index, table) once a frame. The tables
/// hold class << 16 | instance. Gives the fingerprint of the whole data set.
std::uint64_t for_each_step_frame(const EvalOptions& options,
                                  const std::function<void(const StepPair& pair)>& begin,
                                  const std::function<void(const StepPair& pair, std::size_t frame,
                                                           const PairTable& table)>& add);

}  // namespace tessera
